/// One step of a reflector: what a list or a watch said about one resource type.
public enum ObjectChange<Object: KubernetesObject>: Sendable {
    /// A complete list; whatever is not in it is gone, but for what the list has in a shape that could not be read.
    case replaced([Object], unreadable: [ObjectKey] = [])
    /// Added or modified.
    case applied(Object)
    /// Deleted; the last known state.
    case deleted(Object)
}

package import KubernetesModel

/// Creation time, then name: the order in which objects came into being.
package struct CreationOrder: Sendable, Hashable, Comparable {
    package let created: Int64
    package let key: ObjectKey

    package init(_ metadata: ObjectMeta) {
        created = metadata.creationTimestamp?.microseconds ?? .max
        key = ObjectKey(namespace: metadata.namespace, name: metadata.name)
    }

    package static func < (a: CreationOrder, b: CreationOrder) -> Bool {
        a.created == b.created ? a.key < b.key : a.created < b.created
    }
}

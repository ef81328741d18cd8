public import KubernetesModel

/// Everything that Herald knows of the cluster, as values: the one input of ``ControllerPlan`` and ``SpeakerPlan``.
public struct ClusterSnapshot: Sendable {
    public private(set) var services: [ObjectKey: Service] = [:]
    public private(set) var pools: [ObjectKey: IPAddressPool] = [:]
    public private(set) var advertisements: [ObjectKey: L2Advertisement] = [:]
    public private(set) var nodes: [ObjectKey: Node] = [:]
    public private(set) var namespaces: [ObjectKey: Namespace] = [:]
    public private(set) var endpointSlices: [ObjectKey: EndpointSlice] = [:]
    public private(set) var announcements: [ObjectKey: ServiceL2Status] = [:]
    public private(set) var leases: [ObjectKey: Lease] = [:]
    public private(set) var serviceCIDRs: [ObjectKey: ServiceCIDR] = [:]

    public init() {}

    /// Takes in one change. Constant time, but for `.replaced`, which costs the length of its list.
    public mutating func apply(_ change: ClusterChange) {
        switch change {
        case .service(let change): Self.apply(change, to: &services)
        case .pool(let change): Self.apply(change, to: &pools)
        case .advertisement(let change): Self.apply(change, to: &advertisements)
        case .node(let change): Self.apply(change, to: &nodes)
        case .namespace(let change): Self.apply(change, to: &namespaces)
        case .endpointSlice(let change): Self.apply(change, to: &endpointSlices)
        case .announcement(let change): Self.apply(change, to: &announcements)
        case .lease(let change): Self.apply(change, to: &leases)
        case .serviceCIDR(let change): Self.apply(change, to: &serviceCIDRs)
        }
    }

    /// A list in which these objects could not be read: what is known of them stays.
    package func keeping(_ unreadable: [ObjectKey], in change: ClusterChange) -> ClusterChange {
        switch change {
        case .service(let change): .service(Self.keeping(unreadable, of: services, in: change))
        case .pool(let change): .pool(Self.keeping(unreadable, of: pools, in: change))
        case .advertisement(let change): .advertisement(Self.keeping(unreadable, of: advertisements, in: change))
        case .node(let change): .node(Self.keeping(unreadable, of: nodes, in: change))
        case .namespace(let change): .namespace(Self.keeping(unreadable, of: namespaces, in: change))
        case .endpointSlice(let change): .endpointSlice(Self.keeping(unreadable, of: endpointSlices, in: change))
        case .announcement(let change): .announcement(Self.keeping(unreadable, of: announcements, in: change))
        case .lease(let change): .lease(Self.keeping(unreadable, of: leases, in: change))
        case .serviceCIDR(let change): .serviceCIDR(Self.keeping(unreadable, of: serviceCIDRs, in: change))
        }
    }

    private static func keeping<Object>(
        _ keys: [ObjectKey], of known: [ObjectKey: Object], in change: ObjectChange<Object>
    ) -> ObjectChange<Object> {
        guard case .replaced(let all) = change else { return change }
        return .replaced(all + keys.compactMap { known[$0] })
    }

    private static func apply<Object>(_ change: ObjectChange<Object>, to objects: inout [ObjectKey: Object]) {
        switch change {
        case .replaced(let all): objects = Dictionary(all.map { ($0.key, $0) }) { _, last in last }
        case .applied(let object): objects[object.key] = object
        case .deleted(let object): objects[object.key] = nil
        }
    }
}

/// A change of one of the resource types that a ``ClusterSnapshot`` holds.
public enum ClusterChange: Sendable {
    case service(ObjectChange<Service>)
    case pool(ObjectChange<IPAddressPool>)
    case advertisement(ObjectChange<L2Advertisement>)
    case node(ObjectChange<Node>)
    case namespace(ObjectChange<Namespace>)
    case endpointSlice(ObjectChange<EndpointSlice>)
    case announcement(ObjectChange<ServiceL2Status>)
    case lease(ObjectChange<Lease>)
    case serviceCIDR(ObjectChange<ServiceCIDR>)
}

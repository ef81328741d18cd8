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

    /// The change, with what is known here of the objects that its list has in a shape that could not be read.
    package func completing(_ change: ClusterChange) -> ClusterChange {
        switch change {
        case .service(let change): .service(Self.completing(change, from: services))
        case .pool(let change): .pool(Self.completing(change, from: pools))
        case .advertisement(let change): .advertisement(Self.completing(change, from: advertisements))
        case .node(let change): .node(Self.completing(change, from: nodes))
        case .namespace(let change): .namespace(Self.completing(change, from: namespaces))
        case .endpointSlice(let change): .endpointSlice(Self.completing(change, from: endpointSlices))
        case .announcement(let change): .announcement(Self.completing(change, from: announcements))
        case .lease(let change): .lease(Self.completing(change, from: leases))
        case .serviceCIDR(let change): .serviceCIDR(Self.completing(change, from: serviceCIDRs))
        }
    }

    private static func completing<Object>(
        _ change: ObjectChange<Object>, from known: [ObjectKey: Object]
    ) -> ObjectChange<Object> {
        guard case .replaced(let all, let unreadable) = change, !unreadable.isEmpty else { return change }
        return .replaced(all + unreadable.compactMap { known[$0] })
    }

    private static func apply<Object>(_ change: ObjectChange<Object>, to objects: inout [ObjectKey: Object]) {
        switch change {
        case .replaced(let all, _): objects = Dictionary(all.map { ($0.key, $0) }) { _, last in last }
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

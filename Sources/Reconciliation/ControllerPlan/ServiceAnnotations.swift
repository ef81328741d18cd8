/// The annotations that Herald reads and writes on Services.
package enum ServiceAnnotation: String, CaseIterable, Sendable {
    case addresses = "lb.cluster.home/addresses"
    case pool = "lb.cluster.home/pool"
    case sharingKey = "lb.cluster.home/sharing-key"

    /// Written by the controller: the pool that the addresses are from.
    package static let allocatedFrom = "lb.cluster.home/allocated-from"

    /// Herald's name, MetalLB's, and MetalLB's deprecated one.
    package var names: [String] {
        let suffix =
            switch self {
            case .addresses: "loadBalancerIPs"
            case .pool: "address-pool"
            case .sharingKey: "allow-shared-ip"
            }
        return [rawValue, "metallb.io/\(suffix)", "metallb.universe.tf/\(suffix)"]
    }

    /// Every annotation that matters to Herald; all others need not be kept.
    package static let relevant = Set(allCases.flatMap(\.names) + [allocatedFrom])
}

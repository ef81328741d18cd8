/// The resource types that a speaker follows.
package enum Watch: String, Sendable, Hashable, CaseIterable {
    case services, pools, advertisements, nodes, endpointSlices
    /// ServiceL2Status.
    case announcements
    case leases, helloKey

    /// What a speaker must have listed once before it may say anything about addresses.
    static let neededToStart: Set<Watch> = [
        .services, .pools, .advertisements, .nodes, .endpointSlices, .announcements, .leases,
    ]

    /// Without proof of life from these, a speaker is stale: what it announces may have been taken back.
    static let neededToBeFresh: Set<Watch> = [.services, .pools, .advertisements, .nodes, .endpointSlices]
}

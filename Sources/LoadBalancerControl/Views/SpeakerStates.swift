import KubernetesModel
import Reconciliation

/// The speakers of all nodes at one time, by their Leases.
struct SpeakerStates {
    let leases: [String: Lease]
    private let nodes: [ObjectKey: Node]
    private let now: Timestamp

    /// - Parameter now: by the API server's clock.
    init(_ snapshot: ClusterSnapshot, at now: Timestamp) {
        let prefix = HeraldObjects.speakerLeasePrefix
        leases = Dictionary(
            snapshot.leases.values.filter { $0.metadata.name.hasPrefix(prefix) }
                .map { (String($0.metadata.name.dropFirst(prefix.count)), $0) }
        ) { first, _ in first }
        (nodes, self.now) = (snapshot.nodes, now)
    }

    func state(_ node: String) -> SpeakerState { SpeakerState(of: leases[node], nodes[ObjectKey(name: node)], at: now) }

    /// Why what the node's speaker has written may no longer be so; nil while it runs.
    func silence(_ node: String) -> String? {
        switch state(node) {
        case .ready, .draining, .cordoned, .clockAhead: nil
        case .silent:
            "its speaker has been silent since \(leases[node]?.spec?.renewTime?.time.seconds ?? "an unknown time")"
        case .noSpeaker: "it has no speaker"
        case .nodeGone: "the node is gone"
        }
    }

    /// The links that the node's speaker announces on; nil when it does not say.
    func links(_ node: String) -> [String]? { leases[node].flatMap(Self.links(of:)) }

    static func links(of lease: Lease) -> [String]? {
        lease.metadata.annotations?[HeraldObjects.interfacesAnnotation].map {
            $0.split(separator: ",").map(String.init)
        }
    }

    /// Why an address cannot be announced on the links that an L2Advertisement names; nil when it can, or may.
    func linkRefusal(_ node: String, _ choice: LinkChoice) -> String? {
        guard let links = links(node) else { return nil }
        if links.isEmpty { return "has no link that can announce" }
        guard !choice.usesDefault, !choice.named.isEmpty, choice.named.isDisjoint(with: links) else { return nil }
        let named = choice.named.sorted().joined(separator: " or ")
        return "has no link \(named) (it has \(links.joined(separator: ", ")))"
    }
}

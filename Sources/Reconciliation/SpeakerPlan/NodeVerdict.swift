package import KubernetesModel

/// May a node announce an address, and if not, why not.
package enum NodeVerdict: Sendable, Hashable {
    case eligible(weight: Int)
    /// Announces only while no better node can.
    case lastResort(LastResort)
    case refused(NodeRefusal)

    package enum LastResort: Sendable, Hashable, CaseIterable {
        /// `spec.unschedulable`: takes nothing new, offers what it has.
        case cordoned
        /// `lbctl drain`: the same without a cordon.
        case drained
        /// Policy `Local`: its endpoints still serve, but are terminating.
        case onlyTerminatingEndpoints
    }

    package enum NodeRefusal: Sendable, Hashable, CaseIterable {
        /// Condition `NetworkUnavailable` is true: its pods cannot be reached.
        case networkUnavailable
        /// Label `node.kubernetes.io/exclude-from-external-load-balancers`.
        case excludedByLabel
        /// No advertisement of the address selects it.
        case notSelected
        /// Policy `Local`, and no endpoint on the node serves.
        case noServingEndpoint
    }

    /// The weight in `AddressIntent.eligible`; `nil` when the node must not announce.
    package var weight: Int? {
        switch self {
        case .eligible(let weight): weight
        case .lastResort(.cordoned), .lastResort(.drained): -1
        case .lastResort(.onlyTerminatingEndpoints): -2
        case .refused: nil
        }
    }
}

extension NodeVerdict {
    /// What the node's own object says, whichever address it is about.
    package init(of node: Node, policy: SpeakerPolicy) {
        if node.status?.conditions?.contains(where: { $0.type == "NetworkUnavailable" && $0.status == "True" }) == true
        {
            self = .refused(.networkUnavailable)
        } else if !policy.ignoresExcludeLabel, node.metadata.labels?[SpeakerPolicy.excludeLabel] != nil {
            self = .refused(.excludedByLabel)
        } else if node.metadata.annotations?[HeraldObjects.drainAnnotation] != nil {
            self = .lastResort(.drained)
        } else if node.spec?.unschedulable == true {
            self = .lastResort(.cordoned)
        } else {
            self = .eligible(weight: 0)
        }
    }
}

/// Which nodes have endpoints of a Service, for one address family.
struct EndpointNodes: Sendable, Hashable {
    /// Some endpoint serves, on whatever node (also one that names no node).
    var anyServes = false
    var ready: Set<String> = []
    /// Serving, ready or not.
    var serving: Set<String> = []

    init(slices: some Sequence<EndpointSlice>, addressType: String) {
        for slice in slices where slice.addressType == nil || slice.addressType == addressType {
            for endpoint in slice.endpoints ?? [] where endpoint.isServing {
                anyServes = true
                guard let node = endpoint.nodeName else { continue }
                serving.insert(node)
                if endpoint.isReady { ready.insert(node) }
            }
        }
    }

    /// Policy `Local`: a node without a serving endpoint drops the traffic.
    func verdict(of node: String, otherwise verdict: NodeVerdict) -> NodeVerdict {
        if case .refused = verdict { return verdict }
        if ready.contains(node) { return verdict }
        return serving.contains(node) ? .lastResort(.onlyTerminatingEndpoints) : .refused(.noServingEndpoint)
    }
}

package import KubernetesModel
import NetworkAddresses

/// Why a Service's addresses are announced from where they are: the plan's own decisions, as values for `lbctl explain`.
package struct SpeakerExplanation: Sendable, Hashable {
    /// Set when the whole Service is passed over; ``addresses`` is empty then.
    package var refusal: ServiceRefusal?
    package var addresses: [Address] = []

    package struct Address: Sendable, Hashable {
        /// As in `status.loadBalancer.ingress[].ip`.
        package var text: String
        package var pool: String?
        /// The advertisements that select pool and Service; empty when none selects the pool, and the defaults apply.
        package var advertisements: [String] = []
        package var refusal: AddressRefusal?
        /// All nodes of the cluster by name.
        package var nodes: [Node] = []
        /// Other Services on the same address.
        package var sharedWith: [ObjectKey] = []
        package var isSharedApart = false

        init(text: String) { self.text = text }
    }

    package struct Node: Sendable, Hashable {
        package var name: String
        package var verdict: NodeVerdict
        package var links: LinkChoice
    }
}

extension SpeakerPlan {
    /// Goes through the rules for one Service as the speaker on `node` does.
    package static func explain(
        _ service: ObjectKey, in snapshot: ClusterSnapshot, node: String = "", policy: SpeakerPolicy = SpeakerPolicy()
    ) -> SpeakerExplanation? {
        guard let service = snapshot.services[service] else { return nil }
        var rules = ClusterRules(snapshot, node: node, policy: policy)
        var explanation = SpeakerExplanation(refusal: rules.refusal(of: service))
        guard explanation.refusal == nil else { return explanation }
        let slices = snapshot.endpointSlices.values.filter { $0.service == service.key }
        let plan = SpeakerPlan(for: snapshot, node: node, policy: policy)
        for text in service.ingressTexts {
            var address = rules.explain(text, of: service, slices)
            if let planned = IPAddress(text).flatMap({ plan.addresses[$0] }) {
                address.sharedWith = planned.services.filter { $0 != service.key }
                address.isSharedApart = planned.isSharedApart
            }
            explanation.addresses.append(address)
        }
        return explanation
    }
}

extension ClusterRules {
    fileprivate mutating func explain(
        _ text: String, of service: Service, _ slices: [EndpointSlice]
    ) -> SpeakerExplanation.Address {
        var result = SpeakerExplanation.Address(text: text)
        guard let address = IPAddress(text) else {
            result.refusal = .malformed(text)
            return result
        }
        guard let pool = pool(of: address) else {
            result.refusal = .inNoPool
            return result
        }
        result.pool = pool.name
        guard let applicable = advertisements(for: pool, service: service) else {
            result.refusal = .serviceNotAdvertised(pool: pool.name)
            return result
        }
        result.advertisements = names(applicable)
        let selected = candidates(for: applicable)
        let endpoints = EndpointNodes(slices: slices, addressType: address.family.rawValue)
        let isLocal = service.spec?.externalTrafficPolicy == "Local"
        result.nodes = selected.verdicts.sorted { $0.key < $1.key }.map { name, verdict in
            SpeakerExplanation.Node(
                name: name, verdict: isLocal ? endpoints.verdict(of: name, otherwise: verdict) : verdict,
                links: links(of: name, for: applicable))
        }
        if !endpoints.anyServes { result.refusal = .noServingEndpoint }
        return result
    }
}

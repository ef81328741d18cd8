import KubernetesModel
import NetworkAddresses

/// Why a Service has nothing to announce.
package enum ServiceRefusal: Sendable, Hashable {
    case notLoadBalancer
    /// `spec.loadBalancerClass` is not the one that this speaker serves.
    case otherClass(String?)
    /// The controller has assigned none yet.
    case noAddress
}

/// Why one of a Service's addresses is announced by nobody.
package enum AddressRefusal: Sendable, Hashable {
    /// `status.loadBalancer.ingress[].ip` is no IP address.
    case malformed(String)
    case inNoPool
    /// Advertisements select the pool, but none of them the Service.
    case serviceNotAdvertised(pool: String)
    /// Policy `Cluster`, and not one endpoint serves.
    case noServingEndpoint
}

/// What one Service says about one address; more than one Service can speak about a shared address.
struct AddressContribution: Sendable, Hashable {
    var address: IPAddress
    var pool: String
    var eligible: [String: Int]
    var eligibleElsewhere: [String: Int]
    var links: LinkChoice
}

extension ClusterRules {
    /// Why the whole Service is passed over, if it is.
    func refusal(of service: Service) -> ServiceRefusal? {
        guard service.spec?.type == "LoadBalancer" else { return .notLoadBalancer }
        guard service.spec?.loadBalancerClass == policy.loadBalancerClass else {
            return .otherClass(service.spec?.loadBalancerClass)
        }
        return service.ingressTexts.isEmpty ? .noAddress : nil
    }

    /// Everything that a Service wants announced. An address that no node may announce is there, with nobody eligible:
    /// it is known, so that an owner who has not noticed yet can be refused.
    mutating func contributions(of service: Service, slices: some Collection<EndpointSlice>) -> [AddressContribution] {
        guard refusal(of: service) == nil else { return [] }
        return service.ingressTexts.compactMap { text in
            guard let address = IPAddress(text), let pool = pool(of: address) else { return nil }
            var contribution = AddressContribution(
                address: address, pool: pool.name, eligible: [:], eligibleElsewhere: [:],
                links: LinkChoice(usesDefault: true))
            guard let applicable = advertisements(for: pool, service: service) else { return contribution }
            let found = candidates(for: applicable, of: service, address, slices)
            contribution.links = found.links
            (contribution.eligible, contribution.eligibleElsewhere) = (found.eligible, found.eligibleElsewhere)
            return contribution
        }
    }

    /// The nodes for one address, with the Service's endpoints taken into account.
    mutating func candidates(
        for applicable: [Int], of service: Service, _ address: IPAddress, _ slices: some Collection<EndpointSlice>
    ) -> Candidates {
        let selected = candidates(for: applicable)
        let endpoints = EndpointNodes(slices: slices, addressType: address.family.rawValue)
        if service.spec?.externalTrafficPolicy == "Local" {
            var verdicts: [String: NodeVerdict] = [:]
            for name in endpoints.serving {
                verdicts[name] = selected.verdicts[name].map { endpoints.verdict(of: name, otherwise: $0) }
            }
            return Candidates(verdicts: verdicts, links: selected.links, node: node)
        }
        guard endpoints.anyServes else {
            return Candidates(
                verdicts: selected.verdicts, links: selected.links, eligible: [:], eligibleElsewhere: [:])
        }
        return selected
    }
}

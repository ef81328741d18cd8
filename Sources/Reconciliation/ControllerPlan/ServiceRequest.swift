package import AddressPools
package import KubernetesModel
import NetworkAddresses

/// What a Service of type LoadBalancer asks for, read from its spec and annotations.
package struct ServiceRequest: Sendable, Hashable {
    /// As far as it can be understood; without `selectingPools`.
    package var request: AddressRequest
    package var problem: RequestProblem?

    /// `nil` when the Service is not a load balancer of this class.
    package init?(_ service: Service, loadBalancerClass: String?) {
        guard let spec = service.spec, spec.type == "LoadBalancer", spec.loadBalancerClass == loadBalancerClass else {
            return nil
        }
        var problem: RequestProblem?
        func value(
            _ annotation: ServiceAnnotation, _ others: [(name: String, value: String)] = [],
            isSame: (String, String) -> Bool = { $0 == $1 }
        ) -> (String, String)? {
            let given =
                annotation.names.compactMap { name in
                    service.metadata.annotations?[name].map { (name: name, value: $0.trimmingBlanks) }
                } + others
            let set = given.filter { !$0.value.isEmpty }
            guard let first = set.first else { return nil }
            if let other = set.first(where: { !isSame($0.value, first.value) }) {
                problem = problem ?? .contradiction(first.name, other.name)
            }
            return first
        }

        let field = spec.loadBalancerIP.map { [(name: "spec.loadBalancerIP", value: $0.trimmingBlanks)] } ?? []
        var addresses: [IPAddress] = []
        let isSame = { (a: String, b: String) in a == b || a.addressSet.map { $0 == b.addressSet } ?? false }
        if let (name, text) = value(.addresses, field, isSame: isSame) {
            for part in text.parts {
                guard let address = IPAddress(part) else {
                    problem = problem ?? .notAnAddress(part, field: name)
                    continue
                }
                addresses.append(address)
            }
        }
        let pool = value(.pool)?.1
        let sharing = value(.sharingKey).map { SharingTerms(spec, key: $0.1, of: service.key) }
        let families = FamilyWish(spec, requested: addresses)
        if spec.ipFamilyPolicy == "RequireDualStack", case .single = families {
            problem = problem ?? .secondFamilyMissing
        }
        request = AddressRequest(families: families, addresses: addresses, pool: pool, sharing: sharing)
        self.problem = service.metadata.deletionTimestamp == nil ? problem : .beingDeleted
    }
}

extension SharingTerms {
    fileprivate init(_ spec: Service.Spec, key: String, of service: ObjectKey) {
        let backend: Backend =
            if spec.externalTrafficPolicy != "Local" {
                .cluster
            } else if let selector = spec.selector, !selector.isEmpty {
                .local(namespace: service.namespace, selector: selector)
            } else {
                .own(Holder(service))
            }
        self.init(
            key: key, backend: backend,
            ports: (spec.ports ?? []).map { Port(UInt16(clamping: $0.port), $0.protocol ?? "TCP") })
    }
}

extension FamilyWish {
    /// From `ipFamilies`, which an API server always fills in; else from the cluster IPs; else from the request.
    fileprivate init(_ spec: Service.Spec, requested: [IPAddress]) {
        var families = (spec.ipFamilies ?? []).compactMap(IPFamily.init(rawValue:))
        if families.isEmpty { families = (spec.clusterIPs ?? []).compactMap { IPAddress($0)?.family } }
        if families.isEmpty { families = [requested.first?.family ?? .ipv4] }
        if families.count < 2 {
            self = .single(families[0])
        } else if spec.ipFamilyPolicy == "RequireDualStack" {
            self = .requireBoth(primary: families[0])
        } else {
            self = .preferBoth(primary: families[0])
        }
    }
}

extension String {
    /// What stands between commas.
    fileprivate var parts: [String] {
        split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmingBlanks }
    }

    /// `nil` when a part of it is no address.
    fileprivate var addressSet: Set<IPAddress>? {
        let addresses = parts.map { IPAddress($0) }
        return addresses.contains(nil) ? nil : Set(addresses.compactMap { $0 })
    }

    /// Without blanks and tabs at both ends.
    var trimmingBlanks: String {
        var text = Substring(self).drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}

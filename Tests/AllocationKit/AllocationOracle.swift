import AddressPools
package import KubernetesModel
import NetworkAddresses
import Reconciliation

/// The rules once more, said naively by walking through every address: the judge of ``AllocationHistory``.
package struct AllocationOracle {
    private let services: [Service]
    private let pools: [IPAddressPool]
    /// What a Service has from these, it keeps.
    private let refused: [IPAddressPool]
    private let nodeAddresses: Set<String>
    private let conflicts: Set<String>
    /// Those that the Service's own speakers announce: they stay, whatever a host says.
    private let announced: Set<String>

    package init(_ api: FakeAPI) {
        // What somebody writes into the status of a Service that is no load balancer is none of Herald's.
        services = api.services.values.filter { ServiceRequest($0, loadBalancerClass: nil) != nil }
            .sorted { $0.key < $1.key }
        // In the order of age; of two that overlap, the older one counts.
        var (accepted, refused): ([IPAddressPool], [IPAddressPool]) = ([], [])
        for pool in api.pools.values.sorted(by: { CreationOrder($0.metadata) < CreationOrder($1.metadata) }) {
            let mine = Set(Self.addresses(of: pool))
            let isAccepted = accepted.allSatisfy { mine.isDisjoint(with: Self.addresses(of: $0)) }
            if isAccepted { accepted.append(pool) } else { refused.append(pool) }
        }
        (pools, self.refused) = (accepted, refused)
        nodeAddresses = Set(api.snapshot.nodes.values.flatMap { $0.status?.addresses ?? [] }.map(\.address))
        let recorded = api.pools.values.flatMap { $0.status?.conflicts ?? [] }.map(\.address)
        let reported = api.announcements.values.flatMap { $0.status?.addresses ?? [] }
            .filter { $0.conflict != nil }.map(\.address)
        conflicts = Set(recorded + reported)
        announced = Set(
            api.announcements.values.flatMap { $0.status?.addresses ?? [] }.filter { $0.since != nil }.map(\.address))
    }

    private static func addresses(of pool: IPAddressPool) -> [String] {
        pool.spec.addresses.flatMap { entry -> [String] in
            guard let range = try? IPRange(parsing: entry) else { return [] }
            var (address, all) = (Optional(range.first), [String]())
            while let next = address, next <= range.last {
                all.append("\(next)")
                address = next.successor
            }
            return all
        }
    }

    private func held(_ service: Service) -> [String] { service.ingressTexts }

    private func request(_ service: Service) -> ServiceRequest? { ServiceRequest(service, loadBalancerClass: nil) }

    private func isOpen(_ pool: IPAddressPool, to service: Service) -> Bool {
        guard let allocation = pool.spec.serviceAllocation else { return true }
        let namespaces = allocation.namespaces ?? []
        let selectors = allocation.serviceSelectors ?? []
        return (namespaces.isEmpty || namespaces.contains(service.key.namespace))
            && (selectors.isEmpty || selectors.contains { $0.matches(service.metadata.labels) })
    }

    private func mayShare(_ a: Service, _ b: Service) -> Bool {
        guard let mine = request(a)?.request.sharing, let other = request(b)?.request.sharing else { return false }
        return mine.key == other.key && mine.backend == other.backend
            && Set(mine.ports).isDisjoint(with: other.ports)
    }

    /// One address that two Services have and may not share.
    ///
    /// Every address by itself, so that a duplicate that stays is known again while others beside it come and go.
    package struct Duplicate: Hashable, CustomStringConvertible {
        package var first: ObjectKey
        package var second: ObjectKey
        package var address: String

        package var description: String { "\(first) and \(second) both have \(address)" }
    }

    package func duplicates() -> [Duplicate] {
        var found: [Duplicate] = []
        for (index, a) in services.enumerated() {
            for b in services[(index + 1)...] where !mayShare(a, b) {
                for address in held(a) where held(b).contains(address) {
                    found.append(Duplicate(first: a.key, second: b.key, address: address))
                }
            }
        }
        return found
    }

    /// A Service without an address, though one is free for it.
    func pendingThoughAllocatable() -> [String] {
        services.compactMap { service in
            guard held(service).isEmpty, let request = request(service), request.problem == nil else { return nil }
            if !request.request.addresses.isEmpty { return refusesRequest(service, request) }
            let wanted = request.request.pool
            let candidates = pools.filter {
                isOpen($0, to: service) && (wanted ?? $0.metadata.name) == $0.metadata.name
                    && (wanted != nil || $0.spec.autoAssign ?? true)
            }
            for pool in candidates {
                let free = Self.addresses(of: pool).filter {
                    // An IPv6 subnet's first address is its routers', and chosen for nobody.
                    isFree($0, for: service) && !conflicts.contains($0) && !$0.hasSuffix("::")
                }
                let families = Set(free.compactMap { IPAddress($0)?.family })
                let serves =
                    switch request.request.families {
                    case .single(let family): families.contains(family)
                    case .preferBoth: !families.isEmpty
                    case .requireBoth: families.count == 2
                    }
                if serves { return "\(service.key) waits, though \(pool.metadata.name) has \(free)" }
            }
            return nil
        }
    }

    private func refusesRequest(_ service: Service, _ request: ServiceRequest) -> String? {
        let addresses = request.request.addresses
        guard addresses.count == 1, addresses.allSatisfy({ request.request.families.families.contains($0.family) })
        else { return nil }
        if case .requireBoth = request.request.families { return nil }
        let text = "\(addresses[0])"
        let home = pools.first { Self.addresses(of: $0).contains(text) }
        guard let home, isOpen(home, to: service), request.request.pool ?? home.metadata.name == home.metadata.name,
            isFree(text, for: service)
        else { return nil }
        return "\(service.key) waits, though it could have \(text)"
    }

    private func isFree(_ address: String, for service: Service) -> Bool {
        !nodeAddresses.contains(address) && !address.hasPrefix("::")
            && !address.hasPrefix("0.")
            && services.allSatisfy { $0.key == service.key || !held($0).contains(address) || mayShare($0, service) }
    }

    /// An address that changed although nobody touched its Service and the pools still have it.
    func moved(from before: [ObjectKey: [String]], except touched: ObjectKey?) -> [String] {
        services.compactMap { service in
            guard service.key != touched, let old = before[service.key], !old.isEmpty else { return nil }
            guard let request = request(service), request.problem == nil else { return nil }
            let now = held(service)
            let wanted = request.request.addresses.map { "\($0)" }
            if !wanted.isEmpty, Set(now) == Set(wanted) { return nil }
            if let pool = request.request.pool, !old.allSatisfy({ home(of: $0)?.metadata.name == pool }) { return nil }
            for address in old where !now.contains(address) {
                guard let pool = homes(of: [address], for: service).first, !nodeAddresses.contains(address),
                    services.allSatisfy({ $0.key == service.key || !held($0).contains(address) })
                else { continue }
                // It is worth another one, but not none.
                if conflicts.contains(address), !announced.contains(address),
                    now.contains(where: { Self.areAlike($0, address) })
                {
                    continue
                }
                // Both from another pool are more than half.
                if case .requireBoth = request.request.families, now.count == 2 { continue }
                if homes(of: old, for: service).isEmpty { continue }
                return "\(service.key) lost \(address), which is still in \(pool.metadata.name), and has \(now)"
            }
            return nil
        }
    }

    /// An address that was not there before, and that no accepted pool has.
    func assignedByRefused(since before: [ObjectKey: [String]], except found: [String]) -> [String] {
        services.flatMap { service in
            held(service).compactMap { address in
                guard before[service.key]?.contains(address) != true, !found.contains(address), home(of: address) == nil
                else { return nil }
                return "\(service.key) has got \(address), which no accepted pool has"
            }
        }
    }

    /// A Service that had none of a family, and has got another address than its last one, though that is free.
    func notGivenBack(
        _ had: [ObjectKey: [String]], before: [ObjectKey: [String]], except touched: ObjectKey?
    ) -> [String] {
        services.compactMap { service in
            guard service.key != touched, let request = request(service), request.problem == nil,
                request.request.addresses.isEmpty
            else { return nil }
            let (held, now) = (before[service.key] ?? [], held(service))
            if case .requireBoth = request.request.families, held.isEmpty { return nil }
            for address in now where !held.contains(where: { Self.areAlike($0, address) }) {
                guard let own = had[service.key]?.first(where: { Self.areAlike($0, address) }), own != address,
                    let pool = home(of: own), isOpen(pool, to: service), pool.spec.autoAssign ?? true,
                    request.request.pool ?? pool.metadata.name == pool.metadata.name,
                    held.allSatisfy({ home(of: $0)?.metadata.name == pool.metadata.name }),
                    isFree(own, for: service), !conflicts.contains(own), !own.hasSuffix("::")
                else { continue }
                return "\(service.key) has got \(address), though \(own), which it had last, is free"
            }
            return nil
        }
    }

    static func areAlike(_ a: String, _ b: String) -> Bool { IPAddress(a)?.family == IPAddress(b)?.family }

    private func home(of address: String) -> IPAddressPool? {
        pools.first { Self.addresses(of: $0).contains(address) }
    }

    /// The pools that a Service can have all of these from, if it has them.
    private func homes(of addresses: [String], for service: Service) -> [IPAddressPool] {
        (pools + refused).filter { Set(addresses).isSubset(of: Self.addresses(of: $0)) && isOpen($0, to: service) }
    }
}

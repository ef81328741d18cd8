import NetworkAddresses

extension Allocator {
    /// Addresses that the allocator would give, all from one pool.
    struct Pick {
        var pool: Int
        var addresses: [IPAddress]
        var choice: Fulfilment.Choice
    }

    /// Chooses for a Service that asks for no address: the pools that select it by ascending priority, then the
    /// unrestricted ones by name; in each group the first pool that can serve.
    /// - Parameter covering: Families that must be among those of the addresses.
    mutating func choose(
        for holder: Holder, _ request: AddressRequest, covering: Set<IPFamily> = []
    ) -> Result<Pick, Refusal> {
        let groups: [[Int]]
        if let name = request.pool {
            if let refusal = refusal(ofPool: name, for: request) { return .failure(refusal) }
            groups = indexes[name].map { [[$0]] } ?? []
        } else {
            let selecting = choiceOrder.restricted.filter { request.selectingPools.contains(spaces[$0].pool.name) }
            groups = selecting.isEmpty ? [choiceOrder.general] : [selecting, choiceOrder.general]
        }
        for group in groups {
            for families in request.families.acceptable where covering.isSubset(of: families) {
                for pool in group {
                    if let pick = pick(families, in: pool, for: holder, request) { return .success(pick) }
                }
            }
        }
        return .failure(refusal(of: groups.flatMap { $0 }, request))
    }

    private mutating func pick(
        _ families: [IPFamily], in pool: Int, for holder: Holder, _ request: AddressRequest
    ) -> Pick? {
        var result = Pick(pool: pool, addresses: [], choice: .lowestFree)
        for family in families {
            guard let (address, choice) = pick(family, in: pool, for: holder, request) else { return nil }
            result.addresses.append(address)
            if choice != .lowestFree { result.choice = choice }
        }
        return result
    }

    mutating func pick(
        _ family: IPFamily, in pool: Int, for holder: Holder, _ request: AddressRequest
    ) -> (IPAddress, Fulfilment.Choice)? {
        if let address = joinable(family, in: pool, for: holder, request) { return (address, .shared) }
        if let address = lowestFree(family, in: pool) { return (address, .lowestFree) }
        return oldestReleased(family, in: pool).map { ($0, .recentlyReleased) }
    }

    private func refusal(of candidates: [Int], _ request: AddressRequest) -> Refusal {
        guard !candidates.isEmpty else {
            if readyCount > 0 { return .noPoolForService }
            return spaces.map(\.pool.name).min().map { .poolNotReady($0) } ?? .noPools
        }
        let wanted: [IPFamily] =
            switch request.families {
            case .single(let family): [family]
            case .preferBoth: []
            case .requireBoth: IPFamily.allCases
            }
        let name = { (index: Int) in spaces[index].pool.name }
        // A pool whose addresses are all reserved has none left, whatever it lists.
        let able = candidates.filter { index in
            wanted.allSatisfy { family in spaces[index].pool.ranges.contains { $0.family == family } }
        }
        let families = request.families.families
        return able.isEmpty
            ? .poolLacksFamily(pools: candidates.map(name), families: families)
            : .poolExhausted(pools: able.map(name), families: families, foreign: foreignHosts(in: able, families))
    }

    /// Whoever holds these addresses on paper does not matter: the sentence depends on the pools and the reports only.
    private func foreignHosts(in pools: [Int], _ families: [IPFamily]) -> [Refusal.ForeignHost] {
        conflicts.filter { address, _ in
            families.contains(address.family) && pool(listing: address).map(pools.contains) ?? false
        }.sorted { $0.key < $1.key }.map { Refusal.ForeignHost($0.key, hardwareAddress: $0.value) }
    }
}

extension FamilyWish {
    /// Sets of families that will do, the best first.
    var acceptable: [[IPFamily]] {
        switch self {
        case .single(let family): [[family]]
        case .preferBoth: [families] + families.map { [$0] }
        case .requireBoth: [families]
        }
    }
}

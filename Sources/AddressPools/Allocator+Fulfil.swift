package import MonotonicTime
package import NetworkAddresses

/// What became of a request.
package enum Fulfilment: Sendable, Hashable {
    /// The Service holds what it wants.
    case satisfied
    /// The Service's addresses have changed.
    case assigned(Choice)
    /// The Service keeps working addresses, but they are not the ones it asks for.
    case kept(Refusal)
    case refused(Refusal)

    /// Why these addresses.
    package enum Choice: Sendable, Hashable {
        case requested
        case lowestFree
        /// Joined an address that others hold under the same sharing key.
        case shared
        /// Nothing else was free: released less than a minute ago.
        case recentlyReleased
        /// The second family, beside the address held already.
        case secondFamily
    }
}

extension Allocator {
    /// What became of addresses that were found in a Service's status.
    package struct Claim: Sendable, Hashable {
        package var refused: [Loss] = []
        /// Who had to give way, and where.
        package var evicted: [Eviction] = []
    }

    package struct Loss: Sendable, Hashable {
        package var address: IPAddress
        package var refusal: Refusal
    }

    package struct Eviction: Sendable, Hashable {
        package var holder: Holder
        package var loss: Loss
    }

    /// Keeps of `addresses` what `holder` may have on these terms, and says why not for the others.
    ///
    /// A restart, a change of terms and a write by somebody else go through here. An address that a foreign host uses
    /// is not kept unless it is requested.
    /// - Parameter yields: Whether another holder gives way when the two can't share.
    package mutating func claim(
        _ addresses: [IPAddress], for holder: Holder, _ request: AddressRequest, yields: (Holder) -> Bool
    ) -> Claim {
        var claim = Claim()
        for address in addresses {
            let opponents = opponents(of: holder, at: address, terms: request.sharing)
            guard let refusal = claimRefusal(address, for: holder, request) else {
                if let pool = pool(listing: address) { give(address, to: holder, in: pool, request) }
                continue
            }
            guard case .addressInUse = refusal, opponents.allSatisfy(yields), let pool = pool(listing: address) else {
                claim.refused.append(Loss(address: address, refusal: refusal))
                continue
            }
            for other in opponents {
                let obstacle = SharingTerms.obstacle(holdings[other]?.sharing, request.sharing) ?? .otherKey
                release(address, of: other, at: nil)
                let loss = Loss(address: address, refusal: .addressInUse(address, by: holder, obstacle))
                claim.evicted.append(Eviction(holder: other, loss: loss))
            }
            give(address, to: holder, in: pool, request)
        }
        return claim
    }

    private func claimRefusal(_ address: IPAddress, for holder: Holder, _ request: AddressRequest) -> Refusal? {
        let held = holdings[holder]
        if let other = held?.addresses.first(where: { $0.family == address.family }) {
            return other == address ? nil : .twoOfOneFamily(other, address)
        }
        if let pool = pool(listing: address), let held, held.pool != spaces[pool].pool.name {
            return .addressesInTwoPools(held.pool, spaces[pool].pool.name)
        }
        if let hardware = conflicts[address], !request.addresses.contains(address) {
            return .addressConflict(address, hardwareAddress: hardware)
        }
        return refusal(of: address, for: holder, request)
    }

    /// Whether a Service that is satisfied would take a second address, should one come free.
    package func wantsMore(_ holder: Holder, _ request: AddressRequest) -> Bool {
        guard case .preferBoth = request.families, request.addresses.isEmpty, let held = holdings[holder],
            held.addresses.count == 1, let pool = indexes[held.pool],
            let missing = request.families.families.first(where: { $0 != held.addresses.first?.family })
        else { return false }
        return !spaces[pool][missing].assignable.isEmpty
    }

    /// Gives `holder` what it wants, as far as it can be had; an address that works is given up only for a better one.
    package mutating func fulfil(_ request: AddressRequest, for holder: Holder, at now: Instant) -> Fulfilment {
        expireQuarantine(at: now)
        let held = holdings[holder]
        if !request.addresses.isEmpty { return fulfilByAddress(request, holder, held, now) }
        if let held, request.pool == nil || request.pool == held.pool {
            return complete(request, holder, held, now)
        }
        switch choose(for: holder, request) {
        case .success(let pick):
            release(holder, at: now)
            pick.addresses.forEach { give($0, to: holder, in: pick.pool, request) }
            return .assigned(pick.choice)
        case .failure(let refusal):
            return held == nil ? .refused(refusal) : .kept(refusal)
        }
    }

    /// Adds the missing family from the pool that the Service is in; RequireDualStack is never left with half.
    private mutating func complete(
        _ request: AddressRequest, _ holder: Holder, _ held: Holding, _ now: Instant
    ) -> Fulfilment {
        let missing = request.families.families.filter { family in !held.addresses.contains { $0.family == family } }
        guard let family = missing.first, let pool = indexes[held.pool] else { return .satisfied }
        if let (address, _) = pick(family, in: pool, for: holder, request) {
            give(address, to: holder, in: pool, request)
            return .assigned(.secondFamily)
        }
        guard case .requireBoth = request.families else { return .satisfied }
        let choice = choose(for: holder, request)
        release(holder, at: now)
        switch choice {
        case .success(let pick):
            pick.addresses.forEach { give($0, to: holder, in: pick.pool, request) }
            return .assigned(pick.choice)
        case .failure(let refusal): return .refused(refusal)
        }
    }

    private mutating func fulfilByAddress(
        _ request: AddressRequest, _ holder: Holder, _ held: Holding?, _ now: Instant
    ) -> Fulfilment {
        switch requestedPool(request, holder) {
        case .failure(let refusal): return held == nil ? .refused(refusal) : .kept(refusal)
        case .success(let pool):
            if let held, Set(held.addresses) == Set(request.addresses) { return .satisfied }
            for address in held?.addresses ?? [] where !request.addresses.contains(address) {
                release(address, of: holder, at: now)
            }
            request.addresses.forEach { give($0, to: holder, in: pool, request) }
            return .assigned(.requested)
        }
    }

    /// The one pool that has all requested addresses, for this Service.
    private func requestedPool(_ request: AddressRequest, _ holder: Holder) -> Result<Int, Refusal> {
        let addresses = request.addresses
        guard addresses.count <= 2 else { return .failure(.tooManyAddresses(addresses.count)) }
        if addresses.count == 2, addresses[0].family == addresses[1].family {
            return .failure(.twoOfOneFamily(addresses[0], addresses[1]))
        }
        let families = request.families.families
        if let stranger = addresses.first(where: { !families.contains($0.family) }) {
            return .failure(.wrongFamily(stranger, wanted: families))
        }
        if case .requireBoth = request.families,
            let missing = families.first(where: { family in !addresses.contains { $0.family == family } })
        {
            return .failure(.familyMissing(missing))
        }
        if let name = request.pool, let refusal = refusal(ofPool: name, for: request) { return .failure(refusal) }
        for address in addresses {
            if let refusal = refusal(of: address, for: holder, request) { return .failure(refusal) }
        }
        let pools = addresses.compactMap(pool(listing:))
        guard let pool = pools.first else { return .failure(.noPools) }
        if let other = pools.first(where: { $0 != pool }) {
            return .failure(.addressesInTwoPools(spaces[pool].pool.name, spaces[other].pool.name))
        }
        if let wanted = request.pool, wanted != spaces[pool].pool.name {
            return .failure(.addressInOtherPool(addresses[0], pool: spaces[pool].pool.name, wanted: wanted))
        }
        return .success(pool)
    }

    func refusal(ofPool name: String, for request: AddressRequest) -> Refusal? {
        guard let index = indexes[name] else {
            return notReady[name] == nil ? .unknownPool(name) : .poolNotReady(name)
        }
        return refusal(of: index, for: request)
    }
}

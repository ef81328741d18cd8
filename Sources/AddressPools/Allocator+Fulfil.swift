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
        /// What the Service had before it lost it.
        case regained
    }
}

extension Allocator {
    /// What became of addresses that were found in a Service's status.
    package struct Claim: Sendable, Hashable {
        package var refused: [Loss] = []
        /// Kept until there are others: a foreign host uses them.
        package var disputed: [Loss] = []
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

    /// Keeps of `addresses` what `holder` may have on these terms, and says why not for the others. What a foreign host uses
    /// comes last: it is better than nothing.
    ///
    /// A restart, a change of terms and a write by somebody else go through here.
    /// - Parameter yields: Whether another holder gives way when the two can't share.
    package mutating func claim(
        _ addresses: [IPAddress], for holder: Holder, _ request: AddressRequest,
        yields: (Holder) -> Bool = { _ in false }
    ) -> Claim {
        var claim = Claim()
        let disputes = addresses.compactMap { address in
            dispute(of: address, request).map { Loss(address: address, refusal: $0) }
        }
        let disputed = disputes.map(\.address)
        for address in addresses.filter({ !disputed.contains($0) }) + disputed {
            let all = (holdings[holder]?.addresses ?? []) + [address]
            let pool = home(of: all, request)
            if let refusal = claimRefusal(address, in: pool, for: holder, request) {
                let opponents = opponents(of: holder, at: address, terms: request.sharing)
                guard case .addressInUse = refusal, opponents.allSatisfy(yields) else {
                    claim.refused.append(Loss(address: address, refusal: refusal))
                    continue
                }
                for other in opponents {
                    let obstacle = SharingTerms.obstacle(holdings[other]?.sharing, request.sharing) ?? .otherKey
                    release(address, of: other, at: nil)
                    let loss = Loss(address: address, refusal: .addressInUse(address, by: holder, obstacle))
                    claim.evicted.append(Eviction(holder: other, loss: loss))
                }
            }
            if let pool { give(address, to: holder, in: pool, request) }
        }
        let kept = holdings[holder]?.addresses ?? []
        claim.disputed = disputes.filter { kept.contains($0.address) }
        return claim
    }

    private func claimRefusal(
        _ address: IPAddress, in pool: Int?, for holder: Holder, _ request: AddressRequest
    ) -> Refusal? {
        let held = holdings[holder]
        if let other = held?.addresses.first(where: { $0.family == address.family }) {
            return other == address ? nil : dispute(of: address, request) ?? .twoOfOneFamily(other, address)
        }
        if pool == nil, let held, let other = self.pool(listing: address) {
            return .addressesInTwoPools(held.pool, spaces[other].pool.name)
        }
        return refusal(of: address, in: pool, for: holder, request)
    }

    /// Whether a Service that RequireDualStack has both of its addresses among these.
    package func arePair(_ addresses: [IPAddress], for holder: Holder, _ request: AddressRequest) -> Bool {
        let usable = addresses.filter { address in
            guard dispute(of: address, request) == nil else { return false }
            return switch refusal(keeping: address, for: holder, request) {
            case nil, .addressInUse: true
            default: false
            }
        }
        return Set(usable.map(\.family)).count == 2 && home(of: usable, request) != nil
    }

    /// Whether a Service that is satisfied would take a second address, should one come free.
    package func wantsMore(_ holder: Holder, _ request: AddressRequest) -> Bool {
        guard case .preferBoth = request.families, request.addresses.isEmpty, let held = holdings[holder],
            held.addresses.count == 1, let pool = indexes[held.pool],
            let missing = request.families.families.first(where: { $0 != held.addresses.first?.family }),
            spaces[pool].isReady
        else { return false }
        return !spaces[pool][missing].assignable.isEmpty
    }

    /// Gives `holder` what it wants, as far as it can be had; an address that works is given up only for a better one.
    package mutating func fulfil(_ request: AddressRequest, for holder: Holder, at now: Instant) -> Fulfilment {
        expireQuarantine(at: now)
        let held = holdings[holder]
        if !request.addresses.isEmpty { return fulfilByAddress(request, holder, held, now) }
        if let held, request.pool == nil || request.pool == held.pool {
            let replaced = replaceDisputed(request, holder, held, now)
            let completed = complete(request, holder, now)
            return completed == .satisfied ? replaced.map { .assigned($0) } ?? .satisfied : completed
        }
        switch choose(for: holder, request) {
        case .success(let pick):
            return .assigned(move(holder, to: pick, request, now))
        case .failure(let refusal):
            return held == nil ? .refused(refusal) : .kept(refusal)
        }
    }

    /// Gives `holder` what it had last of the families that it has nothing of, as far as that could be chosen for it now.
    /// - Returns: whether it has got something.
    package mutating func restore(_ lost: [IPAddress], to holder: Holder, _ request: AddressRequest) -> Bool {
        let held = holdings[holder]?.addresses ?? []
        for families in request.families.acceptable {
            let gained = lost.filter { families.contains($0.family) }
            let all = held + gained
            guard !gained.isEmpty, all.count == families.count, Set(all.map(\.family)) == Set(families),
                let pool = home(of: all, request),
                gained.allSatisfy({ refusal(of: $0, in: pool, for: holder, request) == nil }),
                couldChoose(gained, besides: held, in: pool, request)
            else { continue }
            for address in gained { give(address, to: holder, in: pool, request) }
            return true
        }
        return false
    }

    /// Whether a Service that has `held` could be given these of `pool`, too, by its own wish or by choice.
    private func couldChoose(
        _ addresses: [IPAddress], besides held: [IPAddress], in index: Int, _ request: AddressRequest
    ) -> Bool {
        let pool = spaces[index].pool
        guard spaces[index].isReady, request.pool ?? pool.name == pool.name else { return false }
        guard request.addresses.isEmpty else { return Set(request.addresses) == Set(held + addresses) }
        let isOpen = !held.isEmpty || request.pool != nil || pool.autoAssign
        return isOpen && addresses.allSatisfy { conflicts[$0] == nil }
    }

    /// Adds the missing family from the pool that the Service is in. What RequireDualStack has half of, it keeps until
    /// some pool has both.
    private mutating func complete(_ request: AddressRequest, _ holder: Holder, _ now: Instant) -> Fulfilment {
        guard let held = holdings[holder], let pool = indexes[held.pool] else { return .satisfied }
        let missing = request.families.families.filter { family in !held.addresses.contains { $0.family == family } }
        guard let family = missing.first else { return .satisfied }
        if spaces[pool].isReady, let (address, _) = pick(family, in: pool, for: holder, request) {
            give(address, to: holder, in: pool, request)
            return .assigned(.secondFamily)
        }
        guard case .requireBoth = request.families else { return .satisfied }
        switch choose(for: holder, request) {
        case .success(let pick): return .assigned(move(holder, to: pick, request, now))
        case .failure(let refusal): return .kept(refusal)
        }
    }

    private mutating func move(
        _ holder: Holder, to pick: Pick, _ request: AddressRequest, _ now: Instant
    ) -> Fulfilment.Choice {
        release(holder, at: now)
        pick.addresses.forEach { give($0, to: holder, in: pick.pool, request) }
        return pick.choice
    }

    /// Gives up addresses that a foreign host uses, as far as there are others for them; what works does not move.
    private mutating func replaceDisputed(
        _ request: AddressRequest, _ holder: Holder, _ held: Holding, _ now: Instant
    ) -> Fulfilment.Choice? {
        let disputed = held.addresses.filter(isReplaceable)
        guard !disputed.isEmpty, let pool = indexes[held.pool] else { return nil }
        var choice: Fulfilment.Choice?
        for address in disputed where spaces[pool].isReady {
            guard let (other, how) = pick(address.family, in: pool, for: holder, request) else { continue }
            release(address, of: holder, at: now)
            give(other, to: holder, in: pool, request)
            choice = how
        }
        let families = Set(held.addresses.map(\.family))
        guard choice == nil, disputed == held.addresses,
            case .success(let pick) = choose(for: holder, request, covering: families)
        else { return choice }
        return move(holder, to: pick, request, now)
    }

    /// One that a host uses which answers for so many that it would answer for the next one, too, stays where it is.
    private func isReplaceable(_ address: IPAddress) -> Bool {
        guard disputed.contains(address) else { return false }
        return conflicts[address].map { conflictCounts[$0, default: 0] < Refusal.manyConflicts } ?? false
    }

    /// Says that a foreign host had an address first which `holder` has not asked for.
    package func dispute(of holder: Holder, _ request: AddressRequest) -> Refusal? {
        holdings[holder]?.addresses.lazy.compactMap { dispute(of: $0, request) }.first
    }

    private func dispute(of address: IPAddress, _ request: AddressRequest) -> Refusal? {
        guard !request.addresses.contains(address), disputed.contains(address), let host = conflicts[address]
        else { return nil }
        return .addressConflict(address, hardwareAddress: host, count: conflictCounts[host, default: 0])
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
        let held = holdings[holder]?.addresses ?? []
        for address in addresses where !held.contains(address) {
            if let refusal = refusal(of: address, for: holder, request) { return .failure(refusal) }
        }
        guard let pool = home(of: addresses, request) else {
            let names = addresses.compactMap(pool(listing:)).map { spaces[$0].pool.name }
            return .failure(names.count == 2 ? .addressesInTwoPools(names[0], names[1]) : .noPools)
        }
        if let wanted = request.pool, wanted != spaces[pool].pool.name {
            return .failure(.addressInOtherPool(addresses[0], pool: spaces[pool].pool.name, wanted: wanted))
        }
        return .success(pool)
    }

    func refusal(ofPool name: String, for request: AddressRequest) -> Refusal? {
        guard let index = indexes[name] else { return .unknownPool(name) }
        guard spaces[index].isReady else { return .poolNotReady(name) }
        return refusal(of: index, for: request)
    }
}

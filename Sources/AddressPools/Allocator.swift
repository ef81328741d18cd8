package import MonotonicTime
package import NetworkAddresses

/// Which Service holds which addresses of which pool: the whole state of allocation, as one value.
///
/// Nothing here waits, reads a clock or draws lots; the same calls give the same addresses. The cost of a call depends
/// on the number of pools and of runs of free addresses, never on the size of a range.
package struct Allocator: Sendable {
    package struct Holding: Sendable, Hashable {
        /// The primary family first.
        package var addresses: [IPAddress]
        package var pool: String
        package var sharing: SharingTerms?
    }

    package private(set) var holdings: [Holder: Holding] = [:]
    package private(set) var quarantine: Quarantine
    /// Counts whatever may let a request succeed that failed before.
    package private(set) var openings = 0
    /// Addresses that somebody got or let go of, since ``takeMoved()``.
    package private(set) var moved: [IPAddress] = []
    /// Those that assign by name, then the refused by age.
    private(set) var spaces: [PoolSpace]
    /// How many of them assign.
    let readyCount: Int
    let indexes: [String: Int]
    /// Restricted pools by priority and name, then the others by name.
    let choiceOrder: (restricted: [Int], general: [Int])
    private let members: [Member]
    private let reserved: ReservedAddresses
    /// Addresses that a foreign host uses, with its hardware address.
    let conflicts: [IPAddress: String]
    let disputed: Set<IPAddress>
    /// How many of them each host uses.
    let conflictCounts: [String: Int]
    private var occupants: [IPAddress: [Holder]] = [:]
    /// Held addresses by the sharing key of their holders, lowest first.
    private var sharable: [String: [IPAddress]] = [:]

    private struct Member: Sendable {
        var range: IPRange
        var pool: Int
    }

    /// - Parameters:
    ///   - pools: Accepted pools, whose ranges don't overlap.
    ///   - refused: Pools that assign nothing, by age. Who has an address from one keeps it; an address that an accepted
    ///     pool lists, too, is counted there.
    ///   - conflicts: Addresses that a foreign host uses: chosen for nobody, but given on explicit request.
    ///   - disputed: Those of them that the host had before the holder could use them: replaced, unless asked for. An address
    ///     that is in use stays with its holder, whatever a host says: one frame must not move what works.
    package init(
        pools: [AddressPool], refused: [AddressPool] = [], reserved: ReservedAddresses = ReservedAddresses(),
        conflicts: [IPAddress: String] = [:], disputed: Set<IPAddress> = [], quarantine: Quarantine = Quarantine()
    ) {
        let pools = pools.sorted { $0.name < $1.name }
        var all = pools.map { PoolSpace($0, isReady: true, reserved: reserved) }
        var members = pools.enumerated().flatMap { index, pool in pool.ranges.map { Member(range: $0, pool: index) } }
        for pool in refused {
            let space = PoolSpace(pool, isReady: false, reserved: reserved, besides: members.map(\.range))
            members += space.listed.map { Member(range: $0, pool: all.count) }
            all.append(space)
        }
        self.members = members.sorted { $0.range.first < $1.range.first }
        (spaces, readyCount) = (all, pools.count)
        indexes = Dictionary(all.enumerated().map { ($1.pool.name, $0) }) { first, _ in first }
        let order = pools.indices.filter { pools[$0].autoAssign }
        let rank = { (index: Int) in pools[index].restriction?.rank ?? .max }
        choiceOrder = (
            order.filter { pools[$0].restriction != nil }.sorted { (rank($0), $0) < (rank($1), $1) },
            order.filter { pools[$0].restriction == nil }
        )
        (self.reserved, self.conflicts, self.disputed, self.quarantine) = (reserved, conflicts, disputed, quarantine)
        conflictCounts = conflicts.values.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        for address in conflicts.keys {
            if let pool = pool(listing: address) { spaces[pool][address.family].passOver(address.rawValue) }
        }
        for address in quarantine.addresses { hide(address) }
    }

    // MARK: Asking

    package func usage(of pool: String, _ family: IPFamily) -> PoolUsage? {
        indexes[pool].map { spaces[$0].usage(family) }
    }

    /// The pool that a Service which keeps all of `addresses` has them from.
    package func poolName(of addresses: [IPAddress], _ request: AddressRequest) -> String? {
        home(of: addresses, request).map { spaces[$0].pool.name }
    }

    package func holders(of address: IPAddress) -> [Holder] { occupants[address] ?? [] }

    /// The index of the pool that counts `address`. Entries of one pool may overlap, hence the look backward.
    func pool(listing address: IPAddress) -> Int? {
        var (low, high) = (0, members.count)
        while low < high {
            let middle = (low + high) / 2
            if members[middle].range.first <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let nearest = members[low - 1]
        if nearest.range.contains(address) { return nearest.pool }
        return spaces[nearest.pool].pool.ranges.contains { $0.contains(address) } ? nearest.pool : nil
    }

    /// The index of the pool that a Service which keeps all of `addresses` has them from. The one that counts them comes
    /// first; where that is closed to it, or they are in two, a refused one that lists them all is as good.
    func home(of addresses: [IPAddress], _ request: AddressRequest) -> Int? {
        guard let first = addresses.first, let pool = pool(listing: first) else { return nil }
        let refused = spaces.indices[readyCount...].filter { spaces[$0].lists(first) }
        let all = ([pool] + refused).filter { index in
            addresses.allSatisfy {
                self.pool(listing: $0) == index || !spaces[index].isReady && spaces[index].lists($0)
            }
        }
        return all.first { index in
            refusal(of: index, for: request) == nil && !addresses.contains(where: spaces[index].avoids)
        } ?? all.first
    }

    /// The other holders of `address` with whom a Service on these terms can't share it.
    package func opponents(of holder: Holder, at address: IPAddress, terms: SharingTerms?) -> [Holder] {
        holders(of: address).filter {
            $0 != holder && SharingTerms.obstacle(terms, holdings[$0]?.sharing) != nil
        }
    }

    /// Why `holder` may not have `address`, whether chosen or asked for; `nil` when it may.
    func refusal(of address: IPAddress, for holder: Holder, _ request: AddressRequest) -> Refusal? {
        let pool = pool(listing: address)
        if let refusal = refusal(of: address, in: pool, for: holder, request) { return refusal }
        return pool.flatMap { spaces[$0].isReady ? nil : .poolNotReady(spaces[$0].pool.name) }
    }

    /// Why `holder`, whose status names `address`, may not keep it; `nil` when it may.
    package func refusal(keeping address: IPAddress, for holder: Holder, _ request: AddressRequest) -> Refusal? {
        refusal(of: address, in: home(of: [address], request), for: holder, request)
    }

    /// That another holder is in the way is the last of all reasons.
    func refusal(
        of address: IPAddress, in pool: Int?, for holder: Holder, _ request: AddressRequest
    ) -> Refusal? {
        guard request.families.families.contains(address.family) else {
            return .wrongFamily(address, wanted: request.families.families)
        }
        if let reason = reserved.reason(for: address) { return .addressReserved(address, reason) }
        guard let index = pool else { return .addressOutsidePools(address) }
        if let refusal = refusal(of: index, for: request) { return refusal }
        if spaces[index].avoids(address) { return .addressAvoided(address, pool: spaces[index].pool.name) }
        if let other = opponents(of: holder, at: address, terms: request.sharing).min(),
            let obstacle = SharingTerms.obstacle(request.sharing, holdings[other]?.sharing)
        {
            return .addressInUse(address, by: other, obstacle)
        }
        return nil
    }

    func refusal(of pool: Int, for request: AddressRequest) -> Refusal? {
        let pool = spaces[pool].pool
        return pool.restriction == nil || request.selectingPools.contains(pool.name)
            ? nil : .poolNotForService(pool.name)
    }

    /// The lowest address of `pool` that is already shared on terms that `request` can join.
    func joinable(_ family: IPFamily, in pool: Int, for holder: Holder, _ request: AddressRequest) -> IPAddress? {
        guard let terms = request.sharing else { return nil }
        return sharable[terms.key]?.first {
            $0.family == family && conflicts[$0] == nil && self.pool(listing: $0) == pool
                && opponents(of: holder, at: $0, terms: terms).isEmpty
        }
    }

    mutating func lowestFree(_ family: IPFamily, in pool: Int) -> IPAddress? {
        spaces[pool][family].lowestFree().flatMap { IPAddress(family: family, rawValue: $0) }
    }

    func oldestReleased(_ family: IPFamily, in pool: Int) -> IPAddress? {
        quarantine.oldest {
            $0.family == family && spaces[pool][family].assignable.contains($0.rawValue) && conflicts[$0] == nil
                && !spaces[pool][family].isPassedOver($0.rawValue)
        }
    }

    // MARK: Changing hands

    package mutating func takeMoved() -> [IPAddress] {
        defer { moved = [] }
        return moved
    }

    /// Lets go of everything that `holder` has. With `now`, the addresses go through quarantine.
    package mutating func release(_ holder: Holder, at now: Instant?) {
        for address in holdings[holder]?.addresses ?? [] { release(address, of: holder, at: now) }
    }

    package mutating func release(_ address: IPAddress, of holder: Holder, at now: Instant?) {
        guard var holding = holdings[holder], let place = holding.addresses.firstIndex(of: address) else { return }
        holding.addresses.remove(at: place)
        let rest = holders(of: address).filter { $0 != holder }
        if let key = holding.sharing?.key { unshare(address, key, rest) }
        holdings[holder] = holding.addresses.isEmpty ? nil : holding
        occupants[address] = rest.isEmpty ? nil : rest
        openings += 1
        moved.append(address)
        guard rest.isEmpty, let pool = pool(listing: address) else { return }
        spaces[pool][address.family].leave(address.rawValue, isForeign: conflicts[address] != nil)
        if let now {
            quarantine.add(address, at: now)
        } else {
            free(address)
        }
    }

    /// Gives `address`, which must not be refused, to `holder`, who has all its addresses from `pool` then.
    mutating func give(_ address: IPAddress, to holder: Holder, in pool: Int, _ request: AddressRequest) {
        let name = spaces[pool].pool.name
        var holding = holdings[holder] ?? Holding(addresses: [], pool: name, sharing: request.sharing)
        holding.pool = name
        guard !holding.addresses.contains(address) else { return }
        let order = request.families.families
        let place = holding.addresses.firstIndex {
            order.firstIndex(of: $0.family) ?? 2 > order.firstIndex(of: address.family) ?? 2
        }
        holding.addresses.insert(address, at: place ?? holding.addresses.endIndex)
        holdings[holder] = holding
        occupants[address, default: []].append(holder)
        moved.append(address)
        if let key = holding.sharing?.key { share(address, key) }
        guard occupants[address]?.count == 1, let pool = self.pool(listing: address) else { return }
        spaces[pool][address.family].take(address.rawValue, isForeign: conflicts[address] != nil)
        quarantine.remove(address)
    }

    /// Makes addresses whose quarantine is over free again.
    mutating func expireQuarantine(at now: Instant) {
        for address in quarantine.expire(at: now) { free(address) }
    }

    /// Starts the quarantine of those addresses anew whose time is up and that are `inUse` all the same.
    package mutating func prolongQuarantine(at now: Instant, where inUse: (IPAddress) -> Bool) {
        quarantine.prolong(at: now, where: inUse)
    }

    /// Puts an address that was released without anybody's doing into quarantine, also when it is in no pool now: it may
    /// be in one again before the time is up.
    package mutating func quarantine(_ address: IPAddress, at now: Instant) {
        guard occupants[address] == nil else { return }
        quarantine.add(address, at: now)
        hide(address)
    }

    private mutating func free(_ address: IPAddress) {
        guard occupants[address] == nil, conflicts[address] == nil, let pool = pool(listing: address),
            spaces[pool][address.family].assignable.contains(address.rawValue)
        else { return }
        spaces[pool][address.family].free.insert(address.rawValue)
    }

    private mutating func hide(_ address: IPAddress) {
        guard let pool = pool(listing: address) else { return }
        spaces[pool][address.family].free.remove(address.rawValue)
    }

    private mutating func share(_ address: IPAddress, _ key: String) {
        var addresses = sharable[key] ?? []
        guard !addresses.contains(address) else { return }
        addresses.insert(address, at: addresses.firstIndex { $0 > address } ?? addresses.endIndex)
        sharable[key] = addresses
    }

    private mutating func unshare(_ address: IPAddress, _ key: String, _ rest: [Holder]) {
        guard !rest.contains(where: { holdings[$0]?.sharing?.key == key }) else { return }
        sharable[key]?.removeAll { $0 == address }
        if sharable[key]?.isEmpty == true { sharable[key] = nil }
    }
}

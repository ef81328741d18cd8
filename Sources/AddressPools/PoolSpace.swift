import NetworkAddresses

/// One pool's addresses: which there are, and which are free.
struct PoolSpace: Sendable {
    let pool: AddressPool
    /// Whether it assigns. A pool that overlaps an older one only lets Services keep what they have from it.
    let isReady: Bool
    private(set) var v4: FamilySpace
    private(set) var v6: FamilySpace

    /// - Parameter taken: What other pools list, and count.
    init(_ pool: AddressPool, isReady: Bool, reserved: ReservedAddresses, besides taken: [IPRange] = []) {
        (self.pool, self.isReady) = (pool, isReady)
        v4 = FamilySpace(.ipv4, pool, reserved, taken)
        v6 = FamilySpace(.ipv6, pool, reserved, taken)
    }

    func usage(_ family: IPFamily) -> PoolUsage {
        var usage = self[family].usage
        if !isReady { usage.available = 0 }
        return usage
    }

    subscript(family: IPFamily) -> FamilySpace {
        get { family == .ipv4 ? v4 : v6 }
        _modify {
            if family == .ipv4 { yield &v4 } else { yield &v6 }
        }
    }

    /// What the pool counts, as ranges.
    var listed: [IPRange] { v4.ranges + v6.ranges }

    /// Whether an entry has `address`, which another pool may count.
    func lists(_ address: IPAddress) -> Bool { pool.ranges.contains { $0.contains(address) } }

    /// Whether the pool's rules pass over `address`.
    func avoids(_ address: IPAddress) -> Bool {
        guard pool.avoidBuggyIPs, case .v4(let address) = address else { return false }
        return FamilySpace.isBuggy(UInt128(address.rawValue))
    }
}

/// One pool's addresses of one family.
struct FamilySpace: Sendable {
    /// All that the pool may ever hand out.
    let assignable: AddressRuns
    private let family: IPFamily
    /// Those of `assignable` that have no holder, are not in quarantine, and no foreign host uses.
    var free: AddressRuns
    /// Addresses with at least one holder.
    private(set) var assigned: Int64 = 0
    /// Addresses without a holder that a foreign host uses.
    private var foreign: Int64 = 0
    /// Those of `assigned` that are not in `total`: asked for, never chosen.
    private var besides: Int64 = 0
    private let skipsBuggy: Bool
    /// What can be chosen. Stops at the largest.
    private let total: UInt64

    init(_ family: IPFamily, _ pool: AddressPool, _ reserved: ReservedAddresses, _ taken: [IPRange]) {
        var runs = AddressRuns(pool.ranges.lazy.filter { $0.family == family })
        for range in reserved.entries.map(\.range) + taken where range.family == family {
            runs.remove(range.first.rawValue, range.last.rawValue)
        }
        skipsBuggy = family == .ipv4 && pool.avoidBuggyIPs
        (assignable, free, self.family) = (runs, runs, family)
        let passedOver =
            switch family {
            case .ipv4: skipsBuggy ? Self.buggyCount(runs) : 0
            case .ipv6: Self.routerCount(runs)
            }
        total = UInt64(clamping: runs.count - passedOver)
    }

    var ranges: [IPRange] {
        assignable.runs.compactMap { run in
            guard let first = IPAddress(family: family, rawValue: run.first),
                let last = IPAddress(family: family, rawValue: run.last)
            else { return nil }
            return IPRange(first: first, last: last)
        }
    }

    var usage: PoolUsage {
        let rest = total == .max ? total : total - min(total, UInt64(max(0, assigned - besides + foreign)))
        return PoolUsage(assigned: assigned, available: Int64(clamping: rest))
    }

    /// A foreign host uses `value`: it is passed over.
    mutating func passOver(_ value: UInt128) {
        free.remove(value)
        if assignable.contains(value), !isPassedOver(value) { foreign += 1 }
    }

    /// `value` has its first holder.
    mutating func take(_ value: UInt128, isForeign: Bool) {
        free.remove(value)
        assigned += 1
        if isPassedOver(value) { besides += 1 } else if isForeign { foreign -= 1 }
    }

    /// `value` has no holder any more.
    mutating func leave(_ value: UInt128, isForeign: Bool) {
        assigned -= 1
        if isPassedOver(value) { besides -= 1 } else if isForeign { foreign += 1 }
    }

    /// The lowest free address that may be chosen. Forgets the ones that may not.
    mutating func lowestFree() -> UInt128? {
        while let lowest = free.lowest {
            guard isPassedOver(lowest) else { return lowest }
            free.remove(lowest)
        }
        return nil
    }

    /// Whether `value` is chosen for nobody: what the pool avoids, and the address for which every router of an IPv6
    /// subnet answers, as a Kubernetes node is one (RFC 4291 §2.6.1).
    func isPassedOver(_ value: UInt128) -> Bool {
        switch family {
        case .ipv4: skipsBuggy && Self.isBuggy(value)
        case .ipv6: UInt64(truncatingIfNeeded: value) == 0
        }
    }

    /// IPv6 addresses in `runs` whose lower half is 0.
    private static func routerCount(_ runs: AddressRuns) -> UInt128 {
        runs.runs.reduce(0) { count, run in
            let isFirst = UInt64(truncatingIfNeeded: run.first) == 0
            return count + (run.last >> 64) - (run.first >> 64) + (isFirst ? 1 : 0)
        }
    }

    static func isBuggy(_ value: UInt128) -> Bool { value & 255 == 0 || value & 255 == 255 }

    /// IPv4 addresses in `runs` that end in .0 or .255, without walking through them.
    private static func buggyCount(_ runs: AddressRuns) -> UInt128 {
        // How many numbers below `end` end in 0, and how many in 255.
        func below(_ end: UInt128) -> UInt128 { (end + 255) / 256 + end / 256 }
        return runs.runs.reduce(0) { $0 + below($1.last + 1) - below($1.first) }
    }
}

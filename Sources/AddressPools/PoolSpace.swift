import NetworkAddresses

/// One pool's addresses: which there are, and which are free.
struct PoolSpace: Sendable {
    let pool: AddressPool
    private(set) var v4: FamilySpace
    private(set) var v6: FamilySpace

    init(_ pool: AddressPool, reserved: ReservedAddresses) {
        self.pool = pool
        v4 = FamilySpace(.ipv4, pool, reserved)
        v6 = FamilySpace(.ipv6, pool, reserved)
    }

    subscript(family: IPFamily) -> FamilySpace {
        get { family == .ipv4 ? v4 : v6 }
        _modify {
            if family == .ipv4 { yield &v4 } else { yield &v6 }
        }
    }

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
    /// Those of `assignable` that have no holder, are not in quarantine, and no foreign host uses.
    var free: AddressRuns
    /// Addresses with at least one holder.
    private(set) var assigned: Int64 = 0
    /// Addresses without a holder that a foreign host uses.
    private var foreign: Int64 = 0
    private let skipsBuggy: Bool
    /// Stops at the largest.
    private let total: UInt64

    init(_ family: IPFamily, _ pool: AddressPool, _ reserved: ReservedAddresses) {
        var runs = AddressRuns(pool.ranges.lazy.filter { $0.family == family })
        for entry in reserved.entries where entry.range.family == family {
            runs.remove(entry.range.first.rawValue, entry.range.last.rawValue)
        }
        skipsBuggy = family == .ipv4 && pool.avoidBuggyIPs
        (assignable, free) = (runs, runs)
        total = UInt64(clamping: skipsBuggy ? runs.count - Self.buggyCount(runs) : runs.count)
    }

    var usage: PoolUsage {
        let rest = total == .max ? total : total - min(total, UInt64(max(0, assigned + foreign)))
        return PoolUsage(assigned: assigned, available: Int64(clamping: rest))
    }

    /// A foreign host uses `value`: it is passed over.
    mutating func passOver(_ value: UInt128) {
        free.remove(value)
        if assignable.contains(value), !(skipsBuggy && Self.isBuggy(value)) { foreign += 1 }
    }

    /// `value` has its first holder.
    mutating func take(_ value: UInt128, isForeign: Bool) {
        free.remove(value)
        assigned += 1
        if isForeign { foreign -= 1 }
    }

    /// `value` has no holder any more.
    mutating func leave(isForeign: Bool) {
        assigned -= 1
        if isForeign { foreign += 1 }
    }

    /// The lowest free address that the pool's rules allow. Forgets the ones they don't: no one can ever hold them.
    mutating func lowestFree() -> UInt128? {
        while let lowest = free.lowest {
            guard skipsBuggy, Self.isBuggy(lowest) else { return lowest }
            free.remove(lowest)
        }
        return nil
    }

    static func isBuggy(_ value: UInt128) -> Bool { value & 255 == 0 || value & 255 == 255 }

    /// IPv4 addresses in `runs` that end in .0 or .255, without walking through them.
    private static func buggyCount(_ runs: AddressRuns) -> UInt128 {
        // How many numbers below `end` end in 0, and how many in 255.
        func below(_ end: UInt128) -> UInt128 { (end + 255) / 256 + end / 256 }
        return runs.runs.reduce(0) { $0 + below($1.last + 1) - below($1.first) }
    }
}

import AddressPools
import KubernetesModel
import NetworkAddresses

/// A Service may claim what its status names and, once served, not keep it: an address outside the pool that it asks for.
/// Whoever had to give way to that claim has its address back, before all others.
extension ControllerPlanner {
    /// What a Service had, or was found with, until the claim of another came first.
    struct Displaced {
        var addresses: [IPAddress] = []
        /// Why it had them.
        var change: AllocationChange
    }

    /// Gives the displaced, by age, what has come free again.
    /// - Returns: who has got something.
    mutating func giveBack(_ displaced: inout [ObjectKey: Displaced]) -> Set<ObjectKey> {
        var served: Set<ObjectKey> = []
        for key in displaced.keys.compactMap({ records[$0]?.age }).sorted().map(\.key) {
            guard let entry = displaced[key], let record = records[key] else { continue }
            let refused = allocator.claim(entry.addresses, for: Holder(key), record.request).refused
            guard refused.count < entry.addresses.count else { continue }
            served.insert(key)
            let taken = refused.filter(\.isToAnother)
            displaced[key] = taken.isEmpty ? nil : Displaced(addresses: taken.map(\.address), change: entry.change)
            records[key]?.change = refused.isEmpty ? entry.change : AllocationChange(lost: refused)
        }
        return served
    }

    /// What a Service had of a family that it wants and has nothing of now, it has back before others, should it be to be
    /// had again: a pool that is deleted and created anew, as a whole or in parts, moves nobody.
    mutating func remember(_ addresses: [IPAddress], of key: ObjectKey) {
        let all = addresses + (lost[key] ?? [])
        guard !all.isEmpty else { return }
        let held = allocator.holdings[Holder(key)]?.addresses ?? []
        let missing = (records[key]?.request.families.families ?? []).filter { family in
            !held.contains { $0.family == family }
        }
        let last = missing.compactMap { family in all.first { $0.family == family } }
        lost[key] = last.isEmpty ? nil : last
    }

    /// Gives those of `keys` that have lost something, by age, what they had last.
    /// - Returns: who has got something.
    @discardableResult
    mutating func restore(_ keys: some Sequence<ObjectKey>) -> Set<ObjectKey> {
        guard !lost.isEmpty else { return [] }
        var served: Set<ObjectKey> = []
        for key in keys.compactMap({ lost[$0] == nil ? nil : records[$0]?.age }).sorted().map(\.key) {
            guard let addresses = lost[key], let record = records[key], record.problem == nil,
                allocator.restore(addresses, to: Holder(key), record.request)
            else { continue }
            remember([], of: key)
            records[key]?.change.choice = .regained
            served.insert(key)
        }
        return served
    }
}

extension Allocator.Loss {
    /// Whether another Service holds the address.
    var isToAnother: Bool { if case .addressInUse = refusal { true } else { false } }
}

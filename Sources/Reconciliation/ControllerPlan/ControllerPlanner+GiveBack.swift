internal import AddressPools
internal import KubernetesModel
internal import NetworkAddresses

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
}

extension Allocator.Loss {
    /// Whether another Service holds the address.
    var isToAnother: Bool { if case .addressInUse = refusal { true } else { false } }
}

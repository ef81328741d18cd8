import AddressPools
import KubernetesModel

extension ControllerPlanner {
    /// Gives a Service back what it has: what its status says if somebody changed that, else what was decided for it.
    /// What it asks for by number and has, nobody can write away. Of two that can't share an address, the older keeps it.
    /// - Returns: the Services that had to give way, be it this one.
    mutating func claim(_ key: ObjectKey, _ decision: ControllerMemory.Decision?) -> [ObjectKey: Displaced] {
        guard let record = records[key] else { return [:] }
        let decision = decision.flatMap { $0.uid == record.uid ? $0 : nil }
        let decided = decision?.addresses ?? []
        let isNews = isNews(record, decision)
        let takesNothing = takesNothing(key, decision)
        let holder = Holder(key)
        let wanted = isNews ? record.seen : decided
        let opponents = wanted.flatMap { allocator.opponents(of: holder, at: $0, terms: record.request.sharing) }
        let younger = opponents.filter { other in
            !takesNothing && (records[ObjectKey(other)].map { record.age < $0.age } ?? true)
        }
        let all = wanted + decided.filter { !wanted.contains($0) }
        let claim = allocator.claim(all, for: holder, record.request) { younger.contains($0) }
        let lost = claim.refused + claim.disputed
        if !lost.isEmpty { records[key]?.change = AllocationChange(lost: lost) }
        var displaced: [ObjectKey: Displaced] = [:]
        let taken = claim.refused.filter(\.isToAnother).map(\.address)
        if !taken.isEmpty { displaced[key] = Displaced(addresses: taken, change: record.change) }
        for eviction in claim.evicted {
            let other = ObjectKey(eviction.holder)
            let change = records[other]?.change ?? AllocationChange()
            displaced[other, default: Displaced(change: change)].addresses.append(eviction.loss.address)
            records[other]?.change = AllocationChange(lost: [eviction.loss])
        }
        return displaced
    }

    /// Whether the status says something that was not decided.
    private func isNews(_ record: Record, _ decision: ControllerMemory.Decision?) -> Bool {
        guard let decision else { return true }
        let decided = decision.addresses
        let hasRequested = !decided.isEmpty && Set(decided) == Set(record.request.addresses)
        return !(record.seen.isEmpty || record.seen == decided || record.seen == decision.seen || hasRequested)
    }

    /// Whether others, however young, keep what this Service claims: its own terms of sharing have changed, or it is found
    /// with half of what RequireDualStack needs.
    func takesNothing(_ key: ObjectKey, _ decision: ControllerMemory.Decision?) -> Bool {
        guard let record = records[key] else { return false }
        let decision = decision.flatMap { $0.uid == record.uid ? $0 : nil }
        if let decision, !decision.addresses.isEmpty, decision.sharing != record.request.sharing { return true }
        guard case .requireBoth = record.request.families, isNews(record, decision) else { return false }
        return !allocator.arePair(record.seen, for: Holder(key), record.request)
    }
}

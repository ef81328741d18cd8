package import MonotonicTime
package import NetworkAddresses
import Wire

extension Election {
    /// Looks at every address that something happened to, or whose time has come. `isMute`: nobody seems to hear me.
    package mutating func poll(at now: Instant, isMute: Bool) -> [ElectionDirective] {
        guard isReady, isAnyDirty || nextDue.map({ now >= $0 }) ?? false else { return [] }
        nextDue = nil
        var directives: [ElectionDirective] = []
        var isUnsettled = false
        for slot in states.indices {
            if states[slot].isDirty || states[slot].due.map({ now >= $0 }) ?? false {
                decide(slot, isMute, at: now, &directives)
                // What was just taken or released is looked at in its new role.
                if states[slot].isDirty { decide(slot, isMute, at: now, &directives) }
            }
            if states[slot].isDirty { isUnsettled = true }
            if let due = states[slot].due { nextDue = min(nextDue ?? due, due) }
        }
        isAnyDirty = isUnsettled
        return directives
    }

    private mutating func decide(
        _ slot: Int, _ isMute: Bool, at now: Instant, _ directives: inout [ElectionDirective]
    ) {
        states[slot].isDirty = false
        states[slot].due = nil
        if states[slot].ownership != nil {
            decideOwner(slot, at: now, &directives)
        } else {
            decideOther(slot, isMute, at: now, &directives)
        }
    }

    /// The API lets `node` announce the address.
    func mayAnnounce(_ slot: Int, _ node: NodeID) -> Bool {
        guard states[slot].intent?.weights[node] != nil else { return false }
        return node != me || !isRefused(slot)
    }

    private func isRefused(_ slot: Int) -> Bool { isStale && states[slot].refusedAt != nil }

    // MARK: Order

    /// A candidate's place: nodes of last resort after all others, stale after fresh, late after punctual, then weight,
    /// last owner, hash.
    private struct Place: Comparable {
        let isLastResort: Bool
        let isStale: Bool
        let isLate: Bool
        let weight: Int
        let isLastOwner: Bool
        let hash: UInt64
        let node: NodeID

        static func < (a: Place, b: Place) -> Bool {
            if a.isLastResort != b.isLastResort { return b.isLastResort }
            if a.isStale != b.isStale { return b.isStale }
            if a.isLate != b.isLate { return b.isLate }
            if a.weight != b.weight { return a.weight > b.weight }
            if a.isLastOwner != b.isLastOwner { return a.isLastOwner }
            return a.hash < b.hash
        }
    }

    private mutating func place(
        _ slot: Int, _ node: NodeID, isStale: Bool, isLate: Bool = false, lastOwner: NodeID?
    ) -> Place? {
        guard let weight = states[slot].intent?.weights[node] else { return nil }
        return Place(
            isLastResort: weight < 0, isStale: isStale, isLate: isLate, weight: weight, isLastOwner: node == lastOwner,
            hash: states[slot].rank(node), node: node)
    }

    /// A peer's place among the candidates, or `nil` when it is none.
    private mutating func place(_ slot: Int, ofPeer id: NodeID, lastOwner: NodeID?) -> Place? {
        guard let peer = peers[id], peer.isCandidate else { return nil }
        return place(slot, id, isStale: peer.isStale, isLate: peer.isLate, lastOwner: lastOwner)
    }

    private func lastOwner(_ slot: Int) -> NodeID? {
        states[slot].best?.owner ?? states[slot].intent?.recordedOwner
    }

    /// The first in order among the peers, or `nil` when no peer may take the address.
    private mutating func firstPeer(_ slot: Int) -> Place? {
        let lastOwner = lastOwner(slot)
        var first: Place?
        for id in peerOrder {
            guard let place = place(slot, ofPeer: id, lastOwner: lastOwner) else { continue }
            if first.map({ place < $0 }) ?? true { first = place }
        }
        return first
    }

    /// My place among the candidates from 0, or `nil` when I may not take the address.
    private mutating func index(_ slot: Int, without other: NodeID? = nil) -> Int? {
        let lastOwner = lastOwner(slot)
        guard !isLeaving, mayAnnounce(slot, me),
            let mine = place(slot, me, isStale: isStale, isLate: isLate, lastOwner: lastOwner)
        else { return nil }
        var index = 0
        for id in peerOrder where id != other {
            if let place = place(slot, ofPeer: id, lastOwner: lastOwner), place < mine { index += 1 }
        }
        return index
    }

    /// Addresses that are answered for here, and that some peer may help with when this speaker is absent.
    package var coverable: [IPAddress] {
        states.compactMap { state in
            switch state.role {
            case .none, .probing: return nil
            case .owner, .helper: break
            }
            let isCovered = peerOrder.contains { peers[$0]?.isCandidate == true && state.intent?.weights[$0] != nil }
            return isCovered ? state.address : nil
        }
    }

    // MARK: An address that is owned here

    private mutating func decideOwner(_ slot: Int, at now: Instant, _ directives: inout [ElectionDirective]) {
        guard var ownership = states[slot].ownership else { return }
        guard states[slot].intent != nil else { return release(slot, .withdrawn, at: now, &directives) }
        guard !isRefused(slot) else { return release(slot, .refused, at: now, &directives) }
        if yieldToUnhearing(slot, at: now, &directives) { return }
        let isEligible = mayAnnounce(slot, me) && !isLeaving
        // What is settled by now stays so with whoever takes it.
        if let since = ownership.settlingSince, now - since >= timing.settling { ownership.settlingSince = nil }
        let target = isStale ? nil : offerTarget(slot, ownership, isEligible: isEligible, at: now)
        if target != nil || ownership.offer != nil { schedule.request(at: now, timing) }
        ownership.offer = target
        if target != nil { wake(slot, now + timing.offerRepeat) }
        if isEligible {
            ownership.ineligibleSince = nil
        } else {
            let since = ownership.ineligibleSince ?? now
            ownership.ineligibleSince = since
            if target == nil || now - since >= timing.offerPatience {
                return release(slot, .ineligible, at: now, &directives)
            }
            wake(slot, since + timing.offerPatience)
        }
        states[slot].role = .owner(ownership)
    }

    /// The peer that should have the address instead of me.
    private mutating func offerTarget(
        _ slot: Int, _ ownership: AddressState.Ownership, isEligible: Bool, at now: Instant
    ) -> NodeID? {
        guard let first = firstPeer(slot) else { return nil }
        guard isEligible, let mine = place(slot, me, isStale: false, lastOwner: nil) else { return first.node }
        guard !first.isStale else { return nil }
        if first.weight > mine.weight {
            // A node of last resort passes on what it has without waiting.
            if mine.isLastResort { return first.node }
            let readySince = peers[first.node]?.readySince ?? now
            let allowed = max(ownership.since + timing.preferredHeld, readySince + timing.preferredReady)
            if now >= allowed, !first.isLate { return first.node }
            if now < allowed { wake(slot, allowed) }
            return nil
        }
        // Nobody had the address before: let it go where weight and hash want it, whoever came up first.
        guard ownership.settlingSince != nil, !first.isLate, first < mine else { return nil }
        return first.node
    }

    // MARK: An address that is not

    private mutating func decideOther(
        _ slot: Int, _ isMute: Bool, at now: Instant, _ directives: inout [ElectionDirective]
    ) {
        if let best = states[slot].best, !best.isReleased, best.owner != me, let owner = peers[best.owner] {
            switch owner.condition {
            case .candidate, .listing:
                states[slot].vacantSince = nil
                states[slot].absence = nil
                tellOutvoted(slot, at: now)
                return idle(slot, at: now, &directives)
            case .absent where states[slot].intent?.weights[best.owner] != nil && !owner.isLeaving:
                states[slot].vacantSince = nil
                guard owner.canBeHelped, let index = index(slot, without: best.owner),
                    isHelpDue(slot, best.owner, index, at: now)
                else { return idle(slot, at: now, &directives) }
                return help(slot, best.owner, at: now, &directives)
            case .absent, .gone: break
            }
        }
        states[slot].absence = nil
        guard let index = index(slot) else {
            states[slot].vacantSince = nil
            return idle(slot, at: now, &directives)
        }
        if case .probing = states[slot].role { return }
        if case .helper = states[slot].role { idle(slot, at: now, &directives) }
        let since = states[slot].vacantSince ?? now
        states[slot].vacantSince = since
        let delay = isMute ? timing.rankDelayLimit : min(timing.rankDelay * index, timing.rankDelayLimit)
        let allowed = max(since + delay, states[slot].blockedUntil ?? since)
        // Looked at in between, too: being heard again is told by nobody.
        guard now >= allowed else { return wake(slot, min(allowed, now + timing.rankDelay)) }
        if let intent = states[slot].intent?.source, intent.isNewlyAssigned,
            states[slot].best?.allocation != intent.allocation.rawValue
        {
            states[slot].role = .probing
            directives.append(.probe(states[slot].address))
        } else {
            take(slot, settlingSince: states[slot].best == nil ? now : nil, at: now, &directives)
        }
    }

    /// Who had the address before hears of the higher claim itself, where everybody hears everybody.
    private mutating func tellOutvoted(_ slot: Int, at now: Instant) {
        guard let (owner, tellAt) = states[slot].outvoted else { return }
        guard now >= tellAt else { return wake(slot, tellAt) }
        states[slot].outvoted = nil
        guard owner != states[slot].best?.owner, peers[owner]?.isPresent == true else { return }
        states[slot].isRelayed = true
        schedule.request(at: now, timing)
    }

    /// The first in order helps at once. The others cannot know that it does before they hear it: its view of the API may
    /// differ. Several helpers give the same answer.
    private mutating func isHelpDue(_ slot: Int, _ owner: NodeID, _ index: Int, at now: Instant) -> Bool {
        let absence =
            states[slot].absence.flatMap { $0.owner == owner ? $0 : nil }
            ?? AddressState.Absence(owner: owner, since: now)
        states[slot].absence = absence
        if index == 0 { return true }
        if case .helper(owner) = states[slot].role { return true }
        let due = max(
            absence.since + min(timing.rankDelay * index, timing.rankDelayLimit),
            absence.heldAt.map { $0 + timing.heldPatience } ?? now)
        if now < due { wake(slot, due) }
        return now >= due
    }

    /// Neither answers nor probes.
    private mutating func idle(_ slot: Int, at now: Instant, _ directives: inout [ElectionDirective]) {
        switch states[slot].role {
        case .none, .owner: return
        case .helper:
            directives.append(.stopHelping(states[slot].address))
            schedule.request(at: now, timing)
        case .probing: directives.append(.stopProbing(states[slot].address))
        }
        states[slot].role = .none
    }

    private mutating func help(
        _ slot: Int, _ owner: NodeID, at now: Instant, _ directives: inout [ElectionDirective]
    ) {
        if case .helper(owner) = states[slot].role { return }
        idle(slot, at: now, &directives)
        states[slot].role = .helper(owner)
        directives.append(.help(states[slot].address, owner))
        schedule.request(at: now, timing)
    }

    /// A peer with a lower claim that can hear nobody's higher one goes on for ever: whoever hears both gives way.
    private mutating func yieldToUnhearing(
        _ slot: Int, at now: Instant, _ directives: inout [ElectionDirective]
    ) -> Bool {
        guard let ownership = states[slot].ownership, let unheard = states[slot].unheard else { return false }
        guard peers[unheard.claim.owner]?.condition == .candidate, mayAnnounce(slot, unheard.claim.owner) else {
            states[slot].unheard = nil
            return false
        }
        guard now - unheard.since >= timing.unheardPatience else {
            wake(slot, unheard.since + timing.unheardPatience)
            return false
        }
        states[slot].highestTerm = max(states[slot].highestTerm, ownership.term)
        giveWay(slot, to: unheard.claim, .unheard, &directives)
        schedule.changed(at: now, timing)
        return true
    }

    // MARK: Steps

    mutating func wake(_ slot: Int, _ instant: Instant) {
        states[slot].due = min(states[slot].due ?? instant, instant)
        nextDue = min(nextDue ?? instant, instant)
    }

    mutating func take(
        _ slot: Int, settlingSince: Instant?, at now: Instant, _ directives: inout [ElectionDirective]
    ) {
        let known = max(states[slot].best?.term ?? 0, states[slot].highestTerm)
        let (next, overflow) = known.addingReportingOverflow(1)
        own(slot, term: overflow ? .max : next, settlingSince: settlingSince, at: now, &directives)
        schedule.changed(at: now, timing)
    }

    mutating func own(
        _ slot: Int, term: UInt32, settlingSince: Instant?, at now: Instant, _ directives: inout [ElectionDirective]
    ) {
        idle(slot, at: now, &directives)
        states[slot].role = .owner(AddressState.Ownership(term: term, since: now, settlingSince: settlingSince))
        states[slot].best = Claim(
            term: term, owner: me, allocation: states[slot].intent?.source.allocation.rawValue ?? 0)
        states[slot].vacantSince = nil
        states[slot].unheard = nil
        directives.append(.own(states[slot].address, term: term))
        touch(slot)
    }

    /// Owned here no more, because another claim stands.
    mutating func giveWay(
        _ slot: Int, to claim: Claim, _ reason: Withdrawal, _ directives: inout [ElectionDirective]
    ) {
        states[slot].best = claim
        states[slot].unheard = nil
        states[slot].role = .none
        directives.append(.withdraw(states[slot].address, reason))
        touch(slot)
    }

    mutating func release(
        _ slot: Int, _ reason: Withdrawal, at now: Instant, _ directives: inout [ElectionDirective]
    ) {
        switch states[slot].role {
        case .owner:
            directives.append(.withdraw(states[slot].address, reason))
            states[slot].best?.isReleased = true
        case .helper: directives.append(.stopHelping(states[slot].address))
        case .none, .probing: return
        }
        states[slot].role = .none
        schedule.changed(at: now, timing)
        touch(slot)
    }
}

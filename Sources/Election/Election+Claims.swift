package import MonotonicTime
import NetworkAddresses
package import Wire

extension Election {
    /// Whether a peer's list is now known as a whole.
    package enum ListState: Sendable, Hashable {
        case incomplete, complete
    }

    /// Takes one part of a peer's list. Its claims count at once; what the list leaves out counts as released when all
    /// parts of it have been heard.
    package mutating func receive(
        _ part: ClaimsPart, from sender: NodeID, incarnation: UInt64, isStale: Bool, hearsMe: Bool = true,
        at now: Instant
    ) -> (ListState, [ElectionDirective]) {
        var directives: [ElectionDirective] = []
        for entry in part.entries { hear(entry, from: sender, senderIsStale: isStale, hearsMe, at: now, &directives) }
        guard let listed = progress(part, from: sender, incarnation: incarnation) else {
            return (.incomplete, directives)
        }
        for slot in states.indices where states[slot].names(sender) && !listed.contains(states[slot].address) {
            if states[slot].unheard?.claim.owner == sender { states[slot].unheard = nil }
            if states[slot].outvoted?.owner == sender { states[slot].outvoted = nil }
            guard let best = states[slot].best, best.owner == sender, !best.isReleased, states[slot].ownership == nil
            else { continue }
            states[slot].best?.isReleased = true
            states[slot].mismatches[sender] = nil
            touch(slot)
        }
        return (.complete, directives)
    }

    /// - Returns: what the list names, as far as it is known here, when this part completes it.
    private mutating func progress(_ part: ClaimsPart, from sender: NodeID, incarnation: UInt64) -> Set<IPAddress>? {
        guard part.index < part.count, part.count <= timing.partLimit else { return nil }
        var list =
            lists[sender].flatMap { $0.incarnation == incarnation && $0.generation == part.generation ? $0 : nil }
            ?? ListProgress(
                incarnation: incarnation, generation: part.generation, count: part.count, received: [], addresses: [])
        if part.index < list.count { list.received.insert(part.index) }
        for entry in part.entries {
            if case .held = entry.kind { continue }
            // One that is not known here need not be remembered, and a peer cannot make this set grow for ever.
            if slots[entry.address] != nil { list.addresses.insert(entry.address) }
        }
        let isComplete = list.received.count >= Int(list.count)
        lists[sender] = isComplete ? nil : list
        return isComplete ? list.addresses : nil
    }

    private mutating func hear(
        _ entry: ClaimEntry, from sender: NodeID, senderIsStale: Bool, _ hearsMe: Bool, at now: Instant,
        _ directives: inout [ElectionDirective]
    ) {
        let owner: NodeID =
            switch entry.kind {
            case .own, .offer: sender
            case .held(let owner): owner
            }
        guard slots[entry.address] != nil || states.count - intentCount < timing.strangerLimit else { return }
        let slot = slot(of: entry.address)
        if case .held = entry.kind, states[slot].absence?.owner == owner { states[slot].absence?.heldAt = now }
        check(entry, owner, sender, senderIsStale, slot, at: now, &directives)
        if let ownership = states[slot].ownership {
            guard owner != me else { return }
            schedule.request(at: now, timing)
            let claim = Claim(term: entry.term, owner: owner, allocation: entry.allocation)
            let mine = Claim(term: ownership.term, owner: me, allocation: 0)
            if states[slot].isHigher(entry.term, owner, than: mine) {
                giveWay(slot, to: claim, .higherClaim, &directives)
            } else if owner == sender {
                announceAgain(slot, at: now, &directives)
                states[slot].unheard = hearsMe ? nil : (claim, states[slot].unheard?.since ?? now)
                if !hearsMe { touch(slot) }
            }
            return
        }
        learn(entry, owner, sender, slot, at: now)
        if case .offer(let to, let settling) = entry.kind, to == me {
            accept(slot, from: sender, settling: settling, at: now, &directives)
        }
    }

    /// Compares a claim with the highest one known for an address that is not owned here.
    private mutating func learn(
        _ entry: ClaimEntry, _ owner: NodeID, _ sender: NodeID, _ slot: Int, at now: Instant
    ) {
        // Somebody repeats a claim of mine that I have given up although it was the higher one.
        if owner == me, entry.term <= states[slot].highestTerm { return }
        let claim = Claim(term: entry.term, owner: owner, allocation: entry.allocation)
        guard let best = states[slot].best else {
            states[slot].best = claim
            touch(slot)
            return
        }
        if best.term == entry.term, best.owner == owner {
            if best.allocation != entry.allocation { states[slot].best?.allocation = entry.allocation }
            // Only its owner can take up a released claim again; somebody else's memory of it is old.
            if best.isReleased, owner == sender {
                states[slot].best?.isReleased = false
                touch(slot)
            }
        } else if states[slot].isHigher(entry.term, owner, than: best) {
            if !best.isReleased, best.owner != owner, best.owner != me, peers[best.owner]?.isPresent == true {
                states[slot].outvoted = (best.owner, now + timing.outvotedPatience)
            }
            states[slot].best = claim
            touch(slot)
        } else if owner == sender, best.owner != sender, best.isReleased || isGone(best.owner),
            peers[sender]?.isPresent == true
        {
            // Nobody stands above it any more: the address is not vacant, whatever its terms were.
            states[slot].highestTerm = max(states[slot].highestTerm, best.term)
            states[slot].best = claim
            touch(slot)
        } else if owner == sender, !best.isReleased, best.owner != sender, best.owner != me,
            peers[best.owner]?.isPresent == true
        {
            // The sender may not hear the owner; who knows the higher claim repeats it.
            states[slot].isRelayed = true
            schedule.request(at: now, timing)
        }
    }

    /// A node whose claims do not stand, whatever it claimed.
    private func isGone(_ node: NodeID) -> Bool {
        node != me && peers[node].map { $0.condition == .gone } ?? true
    }

    private mutating func accept(
        _ slot: Int, from sender: NodeID, settling: Bool, at now: Instant, _ directives: inout [ElectionDirective]
    ) {
        guard isReady, !isStale, !isLeaving, let weight = states[slot].intent?.weights[me],
            states[slot].best?.owner == sender
        else { return }
        // An owner that does not know yet that this is a node of last resort: taking the address would only send it back.
        guard weight >= 0 || states[slot].intent?.weights[sender] ?? -1 < 0 else { return }
        take(slot, settlingSince: settling ? now : nil, at: now, &directives)
    }

    private mutating func announceAgain(_ slot: Int, at now: Instant, _ directives: inout [ElectionDirective]) {
        if let last = states[slot].announcedAgainAt, now - last < timing.reannounceSpacing { return }
        states[slot].announcedAgainAt = now
        directives.append(.announceAgain(states[slot].address))
    }

    // MARK: Refusals

    /// Refuses a claim that the own view has forbidden for a while.
    private mutating func check(
        _ entry: ClaimEntry, _ owner: NodeID, _ sender: NodeID, _ senderIsStale: Bool, _ slot: Int, at now: Instant,
        _ directives: inout [ElectionDirective]
    ) {
        guard isReady, hasIntents, !isStale else { return }
        let isForbidden: Bool
        if let intent = states[slot].intent {
            isForbidden =
                owner == sender
                && (intent.weights[owner] == nil
                    || (senderIsStale && intent.source.allocation.rawValue != entry.allocation))
        } else {
            // A stale helper keeps answering for an address that is gone; a fresh one sees that itself.
            isForbidden = owner == sender || senderIsStale
        }
        guard isForbidden else {
            if !states[slot].mismatches.isEmpty { states[slot].mismatches[sender] = nil }
            return
        }
        guard states[slot].mismatches[sender] != nil || states[slot].mismatches.count < timing.mismatchLimit else {
            return
        }
        // Whoever claims an address long after it went from the own view has not heard of that: not even the first
        // claim is waited for.
        guard let since = states[slot].mismatches[sender] ?? states[slot].goneAt else {
            states[slot].mismatches[sender] = now
            return
        }
        guard now - since >= timing.refuseAfter, refusals.spend(of: timing.refusalLimit, served: since, at: now) else {
            return
        }
        states[slot].mismatches[sender] = now
        directives.append(
            .refuse(
                Refusal(
                    to: sender, address: entry.address,
                    allocation: states[slot].intent?.source.allocation.rawValue)))
    }

    /// A peer that is not stale says that an address is not mine, or that it is nobody's.
    package mutating func receive(_ refusal: Refusal, at now: Instant) -> [ElectionDirective] {
        guard refusal.to == me || refusal.allocation == nil, let slot = slots[refusal.address] else { return [] }
        states[slot].refusedAt = now
        switch states[slot].role {
        case .none, .probing: return []
        case .owner, .helper: break
        }
        guard isStale else {
            let last = states[slot].rereadAt
            if let last, now - last < timing.rereadSpacing { return [] }
            guard rereads.spend(of: timing.rereadLimit, served: last, at: now) else { return [] }
            states[slot].rereadAt = now
            return [.reread(refusal.address)]
        }
        var directives: [ElectionDirective] = []
        release(slot, .refused, at: now, &directives)
        touch(slot)
        return directives
    }

    // MARK: The own list

    /// Everything claimed here, cut into parts of at most `capacity` bytes; `nil` when no list is due.
    package mutating func claims(at now: Instant, capacity: Int) -> [ClaimsPart]? {
        guard isReady, now >= schedule.due else { return nil }
        schedule.sent(at: now, timing)
        var parts: [[ClaimEntry]] = [[]]
        var room = capacity
        for slot in states.indices {
            guard let entry = ownEntry(slot) else { continue }
            states[slot].isRelayed = false
            let size =
                entry.address.family == .ipv4 ? HelloFrame.claimBytesV4 : HelloFrame.claimBytesV6
            if room < size, !parts[parts.count - 1].isEmpty {
                parts.append([])
                room = capacity
            }
            room -= size
            parts[parts.count - 1].append(entry)
        }
        // Repeats of one list add up: a receiver may miss other parts each time.
        if parts != lastList {
            generation &+= 1
            lastList = parts
        }
        // What cuts a burst off, a switch's storm control or a full queue, drops its end: another one each time.
        let first = firstPart % parts.count
        firstPart = first + 1
        return [first..<parts.count, 0..<first].joined().map { index in
            ClaimsPart(
                generation: generation, index: UInt16(truncatingIfNeeded: index),
                count: UInt16(truncatingIfNeeded: parts.count), entries: parts[index])
        }
    }

    private func ownEntry(_ slot: Int) -> ClaimEntry? {
        let state = states[slot]
        let allocation = state.intent?.source.allocation.rawValue ?? state.best?.allocation ?? 0
        switch state.role {
        case .owner(let ownership):
            let kind: ClaimEntry.Kind =
                ownership.offer.map { .offer(to: $0, settling: ownership.settlingSince != nil) } ?? .own
            return ClaimEntry(address: state.address, term: ownership.term, allocation: allocation, kind: kind)
        case .helper(let owner):
            guard let best = state.best, best.owner == owner else { return nil }
            return ClaimEntry(
                address: state.address, term: best.term, allocation: best.allocation, kind: .held(owner: owner))
        case .none, .probing:
            guard state.isRelayed, let best = state.best, !best.isReleased else { return nil }
            return ClaimEntry(
                address: state.address, term: best.term, allocation: best.allocation, kind: .held(owner: best.owner))
        }
    }
}

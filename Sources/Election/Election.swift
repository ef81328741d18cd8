package import MonotonicTime
package import NetworkAddresses
package import Wire

/// Who announces each address on one link, by the rules of `docs/failover.md`.
///
/// A pure state machine: intents, claims, refusals, the peers' standing and time go in, directives come out. Every node
/// decides for itself; terms on the claims settle what two nodes decide differently. Only addresses that something
/// happened to, or whose time has come, are looked at.
package struct Election: Sendable {
    package internal(set) var timing: ElectionTiming
    let me: NodeID
    package internal(set) var isReady = false
    var isStale = false
    var isLeaving = false
    /// This speaker wakes up late most of the time.
    var isLate = false
    /// The API has been read: an address without an intent is known not to exist.
    var hasIntents = false

    var states: [AddressState] = []
    var slots: [IPAddress: Int] = [:]
    var peers: [NodeID: Standing] = [:]
    var peerOrder: [NodeID] = []
    var lists: [NodeID: ListProgress] = [:]
    var names: [String: NodeID] = [:]
    var schedule: ClaimsSchedule
    var generation: UInt32 = 0
    /// The parts that were sent last, under `generation`.
    var lastList: [[ClaimEntry]] = []
    /// Which of them goes first the next time.
    var firstPart = 0
    /// Addresses that are refused, and refusals that the API is read for, in this second.
    var (refusals, rereads) = (Budget(), Budget())
    var nextDue: Instant?
    var intentCount = 0
    var isAnyDirty = true

    package init(me: NodeID, timing: ElectionTiming, now: Instant) {
        (self.me, self.timing) = (me, timing)
        schedule = ClaimsSchedule(now: now)
    }

    /// Which parts of a peer's newest list have been heard; kept until that is all of them.
    struct ListProgress: Sendable {
        var incarnation: UInt64
        var generation: UInt32
        var count: UInt16
        var received: Set<UInt16>
        var addresses: Set<IPAddress>
    }

    /// When `poll` has something to do; claims of a speaker that is not ready are never due.
    package func nextDeadline(at now: Instant) -> Instant? {
        guard isReady else { return nil }
        let due = min(schedule.due, nextDue ?? schedule.due)
        return isAnyDirty ? min(now, due) : due
    }

    // MARK: The view of the API

    /// Takes a new view. Intents that did not change cost one comparison each.
    package mutating func configure(
        _ intents: [AddressIntent]?, isStale: Bool, isLeaving: Bool, timing: ElectionTiming, at now: Instant
    ) {
        self.timing = timing
        hasIntents = intents != nil
        let wasStale = self.isStale
        if isStale != wasStale || isLeaving != self.isLeaving {
            (self.isStale, self.isLeaving) = (isStale, isLeaving)
            touchAll()
        }
        if isStale != wasStale {
            // What was refused shortly before the own view was found stale is as good as refused now.
            for slot in states.indices {
                guard let refusedAt = states[slot].refusedAt else { continue }
                if wasStale || now - refusedAt >= timing.rereadSpacing { states[slot].refusedAt = nil }
            }
        }
        guard let intents else { return }
        var seen = Set<IPAddress>(minimumCapacity: intents.count)
        for intent in intents where seen.insert(intent.address).inserted {
            let slot = slot(of: intent.address)
            if states[slot].intent?.source == intent { continue }
            states[slot].intent = AddressState.Intent(
                source: intent,
                weights: Dictionary(
                    intent.eligible.map { (identity(of: $0.key), $0.value) }, uniquingKeysWith: { first, _ in first }),
                recordedOwner: intent.recordedOwner.map { identity(of: $0) })
            viewChanged(slot, goneAt: nil, wasStale: wasStale)
        }
        for slot in states.indices where states[slot].intent != nil && !seen.contains(states[slot].address) {
            states[slot].intent = nil
            viewChanged(slot, goneAt: now, wasStale: wasStale)
        }
        intentCount = seen.count
        forgetStrangers()
    }

    /// Refusals that a stale speaker heard stand until it is fresh.
    private mutating func viewChanged(_ slot: Int, goneAt: Instant?, wasStale: Bool) {
        states[slot].mismatches.removeAll()
        states[slot].goneAt = goneAt
        if !wasStale { states[slot].refusedAt = nil }
        touch(slot)
    }

    /// Addresses that the API does not know and that nobody claims any more are forgotten once there are many of them.
    private mutating func forgetStrangers() {
        guard states.count - intentCount > timing.strangerLimit / 2 else { return }
        let before = states.count
        states.removeAll { state in
            guard state.intent == nil, case .none = state.role else { return false }
            guard let best = state.best, !best.isReleased, let owner = peers[best.owner] else { return true }
            return owner.condition == .gone
        }
        guard states.count != before else { return }
        slots = Dictionary(uniqueKeysWithValues: states.enumerated().map { ($0.element.address, $0.offset) })
        isAnyDirty = true
    }

    package mutating func setLate(_ isLate: Bool) {
        self.isLate = isLate
        touchAll()
    }

    mutating func identity(of name: String) -> NodeID {
        if let id = names[name] { return id }
        // Nodes come and go.
        if names.count >= 1024 { names.removeAll() }
        let id = NodeID(name: name)
        names[name] = id
        return id
    }

    // MARK: The peers

    package mutating func update(_ id: NodeID, _ standing: Standing?, at now: Instant) {
        guard peers[id] != standing else { return }
        if peers[id] == nil { peerOrder.append(id) }
        peers[id] = standing
        if standing == nil {
            peerOrder.removeAll { $0 == id }
            lists[id] = nil
        }
        if standing?.isPresent != true {
            for slot in states.indices where !states[slot].mismatches.isEmpty { states[slot].mismatches[id] = nil }
        }
        touchAll()
    }

    // MARK: The own phase

    /// Listening is over: what others held for me is mine again, at the same term.
    package mutating func becomeReady(at now: Instant) -> [ElectionDirective] {
        isReady = true
        var directives: [ElectionDirective] = []
        for slot in states.indices {
            guard let best = states[slot].best, best.owner == me, !best.isReleased, mayAnnounce(slot, me) else {
                continue
            }
            own(slot, term: best.term, settlingSince: nil, at: now, &directives)
        }
        touchAll()
        schedule.changed(at: now, timing)
        return directives
    }

    /// Nothing is held any more. The claims that were heard are kept unless they are to be learnt anew.
    package mutating func stop(forgettingClaims: Bool) {
        isReady = false
        for slot in states.indices {
            states[slot].role = .none
            states[slot].vacantSince = nil
            states[slot].absence = nil
            states[slot].isRelayed = false
            states[slot].outvoted = nil
            if forgettingClaims { states[slot].best = nil }
        }
        if forgettingClaims {
            lists.removeAll()
            peers.removeAll()
            peerOrder.removeAll()
        }
        touchAll()
    }

    /// Those of `alive` who had an address before: by the claim that is remembered of them, or else by the record, whose
    /// claim is then known at term 0.
    package mutating func formerOwners(among alive: Set<NodeID>, at now: Instant) -> Set<NodeID> {
        var owners: Set<NodeID> = []
        for slot in states.indices {
            if let best = states[slot].best {
                if !best.isReleased, alive.contains(best.owner) { owners.insert(best.owner) }
                continue
            }
            guard let owner = states[slot].intent?.recordedOwner, owner != me,
                states[slot].intent?.weights[owner] != nil, alive.contains(owner)
            else { continue }
            states[slot].best = Claim(
                term: 0, owner: owner, allocation: states[slot].intent?.source.allocation.rawValue ?? 0)
            owners.insert(owner)
            touch(slot)
        }
        return owners
    }

    /// The outcome of a probe: take the address, or leave it alone for a while.
    package mutating func probed(_ address: IPAddress, isFree: Bool, at now: Instant) -> [ElectionDirective] {
        guard let slot = slots[address], case .probing = states[slot].role else { return [] }
        states[slot].role = .none
        var directives: [ElectionDirective] = []
        if isFree {
            take(slot, settlingSince: now, at: now, &directives)
        } else {
            states[slot].blockedUntil = now + timing.settling
        }
        touch(slot)
        return directives
    }

    /// A peer should hear the list of claims soon.
    package mutating func requestClaims(at now: Instant) { schedule.request(at: now, timing, parts: lastList.count) }

    // MARK: Reports

    package struct Owned: Sendable {
        package var address: IPAddress
        package var term: UInt32
        package var since: Instant
        package var offeredTo: NodeID?
    }

    package var owned: [Owned] {
        states.compactMap { state in
            state.ownership.map {
                Owned(address: state.address, term: $0.term, since: $0.since, offeredTo: $0.offer)
            }
        }
    }

    package var helped: [IPAddress] {
        states.compactMap { if case .helper = $0.role { $0.address } else { nil } }
    }

    package var probing: [IPAddress] {
        states.compactMap { if case .probing = $0.role { $0.address } else { nil } }
    }

    /// Whether `owner` may have held the address before: what a peer says of others must fit the view of the API.
    package func mayHaveHeld(_ address: IPAddress, _ owner: NodeID) -> Bool {
        !hasIntents || slots[address].flatMap { states[$0].intent?.weights[owner] } != nil
    }

    /// How many addresses something is remembered of.
    package var rememberedAddresses: Int { states.count }

    /// The highest claim known for an address.
    package func claim(on address: IPAddress) -> Claim? { slots[address].flatMap { states[$0].best } }

    // MARK: Book-keeping

    mutating func slot(of address: IPAddress) -> Int {
        if let slot = slots[address] { return slot }
        slots[address] = states.count
        states.append(AddressState(address: address))
        isAnyDirty = true
        return states.count - 1
    }

    mutating func touch(_ slot: Int) {
        states[slot].isDirty = true
        isAnyDirty = true
    }

    mutating func touchAll() {
        for slot in states.indices { states[slot].isDirty = true }
        isAnyDirty = true
    }
}

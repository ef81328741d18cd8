package import AddressPools
package import KubernetesModel
import MonotonicTime
import NetworkAddresses

/// Makes the ``ControllerPlan`` and keeps it up to date.
///
/// A change of one Service costs only what that Service needs; a change of pools, nodes or namespaces that matters is
/// planned from scratch. Both give the same plan. Services are served in the order of their age.
package struct ControllerPlanner: Sendable {
    package let policy: ControllerPolicy
    package private(set) var snapshot: ClusterSnapshot
    package internal(set) var table: PoolTable
    package internal(set) var allocator: Allocator
    var records: [ObjectKey: Record] = [:]
    /// Services that have not all that they want.
    var waiting: Set<ObjectKey> = []
    /// Those of them that ask for an address by number: whoever moves there changes what they are told.
    private var waitingFor: [IPAddress: Set<ObjectKey>] = [:]
    /// What Services had last of the families that they have nothing of now.
    var lost: [ObjectKey: [IPAddress]] = [:]
    var conflicts: [IPAddress: SeenConflict] = [:]
    /// By ServiceL2Status: the addresses that a host had first.
    var disputes: [ObjectKey: Set<IPAddress>] = [:]
    /// Whose entries in announcements no longer count.
    private(set) var silence: SpeakerSilence
    private(set) var shown = ShownAddresses()
    /// Services and pools whose plan may be another since ``takeTouched()``.
    private var touched = Touched()

    /// What the planner remembers of one Service of Herald's.
    struct Record: Sendable {
        var age: CreationOrder
        var uid: String?
        var request: AddressRequest
        var problem: RequestProblem?
        var seen: [IPAddress]
        var outcome: AllocationOutcome = .satisfied
        var change = AllocationChange()

        /// - Parameter held: Once the status shows them, there is nothing more to tell of how they came.
        mutating func inherit(_ old: Record, holding held: [IPAddress]) {
            outcome = old.outcome
            change = seen == held ? AllocationChange() : old.change
        }
    }

    package struct Touched: Sendable {
        package var services: Set<ObjectKey> = []
        /// Everything was planned anew.
        package var everything = false
        package var announcements = false

        package var isEmpty: Bool { services.isEmpty && !everything && !announcements }
    }

    package init(
        _ snapshot: ClusterSnapshot, policy: ControllerPolicy, memory: ControllerMemory = ControllerMemory(),
        at now: PlanTime
    ) {
        (self.snapshot, self.policy) = (snapshot, policy)
        table = PoolTable(snapshot)
        conflicts = memory.conflicts
        silence = memory.silence ?? SpeakerSilence(at: now.instant)
        allocator = Allocator(pools: [])
        if memory.silence == nil {
            _ = silence.take(.replaced(Array(snapshot.leases.values)), at: now.instant)
            let records = ClusterChange.announcement(.replaced(Array(snapshot.announcements.values)))
            _ = silence.sees(ClusterSnapshot().writers(of: records), at: now.instant)
        }
        updateConflicts(at: now)
        planFromScratch(memory, at: now)
    }

    package var memory: ControllerMemory {
        var memory = ControllerMemory()
        memory.quarantine = allocator.quarantine
        memory.conflicts = conflicts
        memory.silence = silence
        for (key, record) in records {
            let addresses = allocator.holdings[Holder(key)]?.addresses ?? []
            memory.decisions[key] = ControllerMemory.Decision(
                uid: record.uid, addresses: addresses, sharing: record.request.sharing, seen: record.seen,
                last: lost[key] ?? [])
        }
        return memory
    }

    /// Whether ``takeTouched()`` would say anything.
    package var isTouched: Bool { !touched.isEmpty }

    /// Which plans may have changed since the last call.
    package mutating func takeTouched() -> Touched {
        defer { touched = Touched() }
        return touched
    }

    // MARK: Taking in changes

    package mutating func apply(_ change: ClusterChange, at now: PlanTime) {
        let (before, writers) = (snapshot.previous(of: change), snapshot.writers(of: change))
        snapshot.apply(change)
        switch change {
        case .service(.applied(let service)): update(service.key, service, at: now)
        case .service(.deleted(let service)): update(service.key, nil, at: now)
        case .service(.replaced):
            shown.endWrites()
            replan(at: now)
        case .pool(.replaced): replan(at: now)
        case .pool, .node, .namespace, .serviceCIDR: replanIfRulesChanged(at: now)
        case .announcement(let change):
            touched.announcements = true
            for key in Self.services(change) + before { touched.services.insert(key) }
            touch(announcedBy: silence.sees(writers, at: now.instant))
            let had = (conflicts, dependency)
            switch change {
            case .applied(let object): takeInConflicts(of: object, at: now)
            case .replaced: updateConflicts(at: now)
            case .deleted(let object): disputes[object.key] = nil
            }
            replanIfConflictsChanged(since: had, at: now)
        case .lease(let change): touch(announcedBy: silence.take(change, at: now.instant))
        case .advertisement, .endpointSlice: break
        }
    }

    /// A write of the Service's plan is under way.
    package mutating func beginWrite(_ key: ObjectKey) {
        if let plan = plan(for: key) { shown.beginWrite(key, writable(plan, for: key).addresses) }
    }

    /// The write did not happen, or its echo is lost.
    package mutating func endWrite(_ key: ObjectKey) { touchWaiting(for: shown.endWrite(key)) }

    /// Who is to have these addresses and had to wait may go on.
    private mutating func touchWaiting(for addresses: [IPAddress]) {
        for address in addresses {
            for holder in allocator.holders(of: address) {
                let key = ObjectKey(holder)
                if records[key]?.seen.contains(address) != true { touched.services.insert(key) }
            }
        }
    }

    /// Lets what has waited long enough end: to be called now and then.
    package mutating func tick(at now: PlanTime) {
        let announcers = Set(snapshot.announcements.values.flatMap(\.announcers))
        touch(announcedBy: silence.judge(among: announcers, at: now.instant))
        let had = (conflicts, dependency)
        updateConflicts(at: now)
        replanIfConflictsChanged(since: had, at: now)
    }

    /// What these nodes say counts no more, or counts again.
    private mutating func touch(announcedBy nodes: Set<String>) {
        guard !nodes.isEmpty else { return }
        touched.announcements = true
        for object in snapshot.announcements.values where object.announcers.contains(where: nodes.contains) {
            if let service = object.service { touched.services.insert(service) }
        }
    }

    private mutating func replanIfRulesChanged(at now: PlanTime) {
        let new = PoolTable(snapshot)
        let had = dependency
        updateConflicts(at: now)
        touched.announcements = true
        guard new != table || dependency != had else { return }
        replan(at: now)
    }

    private mutating func replanIfConflictsChanged(
        since had: (conflicts: [IPAddress: SeenConflict], dependency: Disputes), at now: PlanTime
    ) {
        if conflicts != had.conflicts { touched.announcements = true }
        if dependency != had.dependency { replan(at: now) }
    }

    private var dependency: Disputes {
        Disputes(
            hosts: conflicts.mapValues(\.hardwareAddress),
            disputed: disputes.values.reduce(into: []) { $0.formUnion($1) })
    }

    private mutating func replan(at now: PlanTime) {
        table = PoolTable(snapshot)
        updateConflicts(at: now)
        planFromScratch(memory, at: now)
    }

    private mutating func update(_ key: ObjectKey, _ service: Service?, at now: PlanTime) {
        touched.services.insert(key)
        let ended = shown.endWrite(key)
        touchWaiting(for: ended + shown.see(key, service.map(ownAddresses) ?? []))
        let old = records[key]
        let holder = Holder(key)
        guard let service, var record = makeRecord(service) else {
            stopWaiting(key)
            (records[key], lost[key]) = (nil, nil)
            guard old != nil else { return }
            touched.announcements = true
            let openings = allocator.openings
            allocator.release(holder, at: now.instant)
            settle([], retryWaiting: allocator.openings != openings, at: now.instant)
            return
        }
        let sameObject = old.map { $0.uid == record.uid } ?? false
        let held = allocator.holdings[holder]?.addresses ?? []
        if let old, sameObject, old.request == record.request, old.problem == record.problem,
            record.seen.isEmpty || record.seen == held || record.seen == old.seen
        {
            records[key]?.seen = record.seen
            if record.seen == held { records[key]?.change = AllocationChange() }
            return
        }
        // Let go of all, take again what the new state allows, and send the rest through quarantine.
        let decision = old.map {
            ControllerMemory.Decision(uid: $0.uid, addresses: held, sharing: $0.request.sharing, seen: $0.seen)
        }
        allocator.release(holder, at: nil)
        if let old, sameObject { record.inherit(old, holding: held) } else { lost[key] = nil }
        stopWaiting(key)
        records[key] = record
        let displaced = claim(key, decision)
        if sameObject { remember(held, of: key) }
        for (other, entry) in displaced where other != key { remember(entry.addresses, of: other) }
        let now = now.instant
        for address in held { allocator.quarantine(address, at: now) }
        let kept = allocator.holdings[holder]?.addresses ?? []
        let opened = !held.allSatisfy(kept.contains) || old?.request.sharing != record.request.sharing
        settle([key] + displaced.keys, displaced, retryWaiting: opened, at: now)
    }

    // MARK: Planning

    func makeRecord(_ service: Service) -> Record? {
        guard let parsed = ServiceRequest(service, loadBalancerClass: policy.loadBalancerClass) else { return nil }
        var request = parsed.request
        request.selectingPools = table.pools(selecting: service)
        return Record(
            age: CreationOrder(service.metadata), uid: service.metadata.uid, request: request, problem: parsed.problem,
            seen: service.ingressAddresses)
    }

    private mutating func planFromScratch(_ memory: ControllerMemory, at now: PlanTime) {
        let old = records
        let dependency = dependency
        allocator = Allocator(
            pools: table.pools, refused: table.refused, reserved: table.reserved, conflicts: dependency.hosts,
            disputed: dependency.disputed, quarantine: memory.quarantine)
        (records, waiting, waitingFor) = ([:], [], [:])
        records.reserveCapacity(snapshot.services.count)
        shown.forgetSeen()
        for (key, service) in snapshot.services {
            _ = shown.see(key, ownAddresses(service))
            guard var record = makeRecord(service) else { continue }
            if let old = old[key], old.uid == record.uid {
                record.inherit(old, holding: memory.decisions[key]?.addresses ?? [])
            }
            records[key] = record
        }
        let order = records.map { key, record in
            (comesLast: takesNothing(key, memory.decisions[key]), age: record.age)
        }.sorted { $0.comesLast == $1.comesLast ? $0.age < $1.age : !$0.comesLast }
        var displaced: [ObjectKey: Displaced] = [:]
        for (_, age) in order {
            displaced.merge(claim(age.key, memory.decisions[age.key])) { first, _ in first }
        }
        lost = [:]
        for (key, decision) in memory.decisions.sorted(by: { $0.key < $1.key }) {
            for address in decision.addresses { allocator.quarantine(address, at: now.instant) }
            guard decision.uid == records[key]?.uid else { continue }
            remember(decision.addresses + decision.last, of: key)
        }
        settle(Array(records.keys), displaced, retryWaiting: false, at: now.instant)
        (touched.everything, touched.announcements) = (true, true)
    }

    /// Serves `dirty` Services by age, and whoever waits once something comes free.
    private mutating func settle(
        _ dirty: [ObjectKey], _ displaced: [ObjectKey: Displaced] = [:], retryWaiting: Bool, at now: Instant
    ) {
        var displaced = displaced
        var keys = Set(dirty)
        if retryWaiting { keys.formUnion(waiting) }
        restore(keys)
        keys.formUnion(takeMoved())
        var queue = keys.compactMap { records[$0]?.age }.sorted(by: >)
        // Requests without sharing that failed since something last came free: their likes need not be tried.
        var hopeless: [AddressRequest: AllocationOutcome] = [:]
        while let key = queue.popLast()?.key {
            guard let record = records[key] else { continue }
            let holder = Holder(key)
            let isPlain =
                record.problem == nil && record.request.sharing == nil && record.request.addresses.isEmpty
                && allocator.holdings[holder] == nil
            if isPlain, let outcome = hopeless[record.request] {
                conclude(key, outcome, record.change)
                continue
            }
            let openings = allocator.openings
            serve(key, record, holder, at: now)
            let isOpening = allocator.openings != openings
            var retry = isOpening ? waiting.union(giveBack(&displaced)) : []
            if isOpening {
                let moved = Set(allocator.moved)
                retry.formUnion(restore(lost.filter { $0.value.contains(where: moved.contains) }.keys))
            }
            retry.formUnion(takeMoved())
            retry.remove(key)
            if !retry.isEmpty {
                retry.subtract(queue.map(\.key))
                if !retry.isEmpty { queue = (queue + retry.compactMap { records[$0]?.age }).sorted(by: >) }
            }
            if isOpening {
                hopeless = [:]
            } else if isPlain, let outcome = records[key]?.outcome, outcome != .satisfied {
                hopeless[record.request] = outcome
            }
        }
    }

    /// Who waits for an address that has changed hands; whoever still shows it has to be looked at, too.
    private mutating func takeMoved() -> Set<ObjectKey> {
        var interested: Set<ObjectKey> = []
        for address in allocator.takeMoved() {
            interested.formUnion(waitingFor[address] ?? [])
            touched.services.formUnion(shown.services(seenWith: address))
        }
        return interested
    }

    private mutating func serve(_ key: ObjectKey, _ record: Record, _ holder: Holder, at now: Instant) {
        var (outcome, change) = (record.outcome, record.change)
        if record.problem == .beingDeleted, allocator.holdings[holder] != nil {
            outcome = .satisfied
        } else if let problem = record.problem {
            let isHeld = allocator.holdings[holder] != nil
            outcome = isHeld ? .kept(.problem(problem)) : .refused(.problem(problem))
        } else {
            allocator.prolongQuarantine(at: now) { !shown.services(seenWith: $0).isEmpty }
            switch allocator.fulfil(record.request, for: holder, at: now) {
            case .satisfied: outcome = .satisfied
            case .assigned(let choice): (outcome, change.choice) = (.satisfied, choice)
            case .kept(let refusal): outcome = .kept(.refusal(refusal))
            case .refused(let refusal): outcome = .refused(.refusal(refusal))
            }
            if outcome == .satisfied, let dispute = allocator.dispute(of: holder, record.request) {
                outcome = .kept(.refusal(dispute))
            }
        }
        conclude(key, outcome, change)
    }

    private mutating func conclude(_ key: ObjectKey, _ outcome: AllocationOutcome, _ change: AllocationChange) {
        touched.services.insert(key)
        guard let request = records[key]?.request else { return }
        records[key]?.outcome = outcome
        records[key]?.change = change
        remember([], of: key)
        let wantsMore = outcome != .satisfied || allocator.wantsMore(Holder(key), request)
        guard wantsMore, records[key]?.problem != .beingDeleted else { return stopWaiting(key) }
        waiting.insert(key)
        for address in request.addresses { waitingFor[address, default: []].insert(key) }
    }

    private mutating func stopWaiting(_ key: ObjectKey) {
        guard waiting.remove(key) != nil else { return }
        for address in records[key]?.request.addresses ?? [] {
            waitingFor[address]?.remove(key)
            if waitingFor[address]?.isEmpty == true { waitingFor[address] = nil }
        }
    }
}

extension Holder {
    package init(_ key: ObjectKey) { self.init(namespace: key.namespace, name: key.name) }
}

extension ObjectKey {
    package init(_ holder: Holder) { self.init(namespace: holder.namespace, name: holder.name) }
}

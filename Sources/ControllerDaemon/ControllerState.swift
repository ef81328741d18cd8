import KubernetesModel
package import MonotonicTime
package import Reconciliation

/// What a controller knows, and what it has to write next: a value, driven by ``Controller``.
///
/// A standby keeps the snapshot warm and plans nothing. A leader plans once every list is complete. Each object has at
/// most one write under way, and the next one waits for the watch to deliver what the last one did.
package struct ControllerState: Sendable {
    private enum Role {
        case standby(ClusterSnapshot)
        case leading(ControllerPlanner)
    }

    package let policy: ControllerPolicy
    private let limit: Int
    private var role = Role.standby(ClusterSnapshot())
    private let watches: Set<Watch>
    private var missing: Set<Watch>
    private var isElected = false

    private struct Failure {
        var count: Int
        var retryAt: Instant
        /// Until `retryAt`, nothing is written.
        var isWaiting = true
    }

    /// A look at all objects of a kind, once in a while at most.
    private struct Chore {
        private(set) var due: Instant?
        private var last: Instant?

        mutating func ask(at now: Instant) {
            due = due ?? last.map { max(now, $0 + ControllerState.choreInterval) } ?? now
        }

        mutating func begins(at now: Instant) -> Bool {
            guard let due, due <= now else { return false }
            (self.due, last) = (nil, now)
            return true
        }
    }

    private var queue: [ObjectKey] = []
    private var queued: Set<ObjectKey> = []
    private var chores: [Work] = []
    /// Given out, and not finished.
    private var running: Set<Work.Target> = []
    /// Written, or about to be, since then; the watch has not delivered it.
    private var busy: [Work.Target: Instant] = [:]
    private var failures: [Work.Target: Failure] = [:]
    private var handovers = HandoverPause()
    private var contests = StatusContests()
    private var pools = Chore()
    private var sweep = Chore()
    private var nextTick: Instant?

    /// Pools and leftovers are looked at that often at most.
    static let choreInterval = Interval.seconds(1)
    static let tickInterval = Interval.seconds(60)
    /// The watch should have delivered a write by then.
    static let echoLimit = Interval.seconds(30)

    package init(policy: ControllerPolicy, watches: Set<Watch>, concurrency: Int = 16) {
        (self.policy, limit, self.watches, missing) = (policy, concurrency, watches, watches)
    }

    package var isSynced: Bool { missing.isEmpty }
    package var missingWatches: [Watch] { missing.sorted { $0.rawValue < $1.rawValue } }

    package var planner: ControllerPlanner? {
        if case .leading(let planner) = role { planner } else { nil }
    }

    package var snapshot: ClusterSnapshot {
        switch role {
        case .standby(let snapshot): snapshot
        case .leading(let planner): planner.snapshot
        }
    }

    /// Whether all that is known of Services has been planned and written, and has come back through the watch.
    package var isAtRest: Bool {
        guard case .leading(let planner) = role else { return false }
        return !planner.isTouched && queue.isEmpty && running.isEmpty && busy.isEmpty
            && handovers.nextEnd == nil && !isRetrying
    }

    /// Whether a write has failed, or somebody else's has replaced it, and it is to be tried again.
    package var isRetrying: Bool { failures.values.contains(where: \.isWaiting) || contests.isAny }

    // MARK: Taking in

    package mutating func apply(_ change: ClusterChange, at now: PlanTime) {
        let change = change.listed == nil ? change : snapshot.completing(change)
        let isEcho = change.appliedService.map { busy[Work.Target(kind: Service.resource.kind, key: $0.key)] != nil }
        switch change {
        case .service(.applied(let object)), .service(.deleted(let object)): settled(Service.self, object.key)
        case .pool(.applied(let object)): settled(IPAddressPool.self, object.key)
        case .announcement(.applied(let object)): settled(ServiceL2Status.self, object.key)
        case .pool(.deleted(let object)): vanished(IPAddressPool.self, object.key)
        case .announcement(.deleted(let object)): vanished(ServiceL2Status.self, object.key)
        case .service(.replaced): settledAll(Service.self)
        case .pool(.replaced): settledAll(IPAddressPool.self)
        case .announcement(.replaced): settledAll(ServiceL2Status.self)
        default: break
        }
        // Moved out and in again, so that no copy is made.
        switch role {
        case .standby(var snapshot):
            role = .standby(ClusterSnapshot())
            snapshot.apply(change.trimmed)
            role = .standby(snapshot)
        case .leading(var planner):
            role = .standby(ClusterSnapshot())
            let before = change.appliedService.flatMap { planner.snapshot.services[$0.key] }
            planner.apply(change.trimmed, at: now)
            if let before, let service = change.appliedService, isEcho == false {
                compare(before, service, planner, at: now)
            }
            role = .leading(planner)
        }
        if let watch = change.listed, missing.remove(watch) != nil { beginIfReady(at: now) }
    }

    /// Notices that what the plan has, and the Service had, is there no more.
    private mutating func compare(
        _ before: Service, _ service: Service, _ planner: ControllerPlanner, at now: PlanTime
    ) {
        guard before.metadata.uid == service.metadata.uid, let plan = planner.plan(for: service.key),
            plan.conditions != nil
        else { return }
        if plan.isShown(in: before), !plan.isShown(in: service) {
            let written = (service.status?.loadBalancer?.ingress ?? []).compactMap { $0.ip ?? $0.hostname }
            return contests.overwritten(service.key, .addresses(written), at: now.instant)
        }
        var pauses = handovers
        let told = contests.tell(pauses.hold(plan, for: before, at: now.instant), for: service.key)
        if told.write(for: before, change: nil, at: now.wall) == nil,
            told.write(for: service, change: nil, at: now.wall) != nil
        {
            contests.overwritten(service.key, .marks, at: now.instant)
        }
    }

    private mutating func settled<Object: KubernetesObject>(_ type: Object.Type, _ key: ObjectKey) {
        let target = Work.Target(kind: Object.resource.kind, key: key)
        busy[target] = nil
        // After a conflict, this is the newer object that was on its way.
        if failures[target]?.count == 1 { failures[target]?.isWaiting = false }
    }

    private mutating func settledAll<Object: KubernetesObject>(_ type: Object.Type) {
        busy = busy.filter { $0.key.kind != Object.resource.kind }
    }

    private mutating func vanished<Object: KubernetesObject>(_ type: Object.Type, _ key: ObjectKey) {
        let target = Work.Target(kind: Object.resource.kind, key: key)
        (busy[target], failures[target]) = (nil, nil)
    }

    /// The API server does not serve this type: nothing is waited for.
    package mutating func ignore(_ watch: Watch, at now: PlanTime) {
        if missing.remove(watch) != nil { beginIfReady(at: now) }
    }

    /// It begins with lists that are younger than the election: a watch may have been dead for a while without a word.
    /// What the last leader has assigned since must not be assigned again, and judged by old pools, it would be released.
    package mutating func becameLeader() {
        isElected = true
        missing = watches
    }

    package mutating func lostLeadership() {
        isElected = false
        guard case .leading(let planner) = role else { return }
        role = .standby(planner.snapshot)
        (queue, queued, chores, busy, failures) = ([], [], [], [:], [:])
        (pools, sweep, nextTick) = (Chore(), Chore(), nil)
        (handovers, contests) = (HandoverPause(), StatusContests())
    }

    private mutating func beginIfReady(at now: PlanTime) {
        guard isElected, isSynced, case .standby(let snapshot) = role else { return }
        role = .leading(ControllerPlanner(snapshot, policy: policy, at: now))
        nextTick = now.instant + Self.tickInterval
    }

    // MARK: Giving out work

    /// The next request to make; `nil` when there is nothing to do now, or enough is under way.
    package mutating func next(at now: PlanTime) -> Work? {
        guard running.count < limit, case .leading(var planner) = role else { return nil }
        role = .standby(ClusterSnapshot())
        defer { role = .leading(planner) }
        if let tick = nextTick, tick <= now.instant {
            planner.tick(at: now)
            retryLostEchoes(&planner, at: now.instant)
            nextTick = now.instant + Self.tickInterval
        }
        collect(&planner, at: now.instant)
        while let work = nextService(planner, at: now) ?? nextChore(planner, at: now) {
            if isHeldBack(work.target, at: now.instant) { continue }
            busy[work.target] = now.instant
            if case .service = work { planner.beginWrite(work.target.key) }
            running.insert(work.target)
            return work
        }
        return nil
    }

    /// How long nothing will be due unless something happens; `nil` when only an event can bring more to do, be it that
    /// one of the writes under way ends.
    package func idle(at now: Instant) -> Interval? {
        guard running.count < limit, case .leading = role else { return nil }
        let retry = failures.values.lazy.filter(\.isWaiting).map(\.retryAt).min()
        let due = [pools.due, sweep.due, nextTick, retry, handovers.nextEnd, contests.nextDue].compactMap { $0 }.min()
        return due.map { max($0 - now, .milliseconds(10)) }
    }

    package mutating func finished(_ work: Work, _ result: WorkResult, at now: Instant) {
        let target = work.target
        running.remove(target)
        // What the watch has delivered meanwhile had to wait for this end.
        let isOutdated = busy[target] == nil
        if isOutdated { lookAgain(target, at: now) }
        switch result {
        case .written: failures[target] = nil
        case .gone:
            failures[target] = nil
            if case .service = work { endWrite(target.key) }
        case .conflict, .failed:
            busy[target] = nil
            if case .service = work { endWrite(target.key) }
            let count = (failures[target]?.count ?? 0) + 1
            let delay = Interval.milliseconds(500 << Int64(min(count - 1, 6)))
            failures[target] = Failure(count: count, retryAt: now + delay, isWaiting: count > 1 || !isOutdated)
        }
    }

    private mutating func endWrite(_ key: ObjectKey) {
        guard case .leading(var planner) = role else { return }
        role = .standby(ClusterSnapshot())
        planner.endWrite(key)
        role = .leading(planner)
    }

    private mutating func collect(_ planner: inout ControllerPlanner, at now: Instant) {
        let touched = planner.takeTouched()
        if touched.everything {
            for key in planner.snapshot.services.keys.sorted(by: >) { enqueue(key) }
        } else {
            for key in touched.services { enqueue(key) }
        }
        for (target, failure) in failures where failure.isWaiting && failure.retryAt <= now {
            failures[target]?.isWaiting = false
            lookAgain(target, at: now)
        }
        for key in handovers.takeEnded(at: now) + contests.takeDue(at: now) { enqueue(key) }
        if !touched.isEmpty { pools.ask(at: now) }
        if touched.announcements { sweep.ask(at: now) }
    }

    private mutating func lookAgain(_ target: Work.Target, at now: Instant) {
        if target.kind == Service.resource.kind {
            enqueue(target.key)
        } else {
            pools.ask(at: now)
            sweep.ask(at: now)
        }
    }

    private mutating func enqueue(_ key: ObjectKey) {
        if queued.insert(key).inserted { queue.append(key) }
    }

    private mutating func nextService(_ planner: ControllerPlanner, at now: PlanTime) -> Work? {
        while let key = queue.popLast() {
            queued.remove(key)
            guard let service = planner.snapshot.services[key], let plan = planner.plan(for: key),
                let write = contests.tell(
                    handovers.hold(planner.writable(plan, for: key), for: service, at: now.instant), for: key
                ).write(for: service, change: planner.change(of: key), at: now.wall)
            else {
                failures[Work.Target(kind: Service.resource.kind, key: key)] = nil
                if planner.snapshot.services[key] == nil {
                    handovers.forget(key)
                    contests.forget(key)
                }
                continue
            }
            return .service(ObjectReference(service), write)
        }
        return nil
    }

    private mutating func nextChore(_ planner: ControllerPlanner, at now: PlanTime) -> Work? {
        if pools.begins(at: now.instant) {
            chores += planner.snapshot.pools.values.compactMap { pool in
                planner.plan(forPool: pool.metadata.name)?.write(for: pool, at: now.wall)
                    .map { .pool(ObjectReference(pool), $0) }
            }
        }
        if sweep.begins(at: now.instant) {
            chores += planner.leftovers.compactMap { leftover in Work(leftover, planner.snapshot) }
        }
        return chores.popLast()
    }

    /// Whether a write of this object is under way, or has failed or been undone a moment ago.
    private func isHeldBack(_ target: Work.Target, at now: Instant) -> Bool {
        if target.kind == Service.resource.kind, contests.isPaused(target.key, at: now) { return true }
        if running.contains(target) { return true }
        if let since = busy[target], now - since < Self.echoLimit { return true }
        return failures[target].map { $0.isWaiting && now < $0.retryAt } ?? false
    }

    private mutating func retryLostEchoes(_ planner: inout ControllerPlanner, at now: Instant) {
        for (target, since) in busy where now - since >= Self.echoLimit && !running.contains(target) {
            busy[target] = nil
            if target.kind == Service.resource.kind { planner.endWrite(target.key) }
            lookAgain(target, at: now)
        }
    }
}

extension Work {
    init?(_ leftover: Leftover, _ snapshot: ClusterSnapshot) {
        switch leftover {
        case .object(let key): self = .deleteAnnouncement(key, uid: snapshot.announcements[key]?.metadata.uid)
        case .entries(let key, let remaining):
            guard let object = snapshot.announcements[key] else { return nil }
            var patch: JSONValue = ["status": .object(["addresses": .array(remaining.map(\.json))])]
            if let version = object.metadata.resourceVersion {
                patch["metadata"] = .object(["resourceVersion": .string(version)])
            }
            self = .trimAnnouncement(key, PlannedWrite(patch: patch))
        }
    }
}

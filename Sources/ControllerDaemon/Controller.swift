import Daemon
import KubernetesClient
package import Logging
import MonotonicTime
package import Reconciliation
package import Telemetry

/// Drives ``ControllerState``: the reflectors feed it, and while it leads, its work is done.
package actor Controller {
    private var state: ControllerState
    private let bell = Bell()
    private var metrics: ControllerMetrics
    private let logger: Logger
    private let heartbeat: Heartbeat?
    private let onSync: @Sendable (String?) -> Void
    private var metricsDue = Instant(nanoseconds: 0)
    /// Wakes the reflectors: they list everything anew.
    private let staleness = Bell()
    /// Counts the elections won. What a reflector says that began before the last one is not taken in any more.
    private(set) var round = 0

    /// As the plan of many thousand Services takes.
    private static let longPlan = Interval.milliseconds(20)

    /// - Parameters:
    ///   - heartbeat: beats while leading.
    ///   - onSync: told what is still missing, then nil.
    package init(
        _ state: ControllerState, logger: Logger, heartbeat: Heartbeat? = nil,
        onSync: @escaping @Sendable (String?) -> Void = { _ in }
    ) {
        (self.state, self.logger, self.heartbeat, self.onSync) = (state, logger, heartbeat, onSync)
        metrics = ControllerMetrics()
    }

    func apply(_ change: ClusterChange, of round: Int) {
        guard round == self.round else { return }
        let wasSynced = state.isSynced
        let began = MonotonicClock.now()
        state.apply(change, at: .now)
        let took = MonotonicClock.now() - began
        metrics.planned(in: took)
        if took > Self.longPlan {
            logger.info("planning took long", metadata: ["milliseconds": "\(took.nanoseconds / 1_000_000)"])
        }
        if !wasSynced || change.listed != nil { reportSync() }
        bell.ring()
    }

    func ignore(_ watch: Watch, of round: Int) {
        guard round == self.round else { return }
        state.ignore(watch, at: .now)
        reportSync()
        bell.ring()
    }

    private func reportSync() {
        let missing = state.missingWatches.map(\.rawValue).joined(separator: ", ")
        onSync(missing.isEmpty ? nil : "no list yet of: \(missing)")
    }

    /// What is known now, and whether nothing is left to do about it.
    package var standing: (snapshot: ClusterSnapshot, isAtRest: Bool) { (state.snapshot, state.isAtRest) }

    /// Returns when everything must be listed anew, or when the task is cancelled.
    func waitUntilStale() async { await staleness.wait() }

    /// Leads until the task is cancelled.
    package func lead(with writer: PlanWriter) async {
        state.becameLeader()
        round += 1
        staleness.ring()
        metrics.leads(true)
        logger.notice("leading: assigning addresses")
        defer {
            state.lostLeadership()
            metrics.leads(false)
            metrics.stop()
            heartbeat?.stop()
        }
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let now = PlanTime.now
                heartbeat?.beat()
                while let work = state.next(at: now) {
                    group.addTask {
                        let result = await writer.perform(work)
                        await self.finished(work, result)
                    }
                }
                let metrics = updateMetrics(at: now.instant)
                let idle = state.idle(at: now.instant) ?? .seconds(60)
                let due = min(now.instant + idle, metrics ?? now.instant + idle)
                if bell.needsAlarm(by: due, at: now.instant) {
                    group.addTask { [bell] in
                        try? await Task.sleep(for: (due - now.instant).duration)
                        bell.rang(due)
                    }
                }
                await bell.wait()
            }
            group.cancelAll()
        }
    }

    /// Costs a look at every Service, so not at every turn.
    /// - Returns: when to come back, if it is too early.
    private func updateMetrics(at now: Instant) -> Instant? {
        guard let planner = state.planner else { return nil }
        guard now >= metricsDue else { return metricsDue }
        metrics.update(planner)
        metricsDue = now + .seconds(5)
        return nil
    }

    private func finished(_ work: Work, _ result: WorkResult) {
        state.finished(work, result, at: MonotonicClock.now())
        metrics.wrote(work, result)
        bell.ring()
    }
}

extension PlanTime {
    static var now: PlanTime { PlanTime(instant: MonotonicClock.now(), wall: .now) }
}

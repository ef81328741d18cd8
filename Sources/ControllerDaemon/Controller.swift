import KubernetesClient
import KubernetesModel
package import Logging
import MonotonicTime
package import Reconciliation
import ServiceLifecycle

/// Drives ``ControllerState``: the reflectors feed it, and while it leads, its work is done.
package actor Controller {
    private var state: ControllerState
    private let signal = WakeSignal()
    private var metrics: ControllerMetrics
    private let logger: Logger
    private let onSync: @Sendable (String?) -> Void

    /// - Parameter onSync: told what is still missing, then nil.
    package init(
        _ state: ControllerState, logger: Logger, onSync: @escaping @Sendable (String?) -> Void = { _ in }
    ) {
        (self.state, self.logger, self.onSync) = (state, logger, onSync)
        metrics = ControllerMetrics()
    }

    package func apply(_ change: ClusterChange) {
        let wasSynced = state.isSynced
        let began = MonotonicClock.now()
        state.apply(change, at: .now)
        metrics.planned(in: MonotonicClock.now() - began)
        if !wasSynced || change.listed != nil { reportSync() }
        signal.wake()
    }

    package func ignore(_ watch: Watch) {
        state.ignore(watch, at: .now)
        reportSync()
        signal.wake()
    }

    private func reportSync() {
        let missing = state.missingWatches.map(\.rawValue).joined(separator: ", ")
        onSync(missing.isEmpty ? nil : "no list yet of: \(missing)")
    }

    /// What is planned now; `nil` unless leading.
    package var plan: ControllerPlan? { state.planner?.plan }

    /// Leads until the task is cancelled.
    package func lead(with writer: PlanWriter) async {
        state.becameLeader(at: .now)
        metrics.leads(true)
        logger.notice("leading: assigning addresses")
        defer {
            state.lostLeadership()
            metrics.leads(false)
            metrics.stop()
        }
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let now = PlanTime.now
                while let work = state.next(at: now) {
                    group.addTask {
                        let result = await writer.perform(work)
                        await self.finished(work, result)
                    }
                }
                if let planner = state.planner { metrics.update(planner) }
                await signal.wait(atMost: .nanoseconds((state.idle(at: now.instant) ?? .seconds(60)).nanoseconds))
            }
            group.cancelAll()
        }
    }

    private func finished(_ work: Work, _ result: WorkResult) {
        state.finished(work, result, at: MonotonicClock.now())
        metrics.wrote(work, result)
        signal.wake()
    }
}

extension PlanTime {
    static var now: PlanTime { PlanTime(instant: MonotonicClock.now(), wall: .now) }
}

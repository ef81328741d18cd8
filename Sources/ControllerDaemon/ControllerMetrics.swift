import AddressPools
import Metrics
import MonotonicTime
import NetworkAddresses
import Reconciliation

/// The controller's metrics; their names are in `MetricCatalogue.controller`.
struct ControllerMetrics: Sendable {
    private let leader = Gauge(label: "herald_leader")
    private let unannounced = Gauge(label: "herald_addresses_unannounced")
    private let allocated = Gauge(label: "herald_services", dimensions: [("state", "allocated")])
    private let waiting = Gauge(label: "herald_services", dimensions: [("state", "waiting")])
    private let planning = Timer(label: "herald_plan_duration_seconds")

    func leads(_ leads: Bool) { leader.record(leads ? 1 : 0) }

    func planned(in time: Interval) { planning.recordNanoseconds(time.nanoseconds) }

    func wrote(_ work: Work, _ result: WorkResult) {
        let outcome =
            switch result {
            case .written: "written"
            case .conflict: "conflict"
            case .gone: "gone"
            case .failed: "failed"
            }
        Counter(label: "herald_plan_writes_total", dimensions: [("result", outcome)]).increment()
        guard case .service(_, let write) = work, result == .written else { return }
        for event in write.events {
            Counter(label: "herald_allocations_total", dimensions: [("result", event.reason)]).increment()
        }
    }

    func update(_ planner: ControllerPlanner) {
        waiting.record(planner.waitingCount)
        allocated.record(planner.serviceCount - planner.waitingCount)
        for name in planner.table.verdicts.keys {
            guard let pool = planner.plan(forPool: name) else { continue }
            Gauge(label: "herald_pool_ready", dimensions: [("pool", name)]).record(pool.ready.status ? 1 : 0)
            Gauge(label: "herald_pool_conflicts", dimensions: [("pool", name)]).record(pool.conflicts.count)
            for (family, usage) in [(IPFamily.ipv4, pool.v4), (.ipv6, pool.v6)] {
                let labels = [("pool", name), ("family", family.rawValue)]
                let size = usage.assigned.addingReportingOverflow(usage.available)
                Gauge(label: "herald_pool_addresses", dimensions: labels)
                    .record(size.overflow ? Double(Int64.max) : Double(size.partialValue))
                Gauge(label: "herald_pool_addresses_assigned", dimensions: labels).record(usage.assigned)
            }
        }
    }
}

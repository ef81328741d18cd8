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
    private var pools: Set<String> = []

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

    mutating func update(_ planner: ControllerPlanner) {
        unannounced.record(planner.unannouncedCount)
        waiting.record(planner.waitingCount)
        allocated.record(planner.serviceCount - planner.waitingCount)
        let names = Set(planner.table.verdicts.keys)
        for gone in pools.subtracting(names) { forget(gone) }
        pools = names
        let families = Dictionary(
            uniqueKeysWithValues: planner.table.pools.map { ($0.name, Set($0.ranges.map(\.family))) })
        for name in names {
            guard let pool = planner.plan(forPool: name) else { continue }
            ready(name).record(pool.ready.status ? 1 : 0)
            conflicts(name).record(pool.conflicts.count)
            for (family, usage) in [(IPFamily.ipv4, pool.v4), (.ipv6, pool.v6)] {
                // No address of a family that it has ranges of is trouble; a family that it has none of is not.
                guard families[name]?.contains(family) == true else {
                    forget(name, family)
                    continue
                }
                let size = usage.assigned.addingReportingOverflow(usage.available)
                addresses(name, family).record(size.overflow ? Double(Int64.max) : Double(size.partialValue))
                assigned(name, family).record(usage.assigned)
            }
        }
    }

    /// A controller that leads no more knows nothing about pools and Services that it should go on saying.
    mutating func stop() {
        for name in pools { forget(name) }
        pools = []
        for gauge in [unannounced, waiting, allocated] { gauge.record(0) }
    }

    private func forget(_ pool: String) {
        ready(pool).destroy()
        conflicts(pool).destroy()
        for family in IPFamily.allCases { forget(pool, family) }
    }

    private func forget(_ pool: String, _ family: IPFamily) {
        addresses(pool, family).destroy()
        assigned(pool, family).destroy()
    }

    private func ready(_ pool: String) -> Gauge { Gauge(label: "herald_pool_ready", dimensions: [("pool", pool)]) }

    private func conflicts(_ pool: String) -> Gauge {
        Gauge(label: "herald_pool_conflicts", dimensions: [("pool", pool)])
    }

    private func addresses(_ pool: String, _ family: IPFamily) -> Gauge {
        Gauge(label: "herald_pool_addresses", dimensions: [("pool", pool), ("family", family.rawValue)])
    }

    private func assigned(_ pool: String, _ family: IPFamily) -> Gauge {
        Gauge(label: "herald_pool_addresses_assigned", dimensions: [("pool", pool), ("family", family.rawValue)])
    }
}

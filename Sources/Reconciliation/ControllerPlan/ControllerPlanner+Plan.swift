package import AddressPools
package import KubernetesModel
import MonotonicTime
import NetworkAddresses

extension ControllerPlanner {
    /// The whole plan. Costs the whole cluster; the daemon asks for the touched parts instead.
    package var plan: ControllerPlan {
        var services: [ObjectKey: ServicePlan] = [:]
        for key in snapshot.services.keys { services[key] = plan(for: key) }
        let pools = Dictionary(table.verdicts.keys.map { ($0, plan(forPool: $0)) }) { first, _ in first }
        return ControllerPlan(services: services, pools: pools.compactMapValues { $0 }, leftovers: leftovers)
    }

    /// `nil` when the Service is none of Herald's business and has no trace of it.
    package func plan(for key: ObjectKey) -> ServicePlan? {
        guard let service = snapshot.services[key] else { return nil }
        guard let record = records[key] else {
            return service.hasTraces ? ServicePlan(addresses: othersAddresses(service), pool: nil) : nil
        }
        let held = allocator.holdings[Holder(key)]
        return servicePlan(key, held?.addresses ?? [], pool: held?.pool, record.outcome, record.request)
    }

    func servicePlan(
        _ key: ObjectKey, _ addresses: [IPAddress], pool: String?, _ outcome: AllocationOutcome,
        _ request: AddressRequest
    ) -> ServicePlan {
        ServicePlan(
            addresses: addresses, pool: pool,
            conditions: ServicePlan.Conditions(
                allocated: .allocated(outcome, addresses, pool: pool, request: request),
                announced: .announced(addresses, entries: entries(of: key), service: key)))
    }

    /// Why the Service's addresses are what they are since they last changed.
    package func change(of key: ObjectKey) -> AllocationChange? { records[key]?.change }

    package func outcome(of key: ObjectKey) -> AllocationOutcome? { records[key]?.outcome }

    /// What the Service asks for, as the allocator sees it.
    package func request(of key: ObjectKey) -> AddressRequest? { records[key]?.request }

    package var waitingCount: Int { waiting.count { allocator.holdings[Holder($0)] == nil } }
    /// Assigned addresses that no speaker says it announces.
    package var unannouncedCount: Int {
        allocator.holdings.reduce(0) { count, holding in
            let announced = entries(of: ObjectKey(holding.key)).filter(\.isAnnouncing).compactMap {
                IPAddress($0.address)
            }
            return count + holding.value.addresses.count { !announced.contains($0) }
        }
    }

    package var serviceCount: Int { records.count }

    package func plan(forPool name: String) -> PoolPlan? {
        guard let verdict = table.verdicts[name], let pool = snapshot.pools[ObjectKey(name: name)] else { return nil }
        let none = PoolUsage(assigned: 0, available: 0)
        let ranges = table.ranges(of: pool)
        let seen = conflicts.filter { conflict in ranges.contains { $0.contains(conflict.key) } }
        return PoolPlan(
            ready: .ready(verdict), v4: allocator.usage(of: name, .ipv4) ?? none,
            v6: allocator.usage(of: name, .ipv6) ?? none,
            conflicts: seen.sorted { $0.key < $1.key }.prefix(1024).map {
                IPAddressPool.Conflict(
                    address: $0.key.description, hardwareAddress: $0.value.hardwareAddress, seen: $0.value.seen)
            })
    }

    /// What speakers say of a Service's addresses, but those that have fallen silent.
    private func entries(of key: ObjectKey) -> [ServiceL2Status.Announced] {
        let name = ServiceL2Status.objectName(of: key)
        return living(snapshot.announcements[ObjectKey(namespace: policy.namespace, name: name)])
    }

    private func living(_ object: ServiceL2Status?) -> [ServiceL2Status.Announced] {
        (object?.status?.addresses ?? []).filter { !silence.nodes.contains($0.node) }
    }

    /// What stays in the status of a Service that is not Herald's any more. A load balancer is another class's now, and
    /// so are its addresses: a Service's own class can't change while it is one, so it is the controller's that did.
    private func othersAddresses(_ service: Service) -> [IPAddress] {
        service.spec?.type == "LoadBalancer" ? service.ingressAddresses : []
    }

    /// What is to be cleared away, in the order of the objects' names.
    package var leftovers: [Leftover] {
        let nodes = Set(snapshot.nodes.keys.map(\.name))
        return snapshot.announcements.sorted { $0.key < $1.key }.compactMap { key, object in
            // Another class's load balancer may be one that the speakers still serve.
            if let service = object.service, snapshot.services[service]?.spec?.type != "LoadBalancer" {
                return .object(key)
            }
            // Without any node in sight, the list of nodes is not to be trusted.
            let remaining = living(object).filter { nodes.isEmpty || nodes.contains($0.node) }
            return remaining.count == object.announcers.count ? nil : .entries(key, remaining: remaining)
        }
    }

    static func services(_ change: ObjectChange<ServiceL2Status>) -> [ObjectKey] {
        switch change {
        case .replaced(let all, _): all.compactMap(\.service)
        case .applied(let one), .deleted(let one): [one.service].compactMap { $0 }
        }
    }

    // MARK: Conflicts

    /// Takes in all that speakers report and pools remember, and drops what is too old, or in no pool any more.
    mutating func updateConflicts(at now: PlanTime) {
        // What a clock that ran ahead has stamped would grow old late, or never.
        let present = Timestamp(seconds: now.wall.microseconds / 1_000_000)
        for (address, known) in conflicts where known.seen > present { conflicts[address]?.seen = present }
        for pool in snapshot.pools.values { takeInConflicts(of: pool, before: present, at: now) }
        disputes = [:]
        for object in snapshot.announcements.sorted(by: { $0.key < $1.key }).map(\.value) {
            takeInConflicts(of: object, at: now)
        }
        guard !conflicts.isEmpty else { return }
        let ranges = snapshot.pools.values.flatMap { table.ranges(of: $0) }
        conflicts = conflicts.filter { conflict in
            isFresh(conflict.value, at: now) && ranges.contains { $0.contains(conflict.key) }
        }
    }

    private func isFresh(_ conflict: SeenConflict, at now: PlanTime) -> Bool {
        now.wall.microseconds - conflict.seen.microseconds < policy.conflictRetention.nanoseconds / 1000
    }

    private mutating func takeInConflicts(of pool: IPAddressPool, before present: Timestamp, at now: PlanTime) {
        for conflict in pool.status?.conflicts ?? [] {
            guard let address = IPAddress(conflict.address), let stamp = conflict.seen else { continue }
            let seen = SeenConflict(hardwareAddress: conflict.hardwareAddress, seen: min(stamp, present))
            if isFresh(seen, at: now), conflicts[address].map({ $0.seen < seen.seen }) ?? true {
                conflicts[address] = seen
            }
        }
    }

    /// The addresses that a speaker has found in use, and that nobody announces. Once an address is announced, a host that
    /// claims it moves nothing: it may have come later, and one forged frame is enough to say so.
    private static func disputed(_ entries: [ServiceL2Status.Announced]) -> Set<IPAddress>? {
        let unused = entries.filter { $0.conflict != nil && !$0.isAnnouncing }.map(\.address)
        guard !unused.isEmpty else { return nil }
        let announced = Set(entries.lazy.filter(\.isAnnouncing).map(\.address))
        return Set(unused.filter { !announced.contains($0) }.compactMap { IPAddress($0) })
    }

    mutating func takeInConflicts(of object: ServiceL2Status, at now: PlanTime) {
        let entries = living(object)
        disputes[object.key] = Self.disputed(entries)
        for entry in entries {
            guard let hardware = entry.conflict, let address = IPAddress(entry.address) else { continue }
            // While it lasts, the record is renewed now and then, not at every look.
            if let known = conflicts[address], known.hardwareAddress == hardware,
                now.wall.microseconds - known.seen.microseconds < 120_000_000
            {
                continue
            }
            // Whole seconds, as the record in the pool's status has.
            let seen = SeenConflict(
                hardwareAddress: hardware, seen: Timestamp(seconds: now.wall.microseconds / 1_000_000))
            conflicts[address] = seen
            // A host that is about may come back to what it used before.
            for (other, known) in conflicts where known.hardwareAddress == hardware { conflicts[other] = seen }
        }
    }
}

/// What a plan depends on of all that is known of foreign hosts: not the times.
struct Disputes: Equatable {
    /// Who uses which address.
    var hosts: [IPAddress: String]
    /// The addresses that a host had before any speaker of ours could announce them.
    var disputed: Set<IPAddress>
}

extension ServiceL2Status {
    /// The node of each entry.
    var announcers: [String] { (status?.addresses ?? []).map(\.node) }
}

extension ClusterSnapshot {
    /// The Services that a change of announcements takes something from.
    func previous(of change: ClusterChange) -> [ObjectKey] {
        guard case .announcement(.replaced) = change else { return [] }
        return announcements.values.compactMap(\.service)
    }

    /// The nodes whose speaker has written an entry that is not known yet.
    func writers(of change: ClusterChange) -> Set<String> {
        guard case .announcement(let change) = change else { return [] }
        let objects: [ServiceL2Status] =
            switch change {
            case .replaced(let all, _): all
            case .applied(let one): [one]
            case .deleted: []
            }
        var writers: Set<String> = []
        for object in objects {
            let known = announcements[object.key]?.status?.addresses ?? []
            for entry in object.status?.addresses ?? [] where !known.contains(entry) { writers.insert(entry.node) }
        }
        return writers
    }
}

extension Service {
    /// Whether Herald has written into this Service.
    var hasTraces: Bool {
        metadata.annotations?[ServiceAnnotation.allocatedFrom] != nil
            || (status?.conditions ?? []).contains {
                $0.type == ConditionType.allocated || $0.type == ConditionType.announced
            }
    }
}

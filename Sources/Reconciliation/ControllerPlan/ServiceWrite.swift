import AddressPools
package import KubernetesModel
import NetworkAddresses

/// One write that brings an object's status in line with the plan, and what people are told about it.
package struct PlannedWrite: Sendable, Hashable {
    /// A merge patch of the status subresource, conditional on the version that it was made from.
    package var patch: JSONValue
    package var events: [PlannedEvent]

    package init(patch: JSONValue, events: [PlannedEvent] = []) { (self.patch, self.events) = (patch, events) }
}

package struct PlannedEvent: Sendable, Hashable {
    package var isWarning: Bool
    package var reason: String
    package var message: String
}

extension ServicePlan {
    /// What is to be written into `service`; `nil` when it says all that already.
    ///
    /// Entries without an IP address and conditions of others stay as they are. A missing `ipMode` alone is no reason
    /// to write: API servers before 1.29 drop it.
    package func write(for service: Service, change: AllocationChange?, at now: Timestamp) -> PlannedWrite? {
        var status: [String: JSONValue] = [:]
        var metadata: [String: JSONValue] = [:]
        if !isShown(in: service) {
            let mine = addresses.map { JSONValue.object(["ip": .string($0.description), "ipMode": "VIP"]) }
            let others = (service.status?.loadBalancer?.ingress ?? []).filter { $0.ip == nil && $0.hostname != nil }
                .map(\.json)
            let list = mine + others
            status["loadBalancer"] = .object(["ingress": list.isEmpty ? .null : .array(list)])
        }
        if service.metadata.annotations?[ServiceAnnotation.allocatedFrom] != pool {
            metadata["annotations"] = .object([ServiceAnnotation.allocatedFrom: pool.map { .string($0) } ?? .null])
        }
        let all = service.status?.conditions ?? []
        let merged = all.setting(ConditionType.allocated, conditions?.allocated, at: now)
            .setting(ConditionType.announced, conditions?.announced, at: now)
        if merged != all { status["conditions"] = merged.isEmpty ? .null : .array(merged.map(\.json)) }
        guard !status.isEmpty || !metadata.isEmpty else { return nil }
        if let version = service.metadata.resourceVersion { metadata["resourceVersion"] = .string(version) }
        var patch: [String: JSONValue] = ["metadata": .object(metadata)]
        if !status.isEmpty { patch["status"] = .object(status) }
        return PlannedWrite(patch: .object(patch), events: events(for: service, before: all, change))
    }

    private func events(
        for service: Service, before: [Condition], _ change: AllocationChange?
    ) -> [PlannedEvent] {
        var events: [PlannedEvent] = []
        if !hasAddresses(of: service), conditions != nil {
            let text = (change ?? AllocationChange()).sentence(
                addresses, pool: pool, replacing: service.ingressAddresses)
            events.append(
                addresses.isEmpty
                    ? PlannedEvent(isWarning: true, reason: "AddressReleased", message: text)
                    : PlannedEvent(isWarning: false, reason: "AddressAssigned", message: text))
        }
        if let allocated = conditions?.allocated, !allocated.status,
            allocated.reason != RequestProblem.beingDeleted.code, before.differs(ConditionType.allocated, allocated)
        {
            events.append(PlannedEvent(isWarning: true, reason: allocated.reason, message: allocated.message))
        }
        if let announced = conditions?.announced, announced.reason == "AddressConflict",
            before.differs(ConditionType.announced, announced)
        {
            events.append(PlannedEvent(isWarning: true, reason: announced.reason, message: announced.message))
        }
        return events
    }
}

extension PoolPlan {
    /// What is to be written into `pool`; `nil` when it says all that already.
    package func write(for pool: IPAddressPool, at now: Timestamp) -> PlannedWrite? {
        let old = pool.status ?? IPAddressPool.Status()
        var new = IPAddressPool.Status(
            assignedIPv4: v4.assigned, assignedIPv6: v6.assigned, availableIPv4: v4.available,
            availableIPv6: v6.available, conflicts: conflicts.isEmpty ? nil : conflicts)
        new.conditions = (old.conditions ?? []).setting(
            ConditionType.ready, ready, at: now, generation: pool.metadata.generation)
        if old.conflicts?.isEmpty == true, new.conflicts == nil { new.conflicts = [] }
        guard new != old else { return nil }
        let status: [String: JSONValue] = [
            "assignedIPv4": .integer(v4.assigned), "assignedIPv6": .integer(v6.assigned),
            "availableIPv4": .integer(v4.available), "availableIPv6": .integer(v6.available),
            "conflicts": conflicts.isEmpty ? .null : .array(conflicts.map(\.json)),
            "conditions": .array((new.conditions ?? []).map(\.json)),
        ]
        var patch: [String: JSONValue] = ["status": .object(status)]
        if let version = pool.metadata.resourceVersion {
            patch["metadata"] = .object(["resourceVersion": .string(version)])
        }
        var write = PlannedWrite(patch: .object(patch))
        if (old.conditions ?? []).differs(ConditionType.ready, ready), ready.reason != "Accepted" {
            write.events = [PlannedEvent(isWarning: true, reason: ready.reason, message: ready.message)]
        }
        return write
    }
}

extension [Condition] {
    fileprivate func differs(_ type: String, _ verdict: ServicePlan.Verdict) -> Bool {
        guard let condition = first(where: { $0.type == type }) else { return true }
        return condition.reason != verdict.reason || condition.message != verdict.message
            || (condition.status == .true) != verdict.status
    }

    /// The list with one condition set or removed; its transition time changes only with its status.
    fileprivate func setting(
        _ type: String, _ verdict: ServicePlan.Verdict?, at now: Timestamp, generation: Int? = nil
    ) -> [Condition] {
        var list = self
        let place = list.firstIndex { $0.type == type }
        guard let verdict else {
            if let place { list.remove(at: place) }
            return list
        }
        let status: Condition.Status = verdict.status ? .true : .false
        let old = place.map { list[$0] }
        let isSame = old?.status == status && old?.lastTransitionTime != nil
        // The API keeps whole seconds: what is read back must equal what was written.
        let second = Timestamp(seconds: now.microseconds / 1_000_000)
        let new = Condition(
            type: type, status: status, reason: verdict.reason, message: verdict.message,
            lastTransitionTime: isSame ? old?.lastTransitionTime : second, observedGeneration: generation)
        if let place { list[place] = new } else { list.append(new) }
        return list
    }
}

extension Condition {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "type": .string(type), "status": .string(status.rawValue), "reason": .string(reason),
            "message": .string(message),
        ]
        if let lastTransitionTime { members["lastTransitionTime"] = .string(lastTransitionTime.seconds) }
        if let observedGeneration { members["observedGeneration"] = .integer(Int64(observedGeneration)) }
        return .object(members)
    }
}

extension Service.Ingress {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [:]
        if let ip { members["ip"] = .string(ip) }
        if let hostname { members["hostname"] = .string(hostname) }
        if let ipMode { members["ipMode"] = .string(ipMode) }
        return .object(members)
    }
}

extension IPAddressPool.Conflict {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["address": .string(address), "hardwareAddress": .string(hardwareAddress)]
        if let seen { members["seen"] = .string(seen.seconds) }
        return .object(members)
    }
}

extension ServiceL2Status.Announced {
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "address": .string(address), "interface": .string(interface), "node": .string(node),
        ]
        if let hardwareAddress { members["hardwareAddress"] = .string(hardwareAddress) }
        if let since { members["since"] = .string(since.seconds) }
        if let conflict { members["conflict"] = .string(conflict) }
        return .object(members)
    }
}

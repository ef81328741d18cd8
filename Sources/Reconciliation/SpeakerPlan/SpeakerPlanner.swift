import Election
import KubernetesModel
import NetworkAddresses

/// Keeps a ``SpeakerPlan`` up to date: changes mark Services, ``update()`` looks again at the marked ones only.
///
/// A change of a Service, of its endpoints or of its record costs that Service; a change of a pool, an advertisement or
/// a node costs all of them (about a microsecond each, because Services under the same advertisements share one
/// dictionary of nodes).
package struct SpeakerPlanner: Sendable {
    package private(set) var snapshot: ClusterSnapshot
    package private(set) var plan: SpeakerPlan
    private let policy: SpeakerPolicy
    private var rules: ClusterRules
    private var slices: [ObjectKey: [ObjectKey: EndpointSlice]] = [:]
    private var records: [String: [ServiceL2Status.Announced]] = [:]
    private var contributions: [ObjectKey: [AddressContribution]] = [:]
    private var holders: [IPAddress: Set<ObjectKey>] = [:]
    private var dirty: Dirty = .everything

    private enum Dirty {
        case services(Set<ObjectKey>)
        case everything
    }

    package init(node: String, policy: SpeakerPolicy = SpeakerPolicy(), snapshot: ClusterSnapshot = ClusterSnapshot()) {
        (self.snapshot, self.policy, plan) = (snapshot, policy, SpeakerPlan(node: node))
        rules = ClusterRules(snapshot, node: node, policy: policy)
        for slice in snapshot.endpointSlices.values { index(slice) }
        for status in snapshot.announcements.values { index(status) }
    }

    package mutating func apply(_ change: ClusterChange) {
        switch change {
        case .service(.applied(let service)), .service(.deleted(let service)): mark(service.key)
        case .endpointSlice(.applied(let slice)):
            snapshot.endpointSlices[slice.key].map { unindex($0) }
            index(slice)
        case .endpointSlice(.deleted(let slice)): unindex(snapshot.endpointSlices[slice.key] ?? slice)
        case .endpointSlice(.replaced(let all, _)):
            slices = [:]
            for slice in all { index(slice) }
            dirty = .everything
        case .announcement(.applied(let status)): index(status)
        case .announcement(.deleted(let status)):
            records[status.metadata.name] = nil
            markService(of: status)
        case .announcement(.replaced(let all, _)):
            records = [:]
            for status in all { index(status) }
            dirty = .everything
        case .node(.applied(let node)) where !changesRules(node): break
        case .service(.replaced), .pool, .advertisement, .node: dirty = .everything
        case .namespace, .lease, .serviceCIDR: break
        }
        snapshot.apply(change)
    }

    /// Brings ``plan`` up to date.
    ///
    /// - Returns: Whether the plan changed.
    @discardableResult
    package mutating func update() -> Bool {
        let services: Set<ObjectKey>
        switch dirty {
        case .services(let marked):
            if marked.isEmpty { return false }
            services = marked
        case .everything:
            rules = ClusterRules(snapshot, node: plan.node, policy: policy)
            services = Set(snapshot.services.keys).union(contributions.keys)
        }
        dirty = .services([])
        var isChanged = plan.isExcluded != rules.excludesNode
        plan.isExcluded = rules.excludesNode
        var touched: Set<IPAddress> = []
        for key in services { reconsider(key, &touched) }
        for address in touched {
            let planned = planned(address)
            guard plan.addresses[address] != planned else { continue }
            plan.addresses[address] = planned
            isChanged = true
        }
        return isChanged
    }

    private mutating func reconsider(_ key: ObjectKey, _ touched: inout Set<IPAddress>) {
        for old in contributions[key] ?? [] {
            holders[old.address]?.remove(key)
            if holders[old.address]?.isEmpty == true { holders[old.address] = nil }
            touched.insert(old.address)
        }
        contributions[key] = nil
        guard let service = snapshot.services[key] else { return }
        let new = rules.contributions(of: service, slices: slices[key].map { Array($0.values) } ?? [])
        for contribution in new {
            holders[contribution.address, default: []].insert(key)
            touched.insert(contribution.address)
        }
        if !new.isEmpty { contributions[key] = new }
    }

    private func planned(_ address: IPAddress) -> PlannedAddress? {
        let services = (holders[address] ?? []).compactMap { snapshot.services[$0] }
            .sorted { CreationOrder($0.metadata) < CreationOrder($1.metadata) }
        let said = services.map { service in
            (service, contributions[service.key]?.first { $0.address == address })
        }
        guard let oldest = said.first, let first = oldest.1 else { return nil }
        let speaking = said.compactMap(\.1).filter { !$0.eligible.isEmpty }
        let (nodes, isApart) = Self.shared(speaking)
        return PlannedAddress(
            address: address, allocation: AllocationID(serviceUID: oldest.0.metadata.uid ?? oldest.0.key.description),
            services: services.map(\.key), pool: first.pool, eligible: nodes?.eligible ?? [:],
            eligibleElsewhere: nodes?.eligibleElsewhere ?? [:], links: (nodes ?? first).links,
            records: announcers(of: address, services), isSharedApart: isApart)
    }

    /// A shared address is announced from the nodes that every sharing Service finds eligible; when there is none, from
    /// the oldest one's. A Service without any endpoint does not silence the others.
    private static func shared(_ speaking: [AddressContribution]) -> (AddressContribution?, isApart: Bool) {
        guard var common = speaking.first else { return (nil, false) }
        for other in speaking.dropFirst() where other.eligible != common.eligible {
            common.eligible = common.eligible.intersection(other.eligible)
            common.eligibleElsewhere = common.eligibleElsewhere.intersection(other.eligibleElsewhere)
        }
        return common.eligible.isEmpty ? (speaking.first, true) : (common, false)
    }

    private func announcers(of address: IPAddress, _ services: [Service]) -> [PlannedAddress.Record] {
        let text = address.description
        return services.flatMap { records[ServiceL2Status.objectName(of: $0.key)] ?? [] }.compactMap { entry in
            // Without a beginning, the entry only reports a conflict.
            guard entry.address == text, let since = entry.since else { return nil }
            return .init(
                interface: entry.interface, node: entry.node, since: since, isDisputed: entry.conflict != nil)
        }
    }
}

// MARK: - Indices
extension SpeakerPlanner {
    private mutating func mark(_ service: ObjectKey) {
        guard case .services(var marked) = dirty else { return }
        dirty = .services([])
        marked.insert(service)
        dirty = .services(marked)
    }

    private mutating func index(_ slice: EndpointSlice) {
        guard let service = slice.service else { return }
        slices[service, default: [:]][slice.key] = slice
        mark(service)
    }

    private mutating func unindex(_ slice: EndpointSlice) {
        guard let service = slice.service else { return }
        slices[service]?[slice.key] = nil
        if slices[service]?.isEmpty == true { slices[service] = nil }
        mark(service)
    }

    private mutating func index(_ status: ServiceL2Status) {
        records[status.metadata.name] = status.status?.addresses ?? []
        markService(of: status)
    }

    private mutating func markService(of status: ServiceL2Status) {
        if let service = status.service { mark(service) }
    }

    /// Nodes are written every few seconds (heartbeats); what the rules look at changes rarely.
    private func changesRules(_ node: Node) -> Bool {
        guard let old = snapshot.nodes[node.key] else { return true }
        return old.metadata.labels != node.metadata.labels
            || NodeVerdict(of: old, policy: policy) != NodeVerdict(of: node, policy: policy)
    }
}

extension [String: Int] {
    /// The nodes in both, with the lower weight: a last resort for one Service is a last resort.
    fileprivate func intersection(_ other: [String: Int]) -> [String: Int] {
        var common: [String: Int] = [:]
        for (node, weight) in self { other[node].map { common[node] = Swift.min(weight, $0) } }
        return common
    }
}

import KubernetesModel
import Reconciliation

/// `lbctl pools`: the pools, what is left in them, and whether they are accepted.
struct PoolView: ResourceView {
    let columns: [TextTable.Column] = [
        .init(title: "NAME"), .init(title: "ADDRESSES", keepsFirst: true), .init(title: "USED"), .init(title: "FREE"),
        .init(title: "USED6"), .init(title: "FREE6"), .init(title: "AUTO"), .init(title: "STATE"),
        .init(title: "FOR", isWide: true), .init(title: "CONFLICTS", isWide: true), .init(title: "AGE"),
    ]
    let nothing = "there is no IPAddressPool; create one with the addresses that Services may have"

    func rows(of snapshot: ClusterSnapshot, now: Timestamp) -> [ResourceRow] {
        snapshot.pools.values.sorted { $0.key < $1.key }.map { row($0, now) }
    }

    private func row(_ pool: IPAddressPool, _ now: Timestamp) -> ResourceRow {
        let (status, state) = (pool.status, Self.state(of: pool))
        let conflicts = (status?.conflicts ?? []).map { "\($0.address)=\($0.hardwareAddress)" }
        let audience = Self.audience(pool.spec.serviceAllocation)
        let isAutomatic = pool.spec.autoAssign ?? true
        return ResourceRow(
            id: pool.metadata.name,
            cells: [
                .init(pool.metadata.name), .init(pool.spec.addresses.joined(separator: ",")),
                .init(Self.count(status?.assignedIPv4)), .init(Self.count(status?.availableIPv4)),
                .init(Self.count(status?.assignedIPv6)), .init(Self.count(status?.availableIPv6)),
                .init(isAutomatic ? "yes" : "no"), state, .init(audience),
                .init(
                    conflicts.isEmpty ? "<none>" : conflicts.joined(separator: ","), conflicts.isEmpty ? .plain : .bad),
                .init(Age.text(since: pool.metadata.creationTimestamp, now: now)),
            ],
            object: [
                "name": .string(pool.metadata.name), "addresses": .array(pool.spec.addresses.map { .string($0) }),
                "assignedIPv4": .integer(status?.assignedIPv4 ?? 0),
                "availableIPv4": .integer(status?.availableIPv4 ?? 0),
                "assignedIPv6": .integer(status?.assignedIPv6 ?? 0),
                "availableIPv6": .integer(status?.availableIPv6 ?? 0), "autoAssign": .bool(isAutomatic),
                "state": .string(state.text), "for": .string(audience),
                "conflicts": .array(conflicts.map { .string($0) }),
            ])
    }

    /// Counts saturate: what does not fit is shown as such.
    static func count(_ value: Int64?) -> String {
        switch value {
        case nil: "-"
        case .some(.max): "∞"
        case .some(let value) where value >= 1_000_000: "\(value / 1_000_000)M"
        case .some(let value): "\(value)"
        }
    }

    static func state(of pool: IPAddressPool) -> TextTable.Cell {
        guard let ready = pool.status?.conditions?.first(where: { $0.type == ConditionType.ready }) else {
            return .init("Pending", .warning)
        }
        return switch ready.status {
        case .true:
            .init(ready.reason == "Accepted" ? "Ready" : ready.reason, ready.reason == "Accepted" ? .good : .warning)
        default: .init(ready.reason, .bad)
        }
    }

    /// Which Services may have addresses of the pool.
    static func audience(_ allocation: IPAddressPool.ServiceAllocation?) -> String {
        guard let allocation else { return "all" }
        var parts: [String] = []
        if let namespaces = allocation.namespaces, !namespaces.isEmpty {
            parts.append("namespaces " + namespaces.joined(separator: ","))
        }
        if let selectors = allocation.namespaceSelectors, !selectors.isEmpty {
            parts.append("namespaces with " + selectors.map(\.summary).joined(separator: " or "))
        }
        if let selectors = allocation.serviceSelectors, !selectors.isEmpty {
            parts.append("Services with " + selectors.map(\.summary).joined(separator: " or "))
        }
        let priority = (allocation.priority ?? 0) == 0 ? "" : "; priority \(allocation.priority ?? 0)"
        return (parts.isEmpty ? "all" : parts.joined(separator: " and ")) + priority
    }
}

extension LabelSelector {
    /// In the notation of `kubectl get -l`.
    var summary: String {
        let labels = (matchLabels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let expressions = (matchExpressions ?? []).map { requirement in
            let values = (requirement.values ?? []).joined(separator: ",")
            return switch requirement.operator {
            case "In": "\(requirement.key) in (\(values))"
            case "NotIn": "\(requirement.key) notin (\(values))"
            case "Exists": requirement.key
            case "DoesNotExist": "!\(requirement.key)"
            default: "\(requirement.key) \(requirement.operator) (\(values))"
            }
        }
        let all = labels + expressions
        return all.isEmpty ? "any labels" : all.joined(separator: ",")
    }
}

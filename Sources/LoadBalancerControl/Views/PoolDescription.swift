import KubernetesModel
import NetworkAddresses
import Reconciliation

/// `lbctl pools describe NAME`, as text.
struct PoolDescription {
    let lines: [String]

    init?(_ name: String, in snapshot: ClusterSnapshot) {
        guard let pool = snapshot.pools[ObjectKey(name: name)] else { return nil }
        let ready = pool.status?.conditions?.first { $0.type == ConditionType.ready }
        var lines = [
            "Name:           \(name)", "Addresses:      \(pool.spec.addresses.joined(separator: ", "))",
            "For:            \(PoolView.audience(pool.spec.serviceAllocation))",
            "Auto-assign:    \(pool.spec.autoAssign ?? true ? "yes" : "no")",
            "Avoid .0, .255: \(pool.spec.avoidBuggyIPs ?? false ? "yes" : "no")",
            "State:          \(ready.map { "\($0.reason): \($0.message)" } ?? "no controller has looked at it yet")",
        ]
        for (family, used, free) in [
            ("IPv4", pool.status?.assignedIPv4, pool.status?.availableIPv4),
            ("IPv6", pool.status?.assignedIPv6, pool.status?.availableIPv6),
        ] {
            lines.append("\(family):           \(PoolView.count(used)) used, \(PoolView.count(free)) free")
        }
        let advertisements = snapshot.advertisements.values.filter { Self.selects($0, pool) }.map(\.metadata.name)
            .sorted()
        lines.append(
            "Announced from: "
                + (advertisements.isEmpty
                    ? "every eligible node (no L2Advertisement selects the pool)"
                    : "what L2Advertisement \(advertisements.joined(separator: ", ")) says"))
        for conflict in pool.status?.conflicts ?? [] {
            lines.append("Conflict:       \(conflict.address) is used by \(conflict.hardwareAddress)")
        }
        let table = Self.holders(pool, snapshot)
        lines +=
            table.rows.isEmpty ? ["Held by:        nobody"] : [""] + table.lines(wide: true, width: nil, colours: false)
        self.lines = lines
    }

    private static func selects(_ advertisement: L2Advertisement, _ pool: IPAddressPool) -> Bool {
        (advertisement.spec ?? .init()).selectsPool(named: pool.metadata.name, labels: pool.metadata.labels)
    }

    private static func holders(_ pool: IPAddressPool, _ snapshot: ClusterSnapshot) -> TextTable {
        let ranges = pool.spec.addresses.compactMap { try? IPRange(parsing: $0) }
        let entries = ServiceView.entries(in: snapshot)
        var rows: [(IPAddress, [TextTable.Cell])] = []
        for service in snapshot.services.values where service.spec?.type == "LoadBalancer" {
            for text in service.ingressTexts {
                guard let address = IPAddress(text), ranges.contains(where: { $0.contains(address) }) else { continue }
                let nodes = (entries[service.key] ?? []).filter { $0.address == text && $0.isAnnouncing }
                    .map(\.node).uniqued()
                rows.append(
                    (
                        address,
                        [
                            .init(text), .init("\(service.key)"),
                            .init(nodes.isEmpty ? "<none>" : nodes.joined(separator: ",")),
                        ]
                    ))
            }
        }
        return TextTable(
            columns: [.init(title: "ADDRESS"), .init(title: "SERVICE"), .init(title: "ANNOUNCED BY")],
            rows: rows.sorted { $0.0 < $1.0 }.map(\.1))
    }
}

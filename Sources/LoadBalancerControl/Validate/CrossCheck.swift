import KubernetesModel
import Reconciliation

/// Objects against each other: pools that overlap, names and selectors that nothing matches.
enum CrossCheck {
    static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
        pools(snapshot) + advertisements(snapshot) + allocations(snapshot)
    }

    /// The verdicts of the controller itself.
    private static func pools(_ snapshot: ClusterSnapshot) -> [Finding] {
        PoolTable(snapshot).verdicts.sorted { $0.key < $1.key }.compactMap { name, verdict in
            let subject = "IPAddressPool \(name)"
            return switch verdict {
            case .accepted: nil
            case .acceptedInPart(let bad), .invalid(let bad):
                Finding(
                    .error, subject, bad.map { "\"\($0.text)\" \($0.reason)" }.joined(separator: "; "),
                    "correct spec.addresses")
            case .overlaps(let pool, let range):
                Finding(.error, subject, "overlaps \(range) of IPAddressPool \(pool)", "change one of the two")
            }
        }
    }

    private static func advertisements(_ snapshot: ClusterSnapshot) -> [Finding] {
        let pools = snapshot.pools.values
        return snapshot.advertisements.values.sorted { $0.key < $1.key }.flatMap { advertisement -> [Finding] in
            let (subject, spec) = ("L2Advertisement \(advertisement.metadata.name)", advertisement.spec)
            var findings: [Finding] = []
            for name in spec?.ipAddressPools ?? [] where snapshot.pools[ObjectKey(name: name)] == nil {
                findings.append(
                    Finding(
                        .warning, subject, "ipAddressPools names \(name), which is no IPAddressPool here",
                        "correct the name"))
            }
            for selector in spec?.ipAddressPoolSelectors ?? []
            where !pools.contains(where: { selector.matches($0.metadata.labels) }) {
                findings.append(
                    Finding(
                        .warning, subject, "ipAddressPoolSelectors: \(selector.summary) matches no IPAddressPool",
                        "label a pool"))
            }
            let selectors = (spec?.nodeSelectors ?? []) + (spec?.preferredNodeSelectors ?? []).map(\.preference)
            for selector in selectors
            where !snapshot.nodes.isEmpty
                && !snapshot.nodes.values.contains(where: { selector.matches($0.metadata.labels) })
            {
                findings.append(Finding(.warning, subject, "\(selector.summary) matches no node", "label a node"))
            }
            return findings
        }
    }

    private static func allocations(_ snapshot: ClusterSnapshot) -> [Finding] {
        snapshot.pools.values.sorted { $0.key < $1.key }.flatMap { pool -> [Finding] in
            guard let allocation = pool.spec.serviceAllocation, !snapshot.namespaces.isEmpty else { return [] }
            let subject = "IPAddressPool \(pool.metadata.name)"
            var findings: [Finding] = []
            for name in allocation.namespaces ?? [] where snapshot.namespaces[ObjectKey(name: name)] == nil {
                findings.append(
                    Finding(.warning, subject, "serviceAllocation names namespace \(name), which is not here"))
            }
            for selector in allocation.namespaceSelectors ?? []
            where !snapshot.namespaces.values.contains(where: { selector.matches($0.metadata.labels) }) {
                findings.append(
                    Finding(.warning, subject, "namespaceSelectors: \(selector.summary) matches no namespace"))
            }
            return findings
        }
    }
}

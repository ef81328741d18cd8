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
                    .error, subject,
                    bad.isEmpty ? "has no address" : bad.map { "\"\($0.text)\" \($0.reason)" }.joined(separator: "; "),
                    "correct spec.addresses")
            case .overlaps(let pool, let range):
                Finding(.error, subject, "overlaps \(range) of IPAddressPool \(pool)", "change one of the two")
            }
        }
    }

    private static func advertisements(_ snapshot: ClusterSnapshot) -> [Finding] {
        let pools = snapshot.pools.values
        let services = snapshot.services.values.filter { $0.spec?.type == "LoadBalancer" }
        // Empty without speakers, as in manifests: then nothing is known of links.
        let links = Set(snapshot.leases.values.compactMap(SpeakerStates.links(of:)).joined())
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
            for selector in spec?.serviceSelectors ?? []
            where !services.isEmpty && !services.contains(where: { selector.matches($0.metadata.labels) }) {
                findings.append(
                    Finding(
                        .warning, subject,
                        "serviceSelectors: \(selector.summary) matches no Service of type LoadBalancer",
                        "correct it, or label a Service"))
            }
            for name in spec?.interfaces ?? [] where !links.isEmpty && !links.contains(name) {
                findings.append(
                    Finding(
                        .warning, subject,
                        "interfaces names \(name), which no speaker has as a link (they have \(links.sorted().joined(separator: ", ")))",
                        "correct the name; a link must be up, and not left out by the speakers' --interfaces or --exclude-interfaces"
                    ))
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

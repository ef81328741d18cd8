import AddressPools
import KubernetesClient
import KubernetesModel
import NetworkAddresses
import Reconciliation

/// What will hurt, or hurts already, as far as the API knows: pure, from what was read.
struct ClusterCheck {
    let snapshot: ClusterSnapshot
    let surroundings: Surroundings
    /// By the API server's clock.
    let now: Timestamp

    /// What is not in the snapshot; nil for what this user may not read.
    struct Surroundings: Sendable {
        var serverVersion: ServerVersion?
        /// The kube-proxy ConfigMap's `config.conf`.
        var kubeProxy: String?
        var metalLBPools: Int?
        var dhcp = DHCPRanges()
        var heraldNamespace = HeraldObjects.defaultNamespace
        var controllerLease = HeraldObjects.controllerLease
    }

    var findings: [Finding] {
        (CrossCheck.findings(snapshot) + pools + controller + speakers + services + surrounding).sorted()
    }

    private var pools: [Finding] {
        guard !snapshot.pools.isEmpty else {
            return [
                Finding(
                    .warning, "cluster", "has no IPAddressPool",
                    "create one; `\(ProgramName.current) import metallb` converts MetalLB's"
                )
            ]
        }
        let reserved = PoolTable(snapshot).reserved.entries
        return snapshot.pools.values.sorted { $0.key < $1.key }.flatMap { pool -> [Finding] in
            let subject = "IPAddressPool \(pool.metadata.name)"
            let ranges = pool.spec.addresses.compactMap { try? IPRange(parsing: $0) }
            var findings: [Finding] = []
            for entry in reserved {
                for range in ranges.compactMap({ $0.intersection(entry.range) }) {
                    let owner: String
                    switch entry.reason {
                    case .node(let node): owner = "the address of node \(node)"
                    case .podRange(let node): owner = "of the range of the Pods on node \(node)"
                    case .serviceRange(let text): owner = "of the range \(text) of cluster IPs"
                    case .notUnicast: continue
                    }
                    findings.append(
                        Finding(
                            .warning, subject, "contains \(Self.text(range)), \(owner)",
                            "it is never given to a Service; take it out of the pool"))
                }
            }
            for overlap in ranges.flatMap(surroundings.dhcp.overlaps) {
                let addresses = Self.text(overlap.range)
                findings.append(
                    Finding(
                        .error, subject,
                        "contains \(addresses), which a DHCP server gives to hosts (\(overlap.source))",
                        "take it out of the pool or out of the DHCP server's range: two hosts would have one address"))
            }
            for conflict in pool.status?.conflicts ?? [] {
                findings.append(
                    Finding(
                        .error, subject, "\(conflict.address) is used by a foreign host (\(conflict.hardwareAddress))",
                        "give that host another address, or take the address out of the pool"))
            }
            for (family, free, used) in [
                ("IPv4", pool.status?.availableIPv4, pool.status?.assignedIPv4),
                ("IPv6", pool.status?.availableIPv6, pool.status?.assignedIPv6),
            ] where free == 0 && (used ?? 0) > 0 {
                findings.append(Finding(.warning, subject, "has no free \(family) address left", "add addresses"))
            }
            return findings
        }
    }

    private static func text(_ range: IPRange) -> String { range.count == 1 ? "\(range.first)" : "\(range)" }

    private var controller: [Finding] {
        let remedy =
            "see its pods: kubectl get pods -n \(surroundings.heraldNamespace) -l app.kubernetes.io/component=controller"
        let lease = snapshot.leases.values.first { $0.metadata.name == surroundings.controllerLease }
        guard let spec = lease?.spec, let age = LeaseAge(spec, at: now) else {
            return [
                Finding(
                    .error, "controller", "no lb-controller has ever led with Lease \(surroundings.controllerLease)",
                    remedy)
            ]
        }
        let holder = spec.holderIdentity ?? "the last one"
        switch age {
        case .held: return []
        case .expired(let seconds):
            return [
                Finding(
                    .error, "controller",
                    "no lb-controller leads; \(holder) was silent for \(seconds) s by its node's clock", remedy)
            ]
        case .ahead(let seconds): return [Self.clockAhead("controller", "of \(holder)", seconds)]
        }
    }

    private static func clockAhead(_ subject: String, _ whose: String, _ seconds: Int64) -> Finding {
        Finding(
            .warning, subject,
            "the clock \(whose) is \(seconds) s ahead of the API server's: whether it lives cannot be told",
            "set the clocks right (NTP)")
    }

    private var speakers: [Finding] {
        let (rows, states) = (SpeakerView().rows(of: snapshot, now: now), SpeakerStates(snapshot, at: now))
        let namespace = surroundings.heraldNamespace
        var findings: [Finding] = rows.compactMap { row in
            let subject = "node \(row.id)"
            switch states.state(row.id) {
            case .noSpeaker:
                return Finding(.warning, subject, "has no speaker", "see: kubectl get pods -n \(namespace) -o wide")
            case .silent:
                return Finding(
                    .error, subject, "its speaker has stopped reporting, by the node's clock",
                    "see its logs: kubectl logs -n \(namespace) -l app.kubernetes.io/component=speaker; if it runs, the node's clock is behind"
                )
            case .clockAhead:
                guard let spec = states.leases[row.id]?.spec, case .ahead(let seconds) = LeaseAge(spec, at: now) else {
                    return nil
                }
                return Self.clockAhead(subject, "of this node", seconds)
            case .ready, .draining, .cordoned, .nodeGone: return nil
            }
        }
        let versions = Set(rows.compactMap { $0.object["version"]?.string }.filter { $0 != "<none>" })
        if versions.count > 1 {
            findings.append(
                Finding(
                    .note, "speakers", "run different versions: \(versions.sorted().joined(separator: ", "))",
                    "finish the upgrade"))
        }
        return findings
    }

    private var services: [Finding] {
        let served = snapshot.policy.loadBalancerClass
        return snapshot.services.values.filter { $0.spec?.type == "LoadBalancer" }.sorted { $0.key < $1.key }.compactMap
        {
            service in
            let (state, reason) = ServiceView.state(of: service, servedClass: served)
            guard state.text != "Announced", state.text != ServiceView.otherClass else { return nil }
            return Finding(
                state.tone == .bad ? .error : .warning, "Service \(service.key)", "\(state.text): \(reason)",
                "\(ProgramName.current) explain service \(service.metadata.name) -n \(service.metadata.namespace ?? "default")"
            )
        }
    }

    private var surrounding: [Finding] {
        var findings: [Finding] = []
        if let version = surroundings.serverVersion, version.isTooOld {
            findings.append(
                Finding(
                    .error, "API server", "is Kubernetes \(version.text)",
                    "update it: Herald needs 1.\(ServerVersion.oldestMinor) or newer"))
        }
        if let text = surroundings.kubeProxy, Self.isIPVSWithoutStrictARP(text) {
            findings.append(
                Finding(
                    .error, "kube-proxy",
                    "mode ipvs without strictARP: every node's kernel answers ARP for every Service address",
                    "set ipvs.strictARP: true in ConfigMap kube-system/kube-proxy, then restart kube-proxy"))
        }
        if let count = surroundings.metalLBPools, count > 0 {
            findings.append(
                Finding(
                    .warning, "MetalLB", "is installed too, with \(count) IPAddressPools",
                    "two announcers answer for one address unless loadBalancerClass keeps their Services apart; `\(ProgramName.current) import metallb` takes over"
                ))
        }
        return findings
    }

    /// `config.conf` of kubeadm's ConfigMap, read line by line.
    static func isIPVSWithoutStrictARP(_ text: String) -> Bool {
        let lines = text.split(separator: "\n").map { $0.split(separator: "#", omittingEmptySubsequences: false)[0] }
        func has(_ key: String, _ values: [String]) -> Bool {
            lines.contains { line in
                let parts = line.split(separator: ":", maxSplits: 1).map {
                    $0.filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }
                }
                return parts.count == 2 && parts[0] == key && values.contains(parts[1])
            }
        }
        return has("mode", ["ipvs"]) && !has("strictARP", ["true"])
    }
}

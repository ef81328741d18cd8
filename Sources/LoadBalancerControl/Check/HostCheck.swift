import Foundation
import KubernetesModel
import Netlink
import NetworkAddresses
import Reconciliation

/// What will hurt on the machine that lbctl runs on, if that is a node.
struct HostCheck {
    let state: NetworkState
    /// A value of /proc/sys by its path below it.
    let setting: (String) -> Int?
    /// The Services' addresses that speakers answer for.
    let assigned: [IPAddress: ObjectKey]

    /// This machine.
    static func here(_ snapshot: ClusterSnapshot) throws -> HostCheck {
        HostCheck(snapshot, state: try LinkMonitor.snapshot()) { path in
            (try? String(contentsOfFile: "/proc/sys/\(path)", encoding: .utf8))
                .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
    }

    init(_ snapshot: ClusterSnapshot, state: NetworkState, setting: @escaping (String) -> Int?) {
        (self.state, self.setting) = (state, setting)
        let served = snapshot.policy.loadBalancerClass
        let ranges = snapshot.pools.values.flatMap(\.spec.addresses).compactMap { try? IPRange(parsing: $0) }
        assigned = snapshot.services.values.reduce(into: [:]) { assigned, service in
            guard service.spec?.type == "LoadBalancer", service.spec?.loadBalancerClass == served else { return }
            for address in service.ingressAddresses where ranges.contains(where: { $0.contains(address) }) {
                assigned[address] = service.key
            }
        }
    }

    /// The interfaces that a speaker with its own list of exclusions uses.
    private var links: [NetworkInterface] {
        state.interfaces.values
            .filter { link in link.isUsable && !NamePattern.excludedByDefault.contains { $0.matches(link.name) } }
            .sorted { $0.index < $1.index }
    }

    /// What holds for an interface: the higher of its own value and that of `all` (Linux, ip-sysctl.rst).
    private func effective(_ name: String, on interface: NetworkInterface) -> Int {
        max(setting("net/ipv4/conf/all/\(name)") ?? 0, setting("net/ipv4/conf/\(interface.name)/\(name)") ?? 0)
    }

    var findings: [Finding] {
        let usable = links.filter { !$0.addresses.isEmpty }
        var findings: [Finding] = []
        if usable.isEmpty {
            findings.append(
                Finding(
                    .error, "host", "no interface can carry announcements",
                    "one must be up, Ethernet, and have an address"))
        }
        for interface in usable where interface.kind == "macvlan" || interface.kind == "ipvlan" {
            findings.append(
                Finding(
                    .warning, "interface \(interface.name)",
                    "is \(interface.kind ?? ""): the host itself cannot reach it",
                    "announce on the parent interface (L2Advertisement interfaces)"))
        }
        let strict = usable.filter { effective("rp_filter", on: $0) == 1 }.map(\.name)
        if usable.count > 1, !strict.isEmpty {
            findings.append(
                Finding(
                    .warning, "host",
                    "rp_filter is 1 on \(strict.joined(separator: ", ")), and there are \(usable.count) networks: packets that come in on one and leave by another are lost",
                    "set net.ipv4.conf.INTERFACE.rp_filter to 2, or announce each address on the interface that the replies leave by"
                ))
        }
        for interface in usable where usable.count > 1 {
            let prefixes = interface.addresses.compactMap(\.prefix)
            let twins = usable.filter { other in
                other.index > interface.index
                    && other.addresses.contains {
                        $0.prefix.map(prefixes.contains) ?? false && !$0.address.isLinkLocal
                    }
            }
            if let twin = twins.first, [interface, twin].contains(where: { effective("arp_ignore", on: $0) == 0 }) {
                findings.append(
                    Finding(
                        .warning, "host",
                        "\(interface.name) and \(twin.name) are on one subnet: the kernel answers ARP for both on both",
                        "set net.ipv4.conf.all.arp_ignore to 1"))
            }
        }
        findings += leftovers
        if let limit = setting("net/core/rmem_max"), limit < 4 << 20 {
            findings.append(
                Finding(
                    .note, "host",
                    "net.core.rmem_max is \(limit): the speaker's receive buffer for IPv6 and hellos is no larger",
                    "4194304 keeps neighbor solicitations through longer floods"))
        }
        return findings
    }

    /// Services' addresses that an interface has: the kernel answers for them, whoever announces them.
    private var leftovers: [Finding] {
        let links = links
        // 1 and 2: only for addresses of the interface that asks. 8: for none.
        let answering = links.filter { ![1, 2, 8].contains(effective("arp_ignore", on: $0)) }
        return state.interfaces.values.sorted { $0.index < $1.index }.flatMap { interface -> [Finding] in
            interface.addresses.map(\.address).sorted().compactMap { address in
                guard let service = assigned[address] else { return nil }
                // IPv6 answers only for the addresses of the interface itself (RFC 4861 §7.2.3), IPv4 for all of the host.
                let isOnLink = links.contains { $0.index == interface.index }
                let places = isOnLink ? [interface] : address.family == .ipv4 ? answering : []
                guard !places.isEmpty else { return nil }
                let isProxy = interface.name.hasPrefix("kube-ipvs")
                return Finding(
                    .error, "interface \(interface.name)",
                    "has \(address), which Service \(service) has: the kernel answers for it on \(places.map(\.name).joined(separator: ", ")), whichever node announces it",
                    isProxy
                        ? "set ipvs.strictARP: true in ConfigMap kube-system/kube-proxy, then restart kube-proxy"
                        : "stop what has put it there (kube-vip?), then: ip address show dev \(interface.name); ip address del \(address)/LENGTH dev \(interface.name)"
                )
            }
        }
    }
}

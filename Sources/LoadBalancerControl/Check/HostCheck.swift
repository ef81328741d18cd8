import Foundation
import Netlink
import NetworkAddresses
import PacketSocket

/// What will hurt on the machine that lbctl runs on, if that is a node.
struct HostCheck {
    let state: NetworkState
    /// A value of /proc/sys by its path below it.
    let setting: (String) -> Int?

    /// This machine.
    static func here() throws -> HostCheck {
        HostCheck(state: try LinkMonitor.snapshot()) { path in
            (try? String(contentsOfFile: "/proc/sys/\(path)", encoding: .utf8))
                .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
    }

    var findings: [Finding] {
        let usable = state.interfaces.values.filter { $0.isUsable && !$0.addresses.isEmpty }.sorted {
            $0.index < $1.index
        }
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
        if usable.count > 1, setting("net/ipv4/conf/all/rp_filter") == 1 {
            findings.append(
                Finding(
                    .warning, "host",
                    "net.ipv4.conf.all.rp_filter is 1, and there are \(usable.count) networks: packets that come in on one and leave by another are lost",
                    "set it to 2, or announce each address on the interface that the replies leave by"))
        }
        for interface in usable where usable.count > 1 {
            let prefixes = interface.addresses.compactMap(\.prefix)
            let twins = usable.filter { other in
                other.index > interface.index
                    && other.addresses.contains {
                        $0.prefix.map(prefixes.contains) ?? false && !Self.isLinkLocal($0.address)
                    }
            }
            if let twin = twins.first, setting("net/ipv4/conf/all/arp_ignore") ?? 0 == 0 {
                findings.append(
                    Finding(
                        .warning, "host",
                        "\(interface.name) and \(twin.name) are on one subnet: the kernel answers ARP for both on both",
                        "set net.ipv4.conf.all.arp_ignore to 1"))
            }
        }
        if let limit = setting("net/core/rmem_max"), limit < 4 << 20 {
            findings.append(
                Finding(
                    .note, "host", "net.core.rmem_max is \(limit): the speaker's receive buffer is no larger",
                    "4194304 keeps requests through longer floods"))
        }
        return findings
    }

    private static func isLinkLocal(_ address: IPAddress) -> Bool {
        switch address {
        case .v4(let address): address.isLinkLocal
        case .v6(let address): address.isLinkLocal
        }
    }
}

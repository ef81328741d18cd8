import Netlink
import NetworkAddresses
import Testing

@testable import LoadBalancerControl

@Suite("check: this host")
struct HostCheckTests {
    /// An interface that is up, with addresses such as `192.168.57.11/24`.
    private static func interface(_ index: Int32, _ name: String, _ addresses: [String]) -> NetworkInterface {
        var interface = NetworkInterface(index: index, name: name)
        interface.hardwareAddress = MACAddress(rawValue: 0x0200_0000_0000 + UInt64(index))
        (interface.isUp, interface.hasCarrier, interface.isEthernet) = (true, true, true)
        interface.isWithoutARP = name.hasPrefix("kube-ipvs")
        for text in addresses {
            let parts = text.split(separator: "/")
            guard let address = IPAddress(parts[0]), let length = Int(parts[1]) else { continue }
            interface.addresses.insert(InterfaceAddress(address: address, prefixLength: length))
        }
        return interface
    }

    private static func findings(
        _ interfaces: [(String, [String])], _ settings: [String: Int] = [:], _ yaml: String = World.pool
    ) throws -> [Finding] {
        var state = NetworkState()
        for (index, (name, addresses)) in interfaces.enumerated() {
            state.interfaces[Int32(index) + 2] = interface(Int32(index) + 2, name, addresses)
        }
        return HostCheck(try World(yaml).snapshot, state: state) { settings[$0] }.findings
    }

    private static let pools = World.join(
        "kind: IPAddressPool\nmetadata: {name: lan}\nspec: {addresses: [192.168.57.200/29, fd57::200/125]}",
        World.service("web"), World.service("six", address: "fd57::201"))

    struct Row: Sendable, CustomTestStringConvertible {
        let what: String
        let interface: String
        let address: String
        var ignore: [String: Int] = [:]
        var yaml = HostCheckTests.pools
        let says: String?
        var testDescription: String { what }
    }

    static let rows = [
        Row(
            what: "left on the LAN's interface", interface: "eth0", address: "192.168.57.200/32",
            says: "has 192.168.57.200, which Service default/web has: the kernel answers for it on eth0"),
        Row(
            what: "left there, whatever arp_ignore says", interface: "eth0", address: "192.168.57.200/32",
            ignore: ["all": 1], says: "on eth0"),
        Row(
            what: "IPv6, left on the LAN's interface", interface: "eth0", address: "fd57::201/128",
            says: "has fd57::201, which Service default/six has"),
        Row(
            what: "kube-proxy in ipvs mode", interface: "kube-ipvs0", address: "192.168.57.200/32",
            says: "the kernel answers for it on eth0"),
        Row(
            what: "kube-proxy with strictARP", interface: "kube-ipvs0", address: "192.168.57.200/32",
            ignore: ["all": 1], says: nil),
        Row(
            what: "kube-proxy, strict on the one link", interface: "kube-ipvs0", address: "192.168.57.200/32",
            ignore: ["eth0": 2], says: nil),
        Row(
            what: "addresses of scope host only are ignored", interface: "kube-ipvs0", address: "192.168.57.200/32",
            ignore: ["all": 3], says: "on eth0"),
        Row(what: "IPv6 beside the LAN", interface: "kube-ipvs0", address: "fd57::201/128", says: nil),
        Row(what: "on lo", interface: "lo", address: "192.168.57.200/32", says: "on eth0"),
        Row(what: "nobody's", interface: "eth0", address: "192.168.57.201/32", says: nil),
        Row(
            what: "another load balancer's Service", interface: "eth0", address: "192.168.57.200/32",
            yaml: World.join(World.pool, World.service("web", spec: "loadBalancerClass: x/y")), says: nil),
        Row(
            what: "in no pool, as k3s' servicelb gives the node's own", interface: "eth0", address: "192.168.57.11/24",
            yaml: World.join(World.pool, World.service("web", address: "192.168.57.11")), says: nil),
    ]

    @Test("a Service's address on an interface is an error where the kernel answers for it", arguments: rows)
    func leftover(_ row: Row) throws {
        let settings = Dictionary(
            uniqueKeysWithValues: row.ignore.map { ("net/ipv4/conf/\($0.key)/arp_ignore", $0.value) })
        let interfaces: [(String, [String])] =
            row.interface == "eth0"
            ? [("eth0", ["192.168.57.11/24", row.address])]
            : [("eth0", ["192.168.57.11/24"]), (row.interface, [row.address])]
        let findings = try Self.findings(interfaces, settings, row.yaml).filter { $0.severity == .error }
        #expect(findings.count == (row.says == nil ? 0 : 1), "\(findings.map(\.line))")
        #expect(findings.allSatisfy { $0.subject == "interface \(row.interface)" })
        #expect(findings.allSatisfy { $0.evidence.contains(row.says ?? "?") }, "\(findings.map(\.line))")
    }

    @Test(
        "rp_filter is the higher of all's and the interface's own, of links that a speaker uses",
        arguments: [
            (["all": 1], ["eth0", "eth1"]), (["eth1": 1], ["eth1"]), (["all": 1, "eth0": 2], ["eth1"]),
            (["all": 2, "eth0": 1], []), (["cni0": 1], []), ([:], []),
        ] as [([String: Int], [String])])
    func reversePath(_ values: [String: Int], _ strict: [String]) throws {
        let settings = Dictionary(
            uniqueKeysWithValues: values.map { ("net/ipv4/conf/\($0.key)/rp_filter", $0.value) })
        let links = [("eth0", ["192.168.57.11/24"]), ("eth1", ["10.0.0.1/24"]), ("cni0", ["10.244.0.1/24"])]
        let findings = try Self.findings(links, settings).filter { $0.evidence.contains("rp_filter") }
        let text = "rp_filter is 1 on \(strict.joined(separator: ", ")), and there are 2 networks"
        #expect(findings.count == (strict.isEmpty ? 0 : 1), "\(findings.map(\.line))")
        #expect(findings.allSatisfy { $0.evidence.hasPrefix(text) }, "\(findings.map(\.line))")
        #expect(
            try Self.findings([links[0], links[2]], settings).allSatisfy { !$0.evidence.contains("rp_filter") })
    }

    @Test(
        "two links on one subnet need arp_ignore on both",
        arguments: [
            ([:], true), (["all": 1], false), (["eth0": 1], true), (["eth0": 1, "eth1": 1], false),
        ] as [([String: Int], Bool)])
    func twins(_ values: [String: Int], _ isTold: Bool) throws {
        let settings = Dictionary(
            uniqueKeysWithValues: values.map { ("net/ipv4/conf/\($0.key)/arp_ignore", $0.value) })
        let links = [("eth0", ["192.168.57.11/24"]), ("eth1", ["192.168.57.12/24"])]
        #expect(try Self.findings(links, settings).contains { $0.evidence.contains("on one subnet") } == isTold)
    }
}

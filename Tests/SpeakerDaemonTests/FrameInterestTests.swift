import Layer2
import Link
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

@Suite("What the kernel filter lets through")
struct FrameInterestTests {
    static let now = Instant(nanoseconds: 1_000_000_000)

    static func addresses(_ texts: String...) -> [IPAddress] { texts.compactMap { IPAddress($0) } }

    static func interest(
        own: [IPAddress], prefixes: [String], gateways: [IPAddress], peers: [[IPAddress]]
    ) -> Set<IPAddress> {
        var configuration = LinkConfiguration(
            nodeName: "node", interfaceName: "eth0", interfaceIndex: 2,
            hardwareAddress: MACAddress(2, 0, 0, 0, 0, 1), cluster: ClusterID(uid: "test"))
        configuration.ownAddresses = own
        configuration.prefixes = prefixes.compactMap { IPPrefix($0) }
        configuration.gateways = gateways
        configuration.knownPeers = peers.enumerated().map { KnownPeer(name: "peer\($0)", addresses: $1) }
        return LinkSpeaker(configuration, incarnation: 1, at: now).interest.askedHosts
    }

    @Test("a dual-stack node asks kernels and gateways by IPv4 alone, so that no IPv6 socket is opened for them")
    func dualStack() {
        let asked = Self.interest(
            own: Self.addresses("192.168.57.31", "fe80::31"), prefixes: ["192.168.57.0/24", "fe80::/64"],
            gateways: Self.addresses("192.168.57.1", "fe80::1"),
            peers: [Self.addresses("fe80::32", "192.168.57.32"), Self.addresses("192.168.57.33", "fd57::33")])
        #expect(asked == Set(Self.addresses("192.168.57.1", "192.168.57.32", "192.168.57.33")))
    }

    @Test("a peer whose IPv4 address is on another network is asked by IPv6")
    func otherNetwork() {
        let asked = Self.interest(
            own: Self.addresses("192.168.57.31", "fe80::31"), prefixes: ["192.168.57.0/24", "fe80::/64"],
            gateways: [], peers: [Self.addresses("10.0.0.32", "fe80::32")])
        #expect(asked == Set(Self.addresses("fe80::32")))
    }

    @Test("on an IPv6 link everybody is asked by IPv6")
    func onlyIPv6() {
        let asked = Self.interest(
            own: Self.addresses("fe80::31"), prefixes: ["fe80::/64"], gateways: Self.addresses("fe80::1"),
            peers: [Self.addresses("192.168.57.32", "fe80::32")])
        #expect(asked == Set(Self.addresses("fe80::1", "fe80::32")))
    }
}

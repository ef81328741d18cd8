import Layer2
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

@Suite struct ProbeTests {
    private static let v4 = IPv4Address(192, 168, 57, 200)
    private static let v6 = IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8)

    @Test("a silent address is free after three probes 150 ms apart", arguments: [IPAddress.v4(v4), .v6(v6)])
    func free(address: IPAddress) {
        var virtual = VirtualLink()
        virtual.act { $0.probe(address, at: $1) }
        #expect(!virtual.link.isAnswered(address))
        virtual.run(until: .seconds(2))
        #expect(virtual.sent.map(\.at) == [0, 150, 300].map { .milliseconds($0) })
        #expect(virtual.facts.map(\.fact) == [.probeSucceeded(address)])
        #expect(virtual.facts.first?.at == .milliseconds(450))
    }

    @Test("what must arrive stays the same from the first probe to the last announcement")
    func held() {
        var virtual = VirtualLink()
        virtual.act { $0.probe(.v4(Self.v4), at: $1) }
        let version = virtual.link.version
        virtual.run(until: .seconds(2))
        #expect(Array(virtual.link.addresses) == [.v4(Self.v4)] && !virtual.link.isAnswered(.v4(Self.v4)))
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        virtual.run(until: .seconds(10))
        #expect(virtual.link.version == version && virtual.link.isAnswered(.v4(Self.v4)))
    }

    @Test("an ARP probe is a broadcast request from 0.0.0.0")
    func form() {
        var virtual = VirtualLink()
        virtual.act { $0.probe(.v4(Self.v4), at: $1) }
        #expect(
            virtual.sent.first?.frame == .arp(.probe(for: Self.v4, from: VirtualLink.mac), destination: .broadcast))
    }

    /// What another host says about the probed address.
    static let objections: [(name: String, frame: LinkFrame)] = [
        (
            "its reply",
            arp(.request(for: .unspecified, from: v4, at: VirtualLink.foreign).reply(at: VirtualLink.foreign))
        ),
        ("its own question", arp(.request(for: IPv4Address(192, 168, 57, 30), from: v4, at: VirtualLink.foreign))),
        ("its announcement", arp(.announcementRequest(of: v4, at: VirtualLink.foreign))),
        ("its probe", arp(.probe(for: v4, from: VirtualLink.foreign))),
    ]

    private static func arp(_ packet: ARPPacket) -> LinkFrame {
        var packet = packet
        if packet.operation == .reply { packet.sender = v4 }
        return .arp(
            EthernetHeader(destination: .broadcast, source: VirtualLink.foreign, etherType: .arp), packet)
    }

    @Test("an address that another host speaks for is in use, and never announced", arguments: objections.map(\.frame))
    func inUse(objection: LinkFrame) {
        var virtual = VirtualLink()
        virtual.act { $0.probe(.v4(Self.v4), at: $1) }
        virtual.run(until: .milliseconds(100))
        virtual.receive(objection)
        virtual.run(until: .seconds(5))
        #expect(
            virtual.facts.map(\.fact) == [.probeConflict(.v4(Self.v4), hardwareAddress: VirtualLink.foreign)])
        #expect(virtual.sent.count == 1)
        #expect(virtual.link.nextDeadline(at: virtual.now) == nil)
    }

    @Test("an advertisement, and another host's duplicate address detection, mean that an IPv6 address is in use")
    func inUseIPv6() {
        let ethernet = EthernetHeader(
            destination: MACAddress(multicast: .allNodes), source: VirtualLink.foreign, etherType: .ipv6)
        for objection: LinkFrame in [
            .advertisement(ethernet, .announcement(of: Self.v6, at: VirtualLink.foreign)),
            .solicitation(ethernet, .probe(for: Self.v6)),
        ] {
            var virtual = VirtualLink()
            virtual.act { $0.probe(.v6(Self.v6), at: $1) }
            virtual.receive(objection)
            #expect(
                virtual.facts.map(\.fact) == [.probeConflict(.v6(Self.v6), hardwareAddress: VirtualLink.foreign)])
        }
    }

    @Test("a cluster node's answer ends no probe: with ipvs its kernel answers for every address")
    func node() {
        var virtual = VirtualLink()
        virtual.act { link, now in
            link.setNodes([VirtualLink.foreign])
            link.probe(.v4(Self.v4), at: now)
        }
        virtual.receive(.announcementReply(of: Self.v4, at: VirtualLink.foreign))
        virtual.run(until: .seconds(1))
        #expect(virtual.facts.map(\.fact) == [.probeSucceeded(.v4(Self.v4))])
    }

    @Test("our own probe, sent back by a bridge, is no objection")
    func reflected() {
        var virtual = VirtualLink()
        virtual.act { $0.probe(.v4(Self.v4), at: $1) }
        virtual.receive(.probe(for: Self.v4, from: VirtualLink.mac))
        virtual.run(until: .seconds(1))
        #expect(virtual.facts.map(\.fact) == [.probeSucceeded(.v4(Self.v4))])
    }

    @Test("probing starts over when the carrier comes back")
    func carrier() {
        var virtual = VirtualLink()
        virtual.act { $0.probe(.v4(Self.v4), at: $1) }
        virtual.run(until: .milliseconds(200))
        virtual.act { $0.setUp(false, at: $1) }
        virtual.run(until: .seconds(3))
        #expect(virtual.facts.isEmpty)
        virtual.forget()
        virtual.act { $0.setUp(true, at: $1) }
        virtual.run(until: .seconds(4))
        #expect(virtual.sent.count == 3)
        #expect(virtual.facts.map(\.at) == [.milliseconds(3450)])
    }
}

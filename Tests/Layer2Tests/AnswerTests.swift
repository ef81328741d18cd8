import Layer2
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

@Suite struct AnswerTests {
    private static let gateway = MACAddress(2, 0, 0, 0, 0, 0x1E)
    private static let gatewayAddress = IPv4Address(192, 168, 57, 30)
    private static let v4 = IPv4Address(192, 168, 57, 200)
    private static let v6 = IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8)
    private static let asker = IPv6Address(high: 0xFE80_0000_0000_0000, low: 1)
    private static let now = Instant(nanoseconds: 0)

    private static func owner() -> Layer2Link {
        var link = Layer2Link(hardwareAddress: VirtualLink.mac)
        link.own(.v4(v4), at: now)
        link.own(.v6(v6), at: now)
        return link
    }

    private static func frame(_ packet: ARPPacket, to destination: MACAddress = .broadcast) -> [UInt8] {
        OutgoingFrame.arp(packet, destination: destination).bytes(source: packet.senderHardware)
    }

    private static let question = ARPPacket.request(for: v4, from: gatewayAddress, at: gateway)

    @Test(
        "a request is answered by broadcast and by unicast alike", arguments: [MACAddress.broadcast, VirtualLink.mac])
    func request(destination: MACAddress) throws {
        var link = Self.owner()
        let exchange = link.exchange(Self.frame(Self.question, to: destination))
        #expect(exchange.answer == .reply(length: 42))
        guard case .arp(let ethernet, let reply) = try LinkFrame(parsing: exchange.reply.span) else {
            Issue.record("not answered with an ARP packet")
            return
        }
        #expect(ethernet.destination == Self.gateway && ethernet.source == VirtualLink.mac)
        #expect(reply == Self.question.reply(at: VirtualLink.mac))
        #expect(link.counters.arpReplies == 1)
    }

    @Test("a probe (RFC 5227) is answered to 0.0.0.0, so that the prober gives the address up")
    func probe() throws {
        var link = Self.owner()
        let exchange = link.exchange(Self.frame(.probe(for: Self.v4, from: Self.gateway)))
        guard case .arp(_, let reply) = try LinkFrame(parsing: exchange.reply.span) else {
            Issue.record("not answered with an ARP packet")
            return
        }
        #expect(reply.target == .unspecified && reply.sender == Self.v4 && reply.targetHardware == Self.gateway)
    }

    @Test("a helped address is answered with the absent node's address, in a frame of our own")
    func helper() throws {
        var link = Layer2Link(hardwareAddress: VirtualLink.mac)
        link.help(.v4(Self.v4), answeringWith: VirtualLink.foreign)
        let exchange = link.exchange(Self.frame(Self.question))
        guard case .arp(let ethernet, let reply) = try LinkFrame(parsing: exchange.reply.span) else {
            Issue.record("not answered with an ARP packet")
            return
        }
        #expect(ethernet.source == VirtualLink.mac && reply.senderHardware == VirtualLink.foreign)
    }

    @Test("a changed hardware address is in the very next answer")
    func changedHardwareAddress() throws {
        let mac = MACAddress(2, 0, 0, 0, 0, 0x77)
        var link = Self.owner()
        link.setHardwareAddress(mac, at: Self.now)
        let exchange = link.exchange(Self.frame(Self.question))
        guard case .arp(let ethernet, let reply) = try LinkFrame(parsing: exchange.reply.span) else {
            Issue.record("not answered with an ARP packet")
            return
        }
        #expect(ethernet.source == mac && reply.senderHardware == mac)
    }

    static let drops: [(name: String, frame: [UInt8], reason: DropReason)] = [
        (
            "a request for another's address",
            frame(.request(for: IPv4Address(192, 168, 57, 199), from: gatewayAddress, at: gateway)), .notOwned
        ),
        ("a request to another host", frame(question, to: gateway), .destinationHardwareAddress),
        (
            "our own request, sent back", frame(.request(for: v4, from: gatewayAddress, at: VirtualLink.mac)), .ownFrame
        ),
        ("a truncated request", Array(frame(question).prefix(30)), .truncated),
    ]

    @Test("what is not answered is counted with its reason", arguments: drops.indices)
    func dropped(index: Int) {
        let row = Self.drops[index]
        var link = Self.owner()
        #expect(link.exchange(row.frame).answer == .drop(row.reason), "\(row.name)")
        #expect(link.counters.drops[row.reason] == 1)
        #expect(link.counters.drops.total == 1)
    }

    @Test("a link that is down answers nothing")
    func down() {
        var link = Self.owner()
        link.setUp(false, at: Self.now)
        #expect(link.exchange(Self.frame(Self.question)).answer == .drop(.linkDown))
    }

    @Test("a withdrawn address is not answered for")
    func withdrawn() {
        var link = Self.owner()
        link.withdraw(.v4(Self.v4))
        #expect(link.exchange(Self.frame(Self.question)).answer == .drop(.notOwned))
    }

    /// A solicitation, and what its answer must be (RFC 4861 §7.2.4).
    struct Solicitation: Sendable {
        var message: NeighborSolicitation
        var to: MACAddress
        var answerTo: IPv6Address
        var answerToHardware: MACAddress
        var isSolicited: Bool
    }

    static let solicitations: [Solicitation] = [
        Solicitation(
            message: NeighborSolicitation(
                source: asker, destination: v6.solicitedNode, target: v6, sourceLinkLayer: gateway),
            to: MACAddress(multicast: v6.solicitedNode), answerTo: asker, answerToHardware: gateway, isSolicited: true),
        // Neighbor unreachability detection: unicast, without the option.
        Solicitation(
            message: NeighborSolicitation(source: asker, destination: v6, target: v6), to: VirtualLink.mac,
            answerTo: asker, answerToHardware: gateway, isSolicited: true),
        Solicitation(
            message: .probe(for: v6), to: MACAddress(multicast: v6.solicitedNode), answerTo: .allNodes,
            answerToHardware: MACAddress(multicast: .allNodes), isSolicited: false),
    ]

    @Test("solicitations are answered as RFC 4861 §7.2.4 says", arguments: solicitations)
    func solicitation(row: Solicitation) throws {
        var link = Self.owner()
        let frame = OutgoingFrame.solicitation(row.message, destination: row.to).bytes(source: Self.gateway)
        let exchange = link.exchange(frame)
        #expect(exchange.answer == .reply(length: 86))
        guard case .advertisement(let ethernet, let message) = try LinkFrame(parsing: exchange.reply.span) else {
            Issue.record("no advertisement")
            return
        }
        #expect(ethernet.destination == row.answerToHardware && message.destination == row.answerTo)
        #expect(message.isSolicited == row.isSolicited && message.overrides && !message.isRouter)
        #expect(message.source == Self.v6 && message.target == Self.v6)
        #expect(message.targetLinkLayer == VirtualLink.mac)
    }
}

import NetworkAddresses
import Testing
import Wire

@Suite struct ParsingTests {
    static let gateway = MACAddress(2, 0, 0, 0, 0, 0x1E)
    static let node = MACAddress(2, 0, 0, 0, 0, 0x1F)

    @Test("an ARP request is read field by field")
    func arpRequest() throws {
        let frame = try parse(GoldenFrames.arpRequest).get()
        let expected = ARPPacket.request(
            for: IPv4Address(192, 168, 57, 200), from: IPv4Address(192, 168, 57, 30), at: Self.gateway)
        #expect(
            frame
                == .arp(EthernetHeader(destination: .broadcast, source: Self.gateway, etherType: .arp), expected))
        #expect(!expected.isProbe && !expected.isAnnouncement)
    }

    @Test("an ARP answer has the golden bytes")
    func arpReply() throws {
        guard case .arp(_, let request) = try parse(GoldenFrames.arpRequest).get() else {
            Issue.record("no ARP packet")
            return
        }
        let reply = OutgoingFrame.arp(request.reply(at: Self.node), destination: request.senderHardware)
        #expect(reply.bytes(source: Self.node) == GoldenFrames.arpReply)
    }

    @Test("a neighbor advertisement that answers a solicitation has the golden bytes")
    func advertisement() throws {
        guard case .solicitation(let ethernet, let message) = try parse(GoldenFrames.solicitation).get() else {
            Issue.record("no solicitation")
            return
        }
        #expect(message.sourceLinkLayer == Self.gateway)
        let answer = OutgoingFrame.advertisement(
            .answer(to: message, at: Self.node), destination: ethernet.source)
        #expect(answer.bytes(source: Self.node) == GoldenFrames.advertisement)
    }

    @Test("what is stored is read back unchanged", arguments: RoundTrip.frames)
    func roundTrip(frame: OutgoingFrame) throws {
        let parsed = try parse(frame.bytes(source: Self.node)).get()
        #expect(parsed.ethernet.source == Self.node)
        switch (frame, parsed) {
        case (.arp(let sent, let destination), .arp(let ethernet, let received)):
            #expect(sent == received && ethernet.destination == destination)
        case (.solicitation(let sent, let destination), .solicitation(let ethernet, let received)):
            #expect(sent == received && ethernet.destination == destination)
        case (.advertisement(let sent, let destination), .advertisement(let ethernet, let received)):
            #expect(sent == received && ethernet.destination == destination)
        default: Issue.record("another kind came back: \(parsed)")
        }
    }

    @Test("a span that is too short for the frame is left alone", arguments: RoundTrip.frames)
    func tooShort(frame: OutgoingFrame) {
        let full = frame.bytes(source: Self.node).count
        var buffer = [UInt8](repeating: 0xAA, count: full - 1)
        var span = buffer.mutableSpan
        #expect(frame.store(into: &span, source: Self.node) == 0)
        #expect(buffer.allSatisfy { $0 == 0xAA })
    }
}

enum RoundTrip {
    private static let address = IPv4Address(192, 168, 57, 201)
    private static let v6 = IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC9)
    private static let mac = MACAddress(2, 0, 0, 0, 0, 0x1F)

    static let frames: [OutgoingFrame] = [
        .arp(.probe(for: address, from: mac), destination: .broadcast),
        .arp(.announcementRequest(of: address, at: mac), destination: .broadcast),
        .arp(.announcementReply(of: address, at: mac), destination: .broadcast),
        .solicitation(.probe(for: v6), destination: MACAddress(multicast: v6.solicitedNode)),
        .solicitation(
            NeighborSolicitation(source: v6, destination: v6, target: v6, sourceLinkLayer: mac), destination: mac),
        .advertisement(.announcement(of: v6, at: mac), destination: MACAddress(multicast: .allNodes)),
        .advertisement(
            NeighborAdvertisement(
                source: v6, destination: v6, target: v6, isRouter: true, isSolicited: true, overrides: false,
                targetLinkLayer: nil), destination: mac),
    ]
}

/// `LinkFrame.init(parsing:)` as a result, so that a table can name the refusal.
func parse(_ bytes: [UInt8]) -> Result<LinkFrame, DropReason> {
    do throws(DropReason) {
        return .success(try LinkFrame(parsing: bytes.span))
    } catch {
        return .failure(error)
    }
}

import Layer2
import Link
import MonotonicTime
import NetworkAddresses
import SpeakerDaemon
import Testing
import Wire

@Suite("Every frame that is not acted upon is counted, with its reason")
struct DropCountTests {
    static let now = Instant(nanoseconds: 1_000_000_000)
    static let own = MACAddress(2, 0, 0, 0, 0, 1)
    static let other = MACAddress(2, 0, 0, 0, 0, 2)

    static func speaker(_ name: String, _ hardware: MACAddress) -> LinkSpeaker {
        var configuration = LinkConfiguration(
            nodeName: name, interfaceName: "eth0", interfaceIndex: 2, hardwareAddress: hardware,
            cluster: ClusterID(uid: "test"))
        configuration.keys = HelloKeys(current: [1])
        configuration.siblings = [
            SiblingLink(interfaceName: "eth1", hardwareAddress: MACAddress(2, 0, 0, 0, 0, 9), goesFirst: false)
        ]
        return LinkSpeaker(configuration, incarnation: 1, at: now)
    }

    /// The first frame of the speakers' protocol that a speaker sends.
    static func hello(of name: String, _ hardware: MACAddress) throws -> [UInt8] {
        var speaker = speaker(name, hardware)
        let frames = speaker.poll(at: now).compactMap { effect -> [UInt8]? in
            if case .send(let frame) = effect, frame[12] == 0x88, frame[13] == 0xB5 { frame } else { nil }
        }
        return try #require(frames.first)
    }

    static func arp(from hardware: MACAddress) -> [UInt8] {
        OutgoingFrame.arp(
            .announcementRequest(of: IPv4Address(10, 0, 0, 1), at: hardware), destination: .broadcast
        ).bytes(source: hardware)
    }

    private static func dropped(_ speaker: LinkSpeaker, _ reason: HelloDropReason) -> UInt64 {
        speaker.report(at: now).counters.framesDropped[reason] ?? 0
    }

    private static func total(_ speaker: LinkSpeaker) -> UInt64 {
        let counters = speaker.report(at: now).counters
        return counters.framesAccepted + counters.framesDropped.values.reduce(0, +) + speaker.packetCounters.drops.total
    }

    @Test("of ARP and Neighbor Discovery")
    func packets() {
        var wrong = Self.arp(from: Self.other)
        wrong[21] = 9
        let rows: [([UInt8], DropReason)] = [
            ([], .truncated), ([1, 2, 3], .truncated), (Self.arp(from: Self.own), .ownFrame), (wrong, .arpOperation),
            (Array(Self.arp(from: Self.other).prefix(30)), .truncated), (Self.arp(from: Self.other), .notConcerned),
        ]
        for (frame, reason) in rows {
            var speaker = Self.speaker("node", Self.own)
            #expect(speaker.receive(frame: frame.span, at: Self.now).isEmpty)
            #expect(speaker.packetCounters.drops[reason] == 1, "\(reason)")
            #expect(Self.total(speaker) == 1)
        }
    }

    @Test("once, when a question for somebody else's address is the proof of reception that is waited for")
    func proof() {
        var speaker = Self.speaker("node", Self.own)
        let question = OutgoingFrame.arp(
            .request(for: IPv4Address(10, 0, 0, 2), from: IPv4Address(10, 0, 0, 1), at: Self.other),
            destination: .broadcast
        ).bytes(source: Self.other)
        for number in 1...2 {
            var room = [UInt8](repeating: 0, count: 128)
            var reply = room.mutableSpan
            // The first one ends the wait.
            let answer = speaker.answer(question.span, into: &reply)
            #expect(answer == (number == 1 ? .receive : .drop(.notOwned)))
            if answer == .receive { _ = speaker.receive(frame: question.span, at: Self.now) }
            #expect(Self.total(speaker) == UInt64(number))
        }
    }

    @Test("of the speakers' protocol, also in the last moments of a process that restarts", arguments: [false, true])
    func speakers(isRestarting: Bool) throws {
        var speaker = Self.speaker("node", Self.own)
        if isRestarting { _ = speaker.announceRestart(at: Self.now) }
        var forged = try Self.hello(of: "peer", Self.other)
        forged[forged.count - 1] ^= 1
        var datagram = Self.arp(from: Self.other) + [0, 0, 0]
        (datagram[12], datagram[13]) = (0x08, 0x00)
        let peer = try Self.hello(of: "peer", Self.other)
        let rows: [([UInt8], HelloDropReason?)] = [
            (peer, nil), (peer, .outdated), (forged, .unauthenticated), (datagram, .foreignProtocol),
            (try Self.hello(of: "node", Self.own), .reflected),
            (try Self.hello(of: "node", MACAddress(2, 0, 0, 0, 0, 9)), .reflected),
        ]
        for (number, (frame, reason)) in rows.enumerated() {
            let before = reason.map { Self.dropped(speaker, $0) }
            _ = speaker.receive(frame: frame.span, at: Self.now)
            if let reason, let before { #expect(Self.dropped(speaker, reason) == before + 1, "\(reason)") }
            #expect(Self.total(speaker) == UInt64(number + 1))
        }
        #expect(speaker.report(at: Self.now).counters.framesAccepted == 1)
    }
}

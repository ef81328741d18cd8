import Election
import Link
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

/// A link's speaker, driven as the packet thread drives it: one poll for each wake-up, then a sleep of as long as remains.
/// Nobody else is on the wire, so that nothing else wakes it.
private struct LoneLink {
    private(set) var speaker: LinkSpeaker
    private(set) var now: Instant
    private let start: Instant
    /// When each address was announced first.
    private(set) var announced: [IPAddress: Interval] = [:]
    private(set) var tookAt: [IPAddress: Interval] = [:]
    private(set) var claimedAt: [Interval] = []
    /// By how much it woke up later than it had asked for.
    private(set) var lateness = Interval.zero

    init(_ addresses: [IPAddress], areNew: Bool, startingAt start: Instant) {
        var configuration = LinkConfiguration(
            nodeName: "node", interfaceName: "eth0", interfaceIndex: 2, hardwareAddress: MACAddress(2, 0, 0, 0, 0, 1),
            cluster: ClusterID(uid: "test"))
        configuration.keys = HelloKeys(current: [1])
        configuration.intents = addresses.map {
            AddressIntent(
                address: $0, allocation: AllocationID(rawValue: 1), eligible: ["node": 0], isNewlyAssigned: areNew)
        }
        (self.start, now) = (start, start)
        speaker = LinkSpeaker(configuration, incarnation: 1, at: start)
    }

    mutating func run(until interval: Interval) {
        let end = start + interval
        while true {
            let deadline: Instant = speaker.nextDeadline(at: now)
            let wake = now + now.remaining(until: deadline)
            guard wake <= end else { return }
            now = wake
            lateness = max(lateness, now - deadline)
            if speaker.nextDeadline(at: now) <= now { perform(speaker.poll(at: now)) }
        }
    }

    private mutating func perform(_ effects: [LinkEffect]) {
        for effect in effects {
            switch effect {
            case .report(.took(let address, _)): tookAt[address] = now - start
            case .report: break
            case .send(let frame):
                if frame[12] == 0x88, frame[13] == 0xB5 {
                    let view = try? HelloFrameView(frame, at: 14, cluster: ClusterID(uid: "test"))
                    if case .claims(let part) = try? view?.body(), !part.entries.isEmpty {
                        claimedAt.append(now - start)
                    }
                } else if case .arp(_, let packet) = try? LinkFrame(parsing: frame.span), packet.isAnnouncement,
                    announced[.v4(packet.sender)] == nil
                {
                    announced[.v4(packet.sender)] = now - start
                }
            }
        }
    }
}

@Suite("A speaker that nothing else wakes")
struct LoneLinkTests {
    /// A machine that booted a moment ago, one that runs for a year, and a clock before its origin.
    static let clocks: [Int64] = [0, 31_557_600_000_000_000, -1_000_000_000_000]

    @Test("all that is taken at once is announced at full pace, and claimed at once", arguments: clocks)
    func survivor(clock: Int64) throws {
        let addresses = (0..<1000 as Range<UInt32>).map { IPAddress.v4(IPv4Address(rawValue: 0x0A01_0000 + $0)) }
        var link = LoneLink(addresses, areNew: false, startingAt: Instant(nanoseconds: clock))
        link.run(until: .seconds(10))
        let took = try #require(link.tookAt.values.min())
        #expect(link.tookAt.count == 1000 && link.tookAt.values.max() == took)
        #expect(link.announced.count == 1000)
        // 2,000 frames in a second.
        #expect(try #require(link.announced.values.max()) - took <= .milliseconds(500))
        #expect(link.claimedAt.contains { $0 - took <= .milliseconds(1) })
        #expect(link.claimedAt.count >= 7, "and repeated")
        #expect(link.lateness == .zero)
    }

    @Test("what a probe has found free is announced and claimed at once", arguments: clocks)
    func probed(clock: Int64) throws {
        let address = IPAddress.v4(IPv4Address(10, 1, 0, 1))
        var link = LoneLink([address], areNew: true, startingAt: Instant(nanoseconds: clock))
        link.run(until: .seconds(10))
        let took = try #require(link.tookAt[address])
        #expect(link.announced[address] == took)
        #expect(link.claimedAt.contains(took))
        #expect(link.lateness == .zero)
    }
}

import Foundation
import NetworkAddresses
import Testing
import Wire

@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(3)))
struct AnnouncementWitnessTests {
    private static let v4 = IPAddress.v4(IPv4Address(192, 168, 57, 200))
    private static let v6 = IPAddress.v6(IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8))
    /// What a busy machine may add to a send time; Layer2Tests hold the schedule to the millisecond, in virtual time.
    ///
    /// When the first frame is late, those after it seem early.
    static let tolerance = -0.19..<0.5

    @Test("tcpdump sees the announcement schedule, in both families, and the host resolves both addresses")
    func schedule() async throws {
        let segment = try await Segment.make()
        let witness = try await Witness.watch(segment)
        let harness = try await PacketLoopHarness.start(on: segment)
        try await harness.run {
            try await harness.configure([Self.v4, Self.v6])
            try await harness.waitForAnnouncements(15)
            // The host's kernel asks, and believes the answer.
            _ = try await segment.tryOnHost("ping -c1 -W1 192.168.57.200 || true; ping -6 -c1 -W1 fd57::c8")
            let neighbors = try await segment.onHost("ip neigh show dev eth0")
            #expect(neighbors.contains("192.168.57.200 lladdr \(Segment.nodeHardware)"), "\(neighbors)")
            #expect(neighbors.contains("fd57::c8 lladdr \(Segment.nodeHardware)"), "\(neighbors)")
        }
        let sightings = try await witness.sightings().filter { $0.frame.ethernet.source == Segment.nodeHardware }
        for (address, copies) in [(Self.v4, 2), (Self.v6, 1)] {
            let times = sightings.filter { $0.frame.announced == address }.map(\.time)
            let expected: [Double] = [0, 0.2, 1.1, 2.2, 4.4].flatMap { [Double](repeating: $0, count: copies) }
            #expect(times.count == expected.count)
            for (time, planned) in zip(times, expected) {
                #expect(Self.tolerance.contains(time - (times.first ?? 0) - planned))
            }
        }
    }

    @Test("1,000 addresses at once: 2,000 frames/s at most, and every address once before any repeat")
    func pacing() async throws {
        let segment = try await Segment.make()
        let witness = try await Witness.watch(segment, "arp")
        let harness = try await PacketLoopHarness.start(on: segment)
        let addresses = (0..<1000 as Range<UInt32>).map { IPAddress.v4(IPv4Address(rawValue: 0x0A01_0000 + $0)) }
        try await harness.run {
            try await harness.configure(addresses)
            try await harness.waitForAnnouncements(10_000)
        }
        let announced = try await witness.sightings().filter { $0.frame.announced != nil }
        #expect(announced.count == 10_000)
        #expect(Set(announced.prefix(1000).compactMap(\.frame.announced)).count == 1000)
        let times = announced.map(\.time)
        var first = 0
        var worst = 0
        for last in times.indices {
            while times[last] - times[first] > 1 { first += 1 }
            worst = max(worst, last - first + 1)
        }
        // A burst of 20, and what waited in the thread's scheduling.
        #expect(worst <= 2100, "\(worst) frames in one second")
        print(
            "pacing: most frames in one second \(worst), first announcement of the last address at \(times[min(999, times.count - 1)]) s"
        )
    }

    /// Netlink's news is acted on within 100 ms on an idle machine; this bound leaves room for a busy one, and is well below
    /// the 5 s after which everything is tried again.
    static let promptness = 2.0

    @Test("a changed hardware address is announced at once")
    func hardwareAddress() async throws {
        let changed = MACAddress(2, 0, 0, 0, 0, 0x77)
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        var witness: Witness?
        var changedAt = 0.0
        try await harness.run {
            try await harness.configure([Self.v4, Self.v6])
            // After the second of five announcements.
            try await harness.waitForAnnouncements(6)
            let watching = try await Witness.watch(segment)
            witness = watching
            let clock = try await segment.onNode("date +%s.%N; ip link set eth0 address \(changed)").trimmed
            changedAt = try #require(Double(clock))
            // Seen, not counted: by now the old address may have been announced for the third time.
            try await harness.wait(for: "both addresses with the changed hardware address") {
                let seen = try watching.sightingsSoFar().filter { $0.frame.ethernet.source == changed }
                return Set(seen.compactMap(\.frame.announced)) == [Self.v4, Self.v6]
            }
        }
        let sightings = try await witness?.sightings() ?? []
        let announcements = sightings.filter { $0.frame.ethernet.source == changed && $0.frame.announced != nil }
        let first = Dictionary(announcements.map { ($0.frame.announced, $0.clock) }, uniquingKeysWith: min)
        #expect(Set(first.keys) == [Self.v4, Self.v6])
        let delay = try #require(first.values.max()) - changedAt
        #expect(delay < Self.promptness, "announced only \(delay) s after the change")
        print("hardware address: both addresses announced \(Int(delay * 1000)) ms after the change was asked for")
    }
}

extension String {
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}

import ChildProcess
import NetworkAddresses
import SpeakerDaemon
import Testing

@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(2)))
struct ManyGroupsTests {
    private static let owned = IPAddress.v4(IPv4Address(192, 168, 57, 200))
    private static let groups = 16_000

    @Test("16,000 solicited-node groups that are joined and left hold no answer up")
    func changes() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        let many = (0..<Self.groups).map {
            IPAddress.v6(IPv6Address(high: 0xFD57_0000_0000_0000, low: 0x1_0000 + UInt64($0)))
        }
        try await harness.run {
            try await harness.configure([Self.owned])
            try await harness.wait(for: "an answer") {
                try await segment.tryOnHost("arping -f -w1 -I eth0 192.168.57.200").isSuccess
            }
            for expected in [many, []] {
                async let longest = segment.longestSilence(of: IPv4Address(192, 168, 57, 200)) {}
                try await harness.configure([Self.owned], expecting: expected)
                let silence = try await longest
                print("\(expected.count) groups: \(Int(silence * 1000)) ms without an answer")
                #expect(silence < 0.5)
                try await harness.wait(for: "\(expected.count) groups") {
                    try await harness.counters?.groupsJoined == expected.count
                }
            }
        }
    }
}

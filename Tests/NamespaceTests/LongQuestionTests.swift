import ChildProcess
import Layer2
import NetworkAddresses
import SpeakerDaemon
import Testing
import Wire

@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(2)))
struct LongQuestionTests {
    private static let address = IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8)
    private static let asker = IPv6Address(high: 0xFD57_0000_0000_0000, low: 0x1E)

    /// A solicitation with an option of `units` times 8 octets, such as the CGA option of RFC 3971.
    private static func solicitation(units: Int) -> [UInt8] {
        let group = MACAddress(multicast: address.solicitedNode)
        let message = NeighborSolicitation(
            source: asker, destination: address.solicitedNode, target: address,
            sourceLinkLayer: Segment.hostHardware)
        var frame = OutgoingFrame.solicitation(message, destination: group).bytes(source: Segment.hostHardware)
        let length = Int(frame[18]) << 8 + Int(frame[19]) + units * 8
        (frame[18], frame[19]) = (UInt8(length >> 8), UInt8(length & 0xFF))
        var option = [UInt8](repeating: 0, count: units * 8)
        (option[0], option[1]) = (11, UInt8(units))
        // What it adds to the checksum, with its own length, its last two octets take away.
        let rest = 0xFFFF - (11 << 8 + units) - units * 8
        (option[option.count - 2], option[option.count - 1]) = (UInt8(rest >> 8), UInt8(rest & 0xFF))
        return frame + option
    }

    @Test("a solicitation with long options is answered, up to a whole Ethernet frame", arguments: [1, 40, 178])
    func long(units: Int) async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        let frame = Self.solicitation(units: units)
        try await harness.run {
            try await harness.configure([.v6(Self.address)])
            try await harness.wait(for: "an answer to a short one") {
                try await segment.tryOnHost("ndisc6 -1 -w 500 fd57::c8 eth0").isSuccess
            }
            let before = try #require(try await harness.counters).layer2
            try await segment.sendFromHost(frame)
            try await harness.wait(for: "an answer to \(frame.count) octets") {
                (try await harness.counters?.layer2.advertisements ?? 0) == before.advertisements + 1
            }
        }
    }
}

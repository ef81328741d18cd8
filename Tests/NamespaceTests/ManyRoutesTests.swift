import ChildProcess
import Foundation
import Glibc
import NetworkAddresses
import PacketSocket
import Testing
import Wire

@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(2)))
struct ManyRoutesTests {
    private static let owned = IPv4Address(192, 168, 57, 200)
    private static let routes = 200_000

    @Test("a default route that changes among 200,000 routes holds no answer up, and its gateway is known soon")
    func changes() async throws {
        let segment = try await Segment.make()
        try await segment.onNode("ip addr add 192.168.57.31/24 dev eth0")
        // 10.0.0.0/30 and on.
        try await segment.onNode(
            """
            awk 'BEGIN { for (i = 0; i < \(Self.routes); i++)
                printf "route add 10.%d.%d.%d/30 via 192.168.57.30\\n", i / 16384, i / 64 % 256, i % 64 * 4 }' |
                ip -batch -
            """)
        let harness = try await PacketLoopHarness.start(on: segment)
        try await harness.run {
            try await harness.configure([.v4(Self.owned)])
            try await harness.wait(for: "an answer") {
                try await segment.tryOnHost("arping -f -w1 -I eth0 \(Self.owned)").isSuccess
            }
            for router in [30, 40] as [UInt8] {
                let (node, change) = (segment.node, "route replace default via 192.168.57.\(router)")
                let longest = try await segment.longestSilence(of: Self.owned) {
                    try Segment.batch(in: node, [change])
                }
                print("\(Self.routes) routes: \(Int(longest * 1000)) ms without an answer")
                #expect(longest < 0.25)
                try await harness.wait(for: "the gateway") {
                    harness.gateways == [.v4(IPv4Address(192, 168, 57, router))]
                }
            }
        }
    }
}

extension Segment {
    /// Asks for `address` every few milliseconds for 3 s, while `action` runs on another thread, and measures the longest
    /// time from a question to the first answer after it.
    func longestSilence(
        of address: IPv4Address, during action: @escaping @Sendable () throws -> Void
    ) async throws -> Double {
        async let done: Void = Self.inside(node, action)
        let longest = try await Self.inside(host) {
            let socket = try PacketSocket(
                etherType: .arp, interfaceIndex: unsafe Int32(if_nametoindex("eth0")), filter: .all)
            let question = OutgoingFrame.arp(
                .request(for: address, from: Segment.hostAddress, at: Segment.hostHardware), destination: .broadcast
            ).bytes(source: Segment.hostHardware)
            var questions = FrameBatch(capacity: 1, frameSize: 64)
            var answers = FrameBatch(capacity: 64, frameSize: 128)
            var waiting = PollSet()
            waiting.add(socket.descriptor)
            let begin = KernelClock.monotonicNanoseconds()
            var (longest, now) = (0, begin)
            var asked: Int64?
            while now - begin < 3_000_000_000 {
                _ = questions.fill(0) { room in
                    for offset in question.indices { room[offset] = question[offset] }
                    return question.count
                }
                asked = asked ?? now
                _ = questions.send(count: 1, to: socket.descriptor)
                waiting.wait(nanoseconds: 5_000_000)
                now = KernelClock.monotonicNanoseconds()
                if answers.receive(from: socket) == 0, let since = asked {
                    longest = max(longest, Int(now - since))
                    asked = nil
                    usleep(2000)
                    now = KernelClock.monotonicNanoseconds()
                }
            }
            // One that has not ended counts, too.
            if let since = asked { longest = max(longest, Int(now - since)) }
            return Double(longest) / 1e9
        }
        try await done
        return longest
    }
}

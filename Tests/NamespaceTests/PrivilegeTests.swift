import CTestSupport
import ChildProcess
import MonotonicTime
import NetworkAddresses
import SpeakerDaemon
import Testing

@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(2)))
struct PrivilegeTests {
    private static let nobody: UInt32 = 65534
    private static let netRaw: UInt64 = 1 << 13

    @Test("CAP_NET_RAW alone is enough, for a user who is not root")
    func netRawAlone() async throws {
        let segment = try await Segment.make()
        let loop = try PacketLoop<Layer2Core>()
        try await segment.insideNode {
            #expect(ct_become(Self.nobody, Self.netRaw) == 0)
            // The packet thread inherits user and capabilities.
            try loop.start()
        }
        let harness = PacketLoopHarness(segment, loop)
        try await harness.run {
            try await harness.configure([
                .v4(IPv4Address(192, 168, 57, 200)), .v6(IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8)),
            ])
            try await harness.wait(for: "an answer") {
                try await segment.tryOnHost("arping -c1 -w1 -I eth0 192.168.57.200").isSuccess
            }
            try await harness.wait(for: "an answer by IPv6") {
                try await segment.tryOnHost("ndisc6 -1 -w 500 fd57::c8 eth0").isSuccess
            }
            let counters = try await harness.counters
            #expect(counters?.groupsJoined == 1 && counters?.groupsFailed == 0)
            // Without CAP_NET_ADMIN the kernel's limit holds, and is told.
            #expect((counters?.receiveBuffer ?? 0) > 0)
        }
        #expect(harness.troubles.isEmpty, "\(harness.troubles)")
    }

    @Test("a link that the kernel gives no filter is in trouble until it does, and says so with every report")
    func shortMemory() async throws {
        let segment = try await Segment.make()
        var settings = PacketLoopSettings()
        settings.reportInterval = .milliseconds(50)
        let harness = try await PacketLoopHarness.start(on: segment, settings: settings)
        let file = "/proc/sys/net/core/optmem_max"
        let before = try await segment.onNode("cat \(file); echo 0 > \(file)").trimmed
        try await harness.run {
            try await harness.configure([.v4(IPv4Address(192, 168, 57, 200))])
            try await harness.wait(for: "the trouble") { harness.trouble?.contains("net.core.optmem_max") == true }
            let told = harness.troubles.count
            try await harness.wait(for: "the trouble in more reports") { harness.troubles.count > told + 2 }
            #expect(harness.trouble != nil)
            try await segment.onNode("echo \(before) > \(file)")
            try await harness.wait(for: "the end of the trouble") { harness.trouble == nil }
        }
    }

    @Test("without CAP_NET_RAW the start fails, and says what is missing and where to add it")
    func nothing() async throws {
        let segment = try await Segment.make()
        let message = try await segment.insideNode {
            #expect(ct_become(Self.nobody, 0) == 0)
            let loop = try PacketLoop<Layer2Core>()
            do {
                try loop.start()
                return "started"
            } catch {
                return "\(error)"
            }
        }
        #expect(message.contains("CAP_NET_RAW") && message.contains("NET_RAW"), "\(message)")
    }
}

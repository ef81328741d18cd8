import CTestSupport
import Foundation
import Lab
import Netlink
import NetworkAddresses
import PacketSocket
import SpeakerDaemon
import Testing
import Wire

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

@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(2)))
struct LinkMonitorTests {
    @Test("interfaces, addresses, gateways and names are told as they change; a bridge's port is not mistaken for gone")
    func changes() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        func interface(_ name: String) -> NetworkInterface? {
            harness.network?.interfaces.values.first { $0.name == name }
        }
        try await harness.run {
            try await harness.wait(for: "eth0") { interface("eth0")?.isUsable == true }
            #expect(interface("eth0")?.hardwareAddress == Segment.nodeHardware)
            #expect(interface("eth0")?.kind == "veth")
            #expect(interface("lo")?.isUsable == false)

            try await segment.onNode("ip addr add 192.168.57.31/24 dev eth0; ip route add default via 192.168.57.30")
            let own = InterfaceAddress(address: .v4(IPv4Address(192, 168, 57, 31)), prefixLength: 24)
            try await harness.wait(for: "the address") { interface("eth0")?.addresses.contains(own) == true }
            try await harness.wait(for: "the gateway") {
                harness.network?.gateways.first?.address == .v4(IPv4Address(192, 168, 57, 30))
            }
            try await segment.onNode("ip addr del 192.168.57.31/24 dev eth0")
            try await harness.wait(for: "no address") { interface("eth0")?.addresses.contains(own) == false }

            try await segment.onNode("ip link add br0 type bridge; ip link set eth0 master br0")
            try await harness.wait(for: "the master") { interface("eth0")?.master == interface("br0")?.index }
            #expect(interface("eth0")?.isUsable == false)
            try await segment.onNode("ip link set eth0 nomaster")
            try await harness.wait(for: "no master") { interface("eth0")?.isUsable == true }

            try await segment.onNode("ip link set eth0 down; ip link set eth0 name lan; ip link set lan up")
            try await harness.wait(for: "the new name") {
                interface("lan")?.isUsable == true && interface("eth0") == nil
            }
            try await segment.onNode("ip link del lan")
            try await harness.wait(for: "the end") { interface("lan") == nil }
        }
    }

    @Test("an interface that is replaced by an equal one with the same index is told as removed")
    func replaced() async throws {
        let segment = try await Segment.make()
        let process = segment.node
        try await segment.onNode("ip link add twin index 77 address 02:00:00:00:00:77 type veth peer name other")
        let result = try await segment.insideNode {
            var monitor = try LinkMonitor()
            let before = monitor.state.interfaces[77]
            let shell = Process()
            shell.executableURL = URL(filePath: "/usr/bin/nsenter")
            let again = "ip link add twin index 77 address 02:00:00:00:00:77 type veth peer name other"
            shell.arguments = ["-t", "\(process)", "-n", "sh", "-ec", "ip link del twin; \(again)"]
            try shell.run()
            shell.waitUntilExit()
            let isChanged = try monitor.update()
            let removed = monitor.removed
            let isChangedTwice = try monitor.update()
            let isEqual = before == monitor.state.interfaces[77]
            return (isEqual, isChanged, removed.contains(77), isChangedTwice, monitor.removed.isEmpty)
        }
        #expect(result == (true, true, true, false, true))
    }

    @Test("when the kernel drops notifications, the state is read again as a whole")
    func overrun() async throws {
        let segment = try await Segment.make()
        let process = segment.node
        let result = try await segment.insideNode {
            var monitor = try LinkMonitor(receiveBuffer: 4096)
            let script = "for i in $(seq 1 250); do echo addr add 10.9.0.$i/32 dev eth0; done | ip -batch -"
            let shell = Process()
            shell.executableURL = URL(filePath: "/usr/bin/nsenter")
            shell.arguments = ["-t", "\(process)", "-n", "sh", "-c", script]
            try shell.run()
            shell.waitUntilExit()
            _ = try monitor.update()
            let addresses = monitor.state.interfaces.values.first { $0.name == "eth0" }?.addresses.count ?? 0
            return (addresses: addresses, resynchronisations: monitor.resynchronisations)
        }
        #expect(result.resynchronisations >= 1)
        #expect(result.addresses >= 250)
    }
}

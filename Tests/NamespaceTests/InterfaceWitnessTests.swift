import ChildProcess
import Foundation
import MonotonicTime
import Netlink
import NetworkAddresses
import PacketSocket
import SpeakerDaemon
import Testing
import Wire

@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(3)))
struct InterfaceWitnessTests {
    private static let v4 = IPAddress.v4(IPv4Address(192, 168, 57, 200))
    private static let v6 = IPAddress.v6(IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8))
    private static let promptness = AnnouncementWitnessTests.promptness

    @Test("a pulled cable is noticed at once, and everything is announced as soon as it is back")
    func carrier() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        try await harness.run {
            try await harness.configure([Self.v4])
            try await harness.wait(for: "an answer") { try await segment.answers() }
            for _ in 0..<3 {
                let pulled = ContinuousClock.now
                try await segment.onHost("ip link set eth0 down")
                try await harness.wait(for: "the loss of carrier") { harness.isUsable("eth0") == false }
                let noticed = ContinuousClock.now - pulled
                // The kernel itself tells of lost carriers at most once per second (`net/core/link_watch.c`).
                #expect(noticed < .seconds(1 + Self.promptness))
                let delay = try await segment.delay(ofAnnouncementOf: Self.v4, after: "ip link set eth0 up")
                #expect(delay < Self.promptness, "announced only \(delay) s after the carrier was back")
                #expect(try await segment.answers())
                print("carrier: loss noticed in \(noticed), announced \(Int(delay * 1000)) ms after its return")
            }
        }
        #expect(harness.troubles.isEmpty, "\(harness.troubles)")
    }

    @Test("an interface that is deleted takes its sockets and groups with it, and works again when it is back")
    func removal() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        try await harness.run {
            for _ in 0..<3 {
                try await harness.configure([Self.v4, Self.v6])
                try await harness.wait(for: "an answer") { try await segment.answers() }
                try await harness.wait(for: "the group") { try await segment.solicitedGroups() == 1 }
                // ARP, Neighbor Discovery, Hello, the carrier, the groups, and netlink: links and routes.
                try await harness.wait(for: "seven sockets") { try await segment.openSockets() == 7 }
                #expect(try await segment.packetSockets() == 3)
                let removed = ContinuousClock.now
                try await segment.onNode("ip link del eth0")
                try await harness.wait(for: "closed sockets") { try await segment.packetSockets() == 0 }
                // Both times hold the programs' that remove and plug, which wait for a processor on a busy machine.
                #expect(ContinuousClock.now - removed < .seconds(1 + Self.promptness))
                // Netlink's own. The kernel lets go of some a moment after they are closed.
                try await harness.wait(for: "no socket but two") { try await segment.openSockets() == 2 }
                let plugged = ContinuousClock.now
                try await segment.plug()
                try await harness.wait(for: "the new interface") { harness.isUsable("eth0") == true }
                #expect(ContinuousClock.now - plugged < .seconds(1 + Self.promptness))
                try await segment.onHost("ip addr add 192.168.57.30/24 dev eth0")
            }
        }
        try await harness.wait(for: "no socket") { try await segment.openSockets() == 0 }
        #expect(harness.troubles.isEmpty, "\(harness.troubles)")
    }

    @Test("an interface that is gone for a moment, too short for the control plane to notice, answers again")
    func absence() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        try await harness.run {
            try await harness.configure([Self.v4])
            try await harness.wait(for: "an answer") { try await segment.answers() }
            let index = try await segment.interfaceIndex()
            try await segment.onNode("ip link del eth0")
            try await harness.wait(for: "the end") { harness.isUsable("eth0") == nil }
            try await segment.plug(index: index)
            try await segment.onHost("ip addr add 192.168.57.30/24 dev eth0")
            try await harness.wait(for: "an answer") { try await segment.answers() }
        }
        #expect(harness.troubles.isEmpty, "\(harness.troubles)")
    }

    @Test("an address that is withdrawn leaves its group, and the last IPv6 address its socket")
    func withdrawal() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        let other = IPAddress.v6(IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC9))
        try await harness.run {
            for (addresses, groups, sockets) in [
                ([Self.v4], 0, 2), ([Self.v4, Self.v6], 1, 3), ([Self.v4, Self.v6, other], 2, 3),
                ([other], 1, 3), ([], 0, 2),
            ] {
                try await harness.configure(addresses)
                try await harness.wait(for: "\(groups) groups, \(sockets) sockets") {
                    let joined = try await segment.solicitedGroups()
                    let open = try await segment.packetSockets()
                    return joined == groups && open == sockets
                }
            }
        }
    }

    @Test("an interface that loses IPv6 for a while, because its MTU is too small, has its groups again afterwards")
    func smallUnit() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        try await harness.run {
            try await harness.configure([Self.v6])
            try await harness.wait(for: "the group") { try await segment.solicitedGroups() == 1 }
            try await segment.onNode("ip link set eth0 mtu 1200")
            try await harness.wait(for: "no group") { try await segment.solicitedGroups() == 0 }
            try await segment.onNode("ip link set eth0 mtu 1500")
            let restored = ContinuousClock.now
            try await harness.wait(for: "the group again") { try await segment.solicitedGroups() == 1 }
            #expect(ContinuousClock.now - restored < .seconds(2 + Self.promptness))
        }
        #expect(harness.trouble == nil)
    }

    @Test("what the kernel dropped of IPv6 is counted, also when the socket is closed with the last IPv6 address")
    func droppedSolicitations() async throws {
        let segment = try await Segment.make()
        var settings = PacketLoopSettings()
        (settings.receiveBuffer, settings.reportInterval) = (1, .seconds(1000))
        let harness = try await PacketLoopHarness.start(on: segment, settings: settings)
        let target = try #require(Self.v6.v6)
        let question = OutgoingFrame.solicitation(
            .probe(for: target), destination: MACAddress(multicast: target.solicitedNode)
        ).bytes(source: Segment.hostHardware)
        try await harness.run {
            try await harness.configure([Self.v6])
            try await harness.wait(for: "three sockets") { try await segment.packetSockets() == 3 }
            try await segment.sendFromHost([[UInt8]](repeating: question, count: 1000))
            try await harness.configure([])
            try await harness.wait(for: "two sockets") { try await segment.packetSockets() == 2 }
            #expect(try await harness.counters?.kernelDrops ?? 0 > 0)
        }
    }

    @Test("an interface that is renamed goes on answering on the same sockets, and announces nothing")
    func rename() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        var witness: Witness?
        try await harness.run {
            try await harness.configure([Self.v4, Self.v6])
            try await harness.wait(for: "an answer") { try await segment.answers() }
            // The whole schedule.
            try await harness.waitForAnnouncements(15)
            let open = try await segment.openSockets()
            witness = try await Witness.watch(segment)
            for name in ["lan0", "lan1", "eth0"] {
                let current = try #require(harness.usableInterface)
                let renamed = ContinuousClock.now
                try await segment.onNode("ip link set \(current) name \(name)")
                try await harness.wait(for: "the name \(name)") { harness.isUsable(name) == true }
                #expect(ContinuousClock.now - renamed < .seconds(Self.promptness))
                #expect(try await segment.answers())
            }
            try await harness.wait(for: "as many sockets as before") { try await segment.openSockets() == open }
        }
        let sightings = try await witness?.sightings() ?? []
        #expect(sightings.contains { if case .arp = $0.frame { true } else { false } })
        #expect(sightings.allSatisfy { $0.frame.announced == nil })
        #expect(harness.troubles.isEmpty, "\(harness.troubles)")
    }
}

extension PacketLoopHarness {
    /// `nil` while there is no interface of that name.
    fileprivate func isUsable(_ name: String) -> Bool? {
        network?.interfaces.values.first { $0.name == name }?.isUsable
    }

    fileprivate var usableInterface: String? { network?.interfaces.values.first { $0.isUsable }?.name }
}

extension Segment {
    /// Whether the node answers for 192.168.57.200, asked once a second for 10 s at most.
    fileprivate func answers() async throws -> Bool {
        try await tryOnHost("arping -f -w10 -I eth0 192.168.57.200").isSuccess
    }

    /// Sockets of all kinds in the node's namespace.
    fileprivate func openSockets() async throws -> Int {
        try #require(Int(try await onNode("awk '/^sockets:/ { print $3 }' /proc/net/sockstat").trimmed))
    }

    fileprivate func packetSockets() async throws -> Int {
        try #require(Int(try await onNode("tail -n +2 /proc/net/packet | wc -l").trimmed))
    }

    /// Groups of fd57::c8 and fd57::c9 that `eth0` is a member of.
    fileprivate func solicitedGroups() async throws -> Int {
        try #require(
            Int(try await onNode("grep -c 'eth0 *ff0200000000000000000001ff0000c[89]' /proc/net/igmp6 || true").trimmed)
        )
    }

    /// Runs `script` on the host, and measures the time until the node announces `address` there: with a packet socket,
    /// because tcpdump ends with the carrier.
    fileprivate func delay(
        ofAnnouncementOf address: IPAddress, after script: String
    ) async throws -> Double {
        try await Self.inside(host) {
            let index = unsafe Int32(if_nametoindex("eth0"))
            let socket = try PacketSocket(etherType: .arp, interfaceIndex: index, filter: .all)
            var batch = FrameBatch(capacity: 16, frameSize: 256)
            var waiting = PollSet()
            waiting.add(socket.descriptor)
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-ec", script]
            let begin = KernelClock.monotonicNanoseconds()
            func elapsed() -> Double { Double(KernelClock.monotonicNanoseconds() - begin) / 1e9 }
            try process.run()
            defer { process.waitUntilExit() }
            while elapsed() < 5 {
                waiting.wait(nanoseconds: 100_000_000)
                guard batch.receive(from: socket) == 0 else { continue }
                for place in 0..<batch.count {
                    let isSeen = batch.withFrame(place) { frame in
                        guard let parsed = try? LinkFrame(parsing: frame) else { return false }
                        return parsed.announced == address && parsed.ethernet.source == Segment.nodeHardware
                    }
                    if isSeen { return elapsed() }
                }
            }
            return .infinity
        }
    }
}

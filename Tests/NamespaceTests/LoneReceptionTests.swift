import ChildProcess
import Election
import Link
import NetworkAddresses
import SpeakerDaemon
import Testing
import Wire

/// No gateway, and the only other speaker that a Lease names is off: a client's question is all that is ever received.
@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(2)))
struct LoneReceptionTests {
    @Test(
        "a client's question proves to a lonely speaker that it receives, and is answered soon after",
        arguments: [
            ("192.168.57.200", "arping -c1 -w1 -I eth0 192.168.57.200"),
            ("fd57::c8", "ndisc6 -1 -r1 -w1000 fd57::c8 eth0"),
        ])
    func question(address: String, program: String) async throws {
        let segment = try await Segment.make()
        var configuration = LinkConfiguration(
            nodeName: "node", interfaceName: "eth0", interfaceIndex: try await segment.interfaceIndex(),
            hardwareAddress: Segment.nodeHardware, cluster: ClusterID(uid: "test"))
        configuration.ownAddresses = [.v4(IPv4Address(192, 168, 57, 31))]
        configuration.knownPeers = [KnownPeer(name: "other", addresses: [.v4(IPv4Address(192, 168, 57, 32))])]
        configuration.keys = HelloKeys(current: [1])
        configuration.intents = [
            AddressIntent(
                address: try #require(IPAddress(address)), allocation: AllocationID(rawValue: 1), eligible: ["node": 0])
        ]
        let loop = try PacketLoop<LinkSpeaker>()
        try await segment.insideNode { try loop.start() }
        loop.configure([configuration])
        var questions = 0
        var isAnswered = false
        while !isAnswered, questions < 15 {
            isAnswered = try await segment.tryOnHost(program).isSuccess
            questions += 1
        }
        await loop.stop()
        #expect(isAnswered, "\(questions) questions")
    }

    @Test("a speaker that takes everything at once announces all of it, though nothing wakes it but its own deadlines")
    func survivor() async throws {
        let segment = try await Segment.make()
        var configuration = LinkConfiguration(
            nodeName: "node", interfaceName: "eth0", interfaceIndex: try await segment.interfaceIndex(),
            hardwareAddress: Segment.nodeHardware, cluster: ClusterID(uid: "test"))
        configuration.keys = HelloKeys(current: [1])
        configuration.intents = (0..<300 as Range<UInt32>).map {
            AddressIntent(
                address: .v4(IPv4Address(rawValue: 0x0A01_0000 + $0)), allocation: AllocationID(rawValue: 1),
                eligible: ["node": 0])
        }
        let witness = try await Witness.watch(segment, "arp")
        let loop = try PacketLoop<LinkSpeaker>()
        try await segment.insideNode { try loop.start() }
        loop.configure([configuration])
        for await event in loop.events {
            if case .fact(.took, _) = event { break }
        }
        // They take 150 ms; an idle speaker's own reports come every 10 s.
        let limit = ContinuousClock.now + .seconds(5)
        var announced: Set<IPAddress> = []
        while announced.count < 300, ContinuousClock.now < limit {
            try await Task.sleep(for: .milliseconds(20))
            announced = Set(try witness.sightingsSoFar().compactMap(\.frame.announced))
        }
        await loop.stop()
        #expect(announced.count == 300)
    }
}

import ChildProcess
import Layer2
import Link
import NetworkAddresses
import SpeakerDaemon
import Testing
import Wire

@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(3)))
struct ConflictWitnessTests {
    private static let v4 = IPAddress.v4(IPv4Address(192, 168, 57, 200))
    private static let v6 = IPAddress.v6(IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8))

    @Test("a foreign host that claims an owned address is reported, and answered by one defence in 10 s")
    func defence() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        var witness: Witness?
        try await harness.run {
            try await harness.configure([Self.v4])
            // The whole schedule, so that only defences are left.
            try await harness.waitForAnnouncements(10)
            witness = try await Witness.watch(segment, "arp")
            try await segment.onHost("ip addr add 192.168.57.200/32 dev eth0")
            try await segment.onHost("arping -U -c4 -w5 -I eth0 192.168.57.200 || true")
            try await harness.wait(for: "the report") {
                harness.facts.contains(.conflict(Self.v4, hardwareAddress: Segment.hostHardware))
            }
            let counters = try await harness.counters
            #expect((counters?.layer2.conflicts ?? 0) >= 3)
            #expect(counters?.layer2.defences == 1)
        }
        let defences = try await witness?.sightings().filter { $0.frame.announced == Self.v4 } ?? []
        #expect(defences.count == 2, "one defence has two forms")
        #expect(harness.facts.count == 1)
    }

    @Test("a foreign host that asks for the node's own address from an owned one is reported, in both families")
    func claimingQuestion() async throws {
        let segment = try await Segment.make()
        let own = (v4: IPv4Address(192, 168, 57, 31), v6: IPv6Address(high: 0xFD57_0000_0000_0000, low: 0x31))
        try await segment.onNode("ip addr add \(own.v4)/24 dev eth0; ip addr add \(own.v6)/64 dev eth0 nodad")
        let harness = try await PacketLoopHarness.start(on: segment)
        let (claimed4, claimed6) = (try #require(Self.v4.v4), try #require(Self.v6.v6))
        let questions = [
            OutgoingFrame.arp(
                .request(for: own.v4, from: claimed4, at: Segment.hostHardware), destination: .broadcast),
            OutgoingFrame.solicitation(
                NeighborSolicitation(
                    source: claimed6, destination: own.v6.solicitedNode, target: own.v6,
                    sourceLinkLayer: Segment.hostHardware),
                destination: MACAddress(multicast: own.v6.solicitedNode)),
        ]
        try await harness.run {
            try await harness.configure([Self.v4, Self.v6])
            try await harness.waitForAnnouncements(15)
            for (address, question) in zip([Self.v4, Self.v6], questions) {
                try await segment.sendFromHost(question.bytes(source: Segment.hostHardware))
                try await harness.wait(for: "the report of \(address)") {
                    harness.facts.contains(.conflict(address, hardwareAddress: Segment.hostHardware))
                }
            }
        }
    }

    @Test("a newly assigned address that a foreign host uses is never announced", arguments: [v4, v6])
    func inUse(address: IPAddress) async throws {
        let segment = try await Segment.make()
        try await segment.onHost("ip addr add \(address)/\(address.family.bitWidth) dev eth0 nodad")
        let witness = try await Witness.watch(segment)
        let harness = try await PacketLoopHarness.start(on: segment)
        try await harness.run {
            try await harness.configure([address], probing: true)
            try await harness.wait(for: "the report") { !harness.facts.isEmpty }
            try await Task.sleep(for: .milliseconds(800))
        }
        #expect(harness.facts == [.probeConflict(address, hardwareAddress: Segment.hostHardware)])
        let sightings = try await witness.sightings().filter { $0.frame.ethernet.source == Segment.nodeHardware }
        #expect(sightings.allSatisfy { $0.frame.announced != address })
        #expect(!sightings.isEmpty, "the witness saw no probe")
    }

    @Test("a newly assigned address that is free is probed three times, then announced")
    func free() async throws {
        let segment = try await Segment.make()
        let witness = try await Witness.watch(segment, "arp")
        let harness = try await PacketLoopHarness.start(on: segment)
        try await harness.run {
            try await harness.configure([Self.v4], probing: true)
            try await harness.waitForAnnouncements(2)
        }
        let sightings = try await witness.sightings()
        let probes = sightings.filter { if case .arp(_, let packet) = $0.frame { packet.isProbe } else { false } }
        let announcement = try #require(sightings.first { $0.frame.announced != nil })
        #expect(probes.count == 3)
        #expect(probes.allSatisfy { $0.time < announcement.time })
        #expect(AnnouncementWitnessTests.tolerance.contains(announcement.time - (probes.first?.time ?? 0) - 0.45))
    }

    @Test("another host's duplicate address detection finds an owned address, in both families")
    func duplicateAddressDetection() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        try await harness.run {
            try await harness.configure([Self.v4, Self.v6])
            try await harness.wait(for: "an answer to a probe, as dhclient-script and systemd ask") {
                // arping -D fails when somebody answers.
                try await !segment.tryOnHost("arping -D -c1 -w1 -I eth0 192.168.57.200").isSuccess
            }
            // Ten questions, a second apart.
            try await segment.onHost(
                "sysctl -qw net.ipv6.conf.eth0.dad_transmits=10; ip -6 addr add fd57::c8/64 dev eth0")
            try await harness.wait(for: "dadfailed") {
                try await segment.onHost("ip -6 addr show dev eth0").contains("dadfailed")
            }
        }
    }

    @Test("multicast and unicast solicitations are answered: ndisc6, and the kernel's reachability probes")
    func solicitations() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        try await harness.run {
            try await harness.configure([Self.v6])
            try await harness.wait(for: "ndisc6") {
                try await segment.tryOnHost("ndisc6 -1 -w 500 fd57::c8 eth0").output.lowercased()
                    .contains("\(Segment.nodeHardware)")
            }
            // A stale entry that is used is probed by unicast after delay_first_probe_time.
            try await segment.onHost(
                "sysctl -qw net.ipv6.neigh.eth0.delay_first_probe_time=0; "
                    + "ip -6 neigh replace fd57::c8 lladdr \(Segment.nodeHardware) dev eth0 nud stale; "
                    + "ping -6 -c1 -W1 fd57::c8 || true")
            try await harness.wait(for: "a reachable entry") {
                try await segment.onHost("ip -6 neigh show fd57::c8 dev eth0").contains("REACHABLE")
            }
        }
    }

    /// A question for the owned address.
    static let good = OutgoingFrame.arp(
        .request(for: IPv4Address(192, 168, 57, 200), from: Segment.hostAddress, at: Segment.hostHardware),
        destination: .broadcast
    ).bytes(source: Segment.hostHardware)

    /// Each is that question, spoilt.
    static let unanswered: [(name: String, frame: [UInt8])] = {
        var other = good
        other.replaceSubrange(0..<6, with: [2, 0, 0, 0, 0, 0x99])
        return [
            // The kernel takes the tag off and marks the frame as another host's: there is no interface for the VLAN.
            ("802.1Q", Array(good[..<12]) + [0x81, 0x00, 0x00, 0x05] + Array(good[12...])),
            ("802.1ad", Array(good[..<12]) + [0x88, 0xA8, 0x00, 0x07] + Array(good[12...])),
            ("to another host", other),
            ("for another address", good[..<41] + [199]),
        ]
    }()

    @Test("frames of a VLAN, to other hosts and for other addresses do not even wake the thread")
    func otherFrames() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        try await harness.run {
            try await harness.configure([Self.v4])
            try await harness.wait(for: "an answer") {
                try await segment.tryOnHost("arping -c1 -w1 -I eth0 192.168.57.200").isSuccess
            }
            for (name, frame) in Self.unanswered {
                let before = try #require(try await harness.counters)
                // When the second is answered, the first has been passed over.
                try await segment.sendFromHost(frame, Self.good)
                try await harness.wait(for: "an answer") {
                    try await harness.counters?.layer2.arpReplies == before.layer2.arpReplies + 1
                }
                #expect(try await harness.counters?.framesReceived == before.framesReceived + 1, "\(name)")
            }
        }
    }

    @Test("a DHCP renewal that flushes and re-adds the host's address changes nothing")
    func renewal() async throws {
        let segment = try await Segment.make()
        try await segment.onNode("ip addr add 192.168.57.31/24 dev eth0")
        let harness = try await PacketLoopHarness.start(on: segment)
        var witness: Witness?
        try await harness.run {
            try await harness.configure([Self.v4])
            try await harness.waitForAnnouncements(10)
            witness = try await Witness.watch(segment, "arp")
            for _ in 0..<5 {
                try await segment.onNode("ip addr flush dev eth0; ip addr add 192.168.57.31/24 dev eth0")
                #expect(try await segment.tryOnHost("arping -f -w10 -I eth0 192.168.57.200").isSuccess)
            }
        }
        let sightings = try await witness?.sightings() ?? []
        #expect(sightings.count >= 5)
        #expect(sightings.allSatisfy { $0.frame.announced != Self.v4 })
    }
}

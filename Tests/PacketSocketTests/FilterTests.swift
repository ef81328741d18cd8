import Glibc
import NetworkAddresses
import PacketSocket
import Testing
import Wire

/// Runs a filter in the kernel without any privilege: on an AF_UNIX datagram pair, whose packet type reads as PACKET_HOST.
final class FilterBench {
    private let sender: Int32
    private let receiver: Int32

    init(_ filter: PacketFilter) throws {
        var pair: [Int32] = [-1, -1]
        #expect(unsafe socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &pair) == 0)
        (sender, receiver) = (pair[0], pair[1])
        try filter.attach(toDescriptor: pair[1])
    }

    deinit {
        close(sender)
        close(receiver)
    }

    func passes(_ frame: [UInt8]) -> Bool {
        // A refused datagram is an error of the sender's on AF_UNIX, or just never arrives.
        _ = unsafe send(sender, frame, frame.count, Int32(MSG_DONTWAIT))
        var buffer = [UInt8](repeating: 0, count: 2048)
        return unsafe recv(receiver, &buffer, buffer.count, Int32(MSG_DONTWAIT)) > 0
    }
}

@Suite struct FilterTests {
    private static let mac = MACAddress(2, 0, 0, 0, 0, 1)
    private static let other = IPv4Address(10, 0, 0, 1)

    private static func arp(_ packet: ARPPacket) -> [UInt8] {
        OutgoingFrame.arp(packet, destination: .broadcast).bytes(source: mac)
    }

    private static func question(_ target: IPv4Address) -> [UInt8] {
        arp(.request(for: target, from: other, at: mac))
    }

    private static func advertisement(_ target: IPv6Address) -> [UInt8] {
        OutgoingFrame.advertisement(.announcement(of: target, at: mac), destination: MACAddress(multicast: .allNodes))
            .bytes(source: mac)
    }

    private static func solicitation(_ target: IPv6Address) -> [UInt8] {
        OutgoingFrame.solicitation(.probe(for: target), destination: MACAddress(multicast: target.solicitedNode))
            .bytes(source: mac)
    }

    @Test("questions for an owned address, claims of one, and answers of asked hosts pass; the rest does not")
    func arp() throws {
        let owned = IPv4Address(192, 168, 57, 200)
        let peer = IPv4Address(192, 168, 57, 31)
        let bench = try FilterBench(.arp(targets: [owned], askedHosts: [peer]))
        #expect(bench.passes(Self.question(owned)))
        #expect(bench.passes(Self.arp(.probe(for: owned, from: Self.mac))))
        #expect(bench.passes(Self.arp(.announcementRequest(of: owned, at: Self.mac))))
        #expect(bench.passes(Self.arp(.announcementReply(of: owned, at: Self.mac))))
        #expect(bench.passes(Self.arp(.request(for: Self.other, from: owned, at: Self.mac))))
        #expect(
            bench.passes(Self.arp(.request(for: Self.other, from: peer, at: Self.mac).reply(at: Self.mac))) == false)
        #expect(
            bench.passes(Self.arp(ARPPacket.request(for: peer, from: Self.other, at: Self.mac).reply(at: Self.mac))))
        #expect(!bench.passes(Self.question(peer)))
        #expect(!bench.passes(Self.arp(.request(for: Self.other, from: peer, at: Self.mac))))
        #expect(!bench.passes(Self.question(IPv4Address(192, 168, 57, 199))))
        #expect(!bench.passes(Self.question(IPv4Address(192, 168, 57, 201))))
        #expect(!bench.passes(Array(Self.question(owned).prefix(41))))
    }

    @Test("a filter for nothing passes nothing")
    func empty() throws {
        for filter in [PacketFilter.none, .arp(targets: [], askedHosts: [])] {
            let bench = try FilterBench(filter)
            #expect(!bench.passes(Self.question(Self.other)))
        }
    }

    @Test("solicitations and advertisements pass by their target, other ICMPv6 and TCP do not")
    func neighborDiscovery() throws {
        let owned = IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8)
        let peer = IPv6Address(high: 0xFE80_0000_0000_0000, low: 0x31)
        let bench = try FilterBench(.neighborDiscovery(targets: [owned], askedHosts: [peer]))
        #expect(bench.passes(Self.solicitation(owned)))
        #expect(bench.passes(Self.advertisement(owned)))
        #expect(bench.passes(Self.advertisement(peer)))
        #expect(!bench.passes(Self.solicitation(peer)))
        #expect(!bench.passes(Self.solicitation(IPv6Address(high: owned.high, low: 0xC9))))
        var echo = Self.solicitation(owned)
        echo[54] = 128
        #expect(!bench.passes(echo))
        var tcp = Self.solicitation(owned)
        tcp[20] = 6
        #expect(!bench.passes(tcp))
    }

    @Test("no owned address is ever missed, and few others pass", arguments: [1, 2, 37, 100, 250, 1000, 10_000])
    func randomSets(count: Int) throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var random = SplitMix64(state: seed)
        var owned: Set<UInt32> = [0, .max]
        while owned.count < count + 2 { owned.insert(UInt32.random(in: 0 ... .max, using: &random)) }
        let filter = PacketFilter.arp(targets: owned.map(IPv4Address.init(rawValue:)), askedHosts: [])
        #expect(filter.count <= 2048)
        let bench = try FilterBench(filter)
        for value in owned.sorted().prefix(2000) {
            #expect(bench.passes(Self.question(IPv4Address(rawValue: value))), "missed \(value)")
        }
        // Claims have 64 intervals: with more addresses, the asker itself may lie in a gap that was closed.
        guard count <= 60 else { return }
        for value in owned where !owned.contains(value &+ 1) && value != .max - 1 {
            #expect(!bench.passes(Self.question(IPv4Address(rawValue: value &+ 1))), "let through \(value &+ 1)")
        }
    }

    @Test("10,000 addresses in a row are one interval")
    func row() {
        let targets = (0..<10_000 as Range<UInt32>).map { IPv4Address(rawValue: 0x0A00_0000 + $0) }
        #expect(PacketFilter.arp(targets: targets, askedHosts: []).count < 30)
    }
}

/// A seeded generator (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

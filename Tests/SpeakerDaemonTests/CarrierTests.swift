import Link
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

@Suite("The unicast carrier")
struct CarrierTests {
    static let own = MACAddress(2, 0, 0, 0, 0, 1)
    static let other = MACAddress(2, 0, 0, 0, 0, 2)

    static func configuration(_ name: String, _ hardware: MACAddress, _ address: IPv4Address) -> LinkConfiguration {
        var configuration = LinkConfiguration(
            nodeName: name, interfaceName: "eth0", interfaceIndex: 2, hardwareAddress: hardware,
            cluster: ClusterID(uid: "test"))
        configuration.keys = HelloKeys(current: [1])
        configuration.ownAddresses = [.v4(address)]
        configuration.prefixes = [IPPrefix("10.0.0.0/24")].compactMap(\.self)
        configuration.intents = []
        return configuration
    }

    /// Two speakers that hear each other by the group, and the kernel of the second, for four seconds.
    private static func run(
        _ speaker: inout LinkSpeaker, _ peer: inout LinkSpeaker, from start: Instant
    ) -> [LinkFact] {
        var facts: [LinkFact] = []
        func frames(_ effects: [LinkEffect]) -> [[UInt8]] {
            effects.compactMap { if case .send(let frame) = $0, frame[12] == 0x88 { frame } else { nil } }
        }
        for tick in 0..<800 {
            let now = start + .milliseconds(5) * tick
            var effects = speaker.poll(at: now)
            for frame in frames(peer.poll(at: now)) { effects += speaker.receive(frame: frame.span, at: now) }
            for frame in frames(effects) { _ = peer.receive(frame: frame.span, at: now) }
            // Every question to the peer's kernel is answered.
            for address in 2...3 as ClosedRange<UInt8> {
                let question = ARPPacket.request(
                    for: IPv4Address(10, 0, 0, address), from: IPv4Address(10, 0, 0, 1), at: own)
                effects += speaker.receive(
                    frame: OutgoingFrame.arp(question.reply(at: other), destination: own).bytes(source: other).span,
                    at: now)
            }
            for case .report(let fact) in effects { facts.append(fact) }
        }
        return facts
    }

    @Test("a peer that is heard by the group is not told to be filtered when its Lease comes, or its address changes")
    func newRow() {
        var now = Instant(nanoseconds: 1_000_000_000)
        var mine = Self.configuration("node", Self.own, IPv4Address(10, 0, 0, 1))
        var speaker = LinkSpeaker(mine, incarnation: 1, at: now)
        var peer = LinkSpeaker(
            Self.configuration("peer", Self.other, IPv4Address(10, 0, 0, 2)), incarnation: 2, at: now)
        for last in [nil, 2, 3] as [UInt8?] {
            mine.knownPeers = last.map { [KnownPeer(name: "peer", addresses: [.v4(IPv4Address(10, 0, 0, $0))])] } ?? []
            _ = speaker.configure(mine, at: now)
            #expect(speaker.report(at: now).filteredPeers == 0)
            let facts = Self.run(&speaker, &peer, from: now)
            #expect(!facts.contains(.unicastOnly(name: "peer")))
            now = now + .seconds(4)
        }
    }
}

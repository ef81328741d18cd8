import Election
import Link
import Membership
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

/// What a link's speaker does about a pause, another hardware address, and frames of peers made by hand.
@Suite("A link's speaker by itself")
struct LinkRulesTests {
    static let address = IPAddress.v4(IPv4Address(10, 1, 0, 1))
    static let hardware = MACAddress(2, 0, 0, 0, 0, 1)
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var speaker: LinkSpeaker

    init() { speaker = LinkSpeaker(Self.configuration(), incarnation: 1, at: now) }

    private static func configuration(isStale: Bool = false, peerLimit: Int = 150) -> LinkConfiguration {
        var configuration = LinkConfiguration(
            nodeName: "node", interfaceName: "eth0", interfaceIndex: 2, hardwareAddress: hardware,
            cluster: ClusterID(uid: "test"))
        configuration.keys = HelloKeys(current: [1])
        configuration.isStale = isStale
        configuration.timing.membership.peerLimit = peerLimit
        configuration.intents = [
            AddressIntent(address: address, allocation: AllocationID(rawValue: 1), eligible: ["node": 0])
        ]
        return configuration
    }

    /// Alone on the wire until it owns the address.
    private mutating func own() {
        for _ in 0..<300 {
            now = now + .milliseconds(10)
            if speaker.nextDeadline(at: now) <= now { _ = speaker.poll(at: now) }
        }
        #expect(speaker.answer(for: Self.address) == Self.hardware)
    }

    private mutating func hear(
        _ name: String, _ body: HelloFrame.Body, _ phase: HelloPhase = .ready, isStale: Bool = false
    ) -> [LinkEffect] {
        let sender = EncodedSender(HelloSender(name: name, interfaceName: "eth0", addresses: []))
        let header = HelloHeader(
            cluster: ClusterID(uid: "test"), node: sender.node, incarnation: 1, sequence: 1,
            hardwareAddress: MACAddress(2, 0, 0, 0, 0, 2), phase: phase, isStale: isStale, details: sender.digest)
        let payload = HelloFrame(header: header, body: body)
            .encoded(sender: sender, key: [1], authenticator: HMACAuthenticator())
        return speaker.receive(speakerFrame: HelloFrame.ethernet(payload, from: header.hardwareAddress), at: now)
    }

    @Test("after a pause beyond the dead interval the sockets are flushed, and it joins anew")
    mutating func pause() {
        own()
        #expect(speaker.wokeUpLate(by: .milliseconds(400), at: now) == .proceed)
        #expect(speaker.answer(for: Self.address) == Self.hardware)
        #expect(speaker.wokeUpLate(by: .milliseconds(600), at: now) == .flushSockets)
        #expect(speaker.answer(for: Self.address) == nil)
        #expect(speaker.membership.phase == .joining && speaker.membership.incarnation != 1)
    }

    @Test("with another hardware address it joins anew")
    mutating func hardwareAddress() {
        own()
        _ = speaker.interfaceChanged(hardwareAddress: MACAddress(2, 0, 0, 0, 0, 7), isUp: true, at: now)
        #expect(speaker.answer(for: Self.address) == nil)
        #expect(speaker.membership.phase == .joining && speaker.membership.incarnation != 1)
    }

    @Test(
        "a stale owner obeys a Refuse, but not of a stale or joining speaker",
        arguments: [(HelloPhase.ready, false, true), (.ready, true, false), (.joining, false, false)])
    mutating func refuse(phase: HelloPhase, isStale: Bool, isObeyed: Bool) {
        own()
        _ = speaker.configure(Self.configuration(isStale: true), at: now)
        let refusal = Refusal(to: NodeID(name: "node"), address: Self.address, allocation: nil)
        let effects = hear("peer", .refuse([refusal]), phase, isStale: isStale)
        #expect(effects.contains(.report(.gaveUp(Self.address, reason: .refused))) == isObeyed)
        #expect((speaker.answer(for: Self.address) == nil) == isObeyed)
    }

    @Test("that there are too many speakers is told once in ten minutes")
    mutating func crowd() {
        _ = speaker.configure(Self.configuration(peerLimit: 1), at: now)
        let told = LinkEffect.report(.tooManyPeers(limit: 1))
        let hello = HelloFrame.Body.hello(heard: [], unheard: [])
        #expect(!hear("first", hello).contains(told))
        #expect(hear("second", hello).contains(told))
        #expect(!hear("third", hello).contains(told))
        now = now + .seconds(601)
        #expect(hear("third", hello).contains(told))
    }
}

import NetworkAddresses
import Testing
import Wire

@Suite("Hello, Claims and Refuse frames")
struct HelloFrameTests {
    static let keys = HelloKeys(current: Array("new key".utf8), previous: Array("old key".utf8))
    static let cluster = ClusterID(uid: "7f3f5a52-9d0c-4d33-8a7e-5b8f5e1f0a11")
    static let description = HelloSender(
        name: "k8s-node2", interfaceName: "eth0",
        addresses: [.v4(IPv4Address(192, 168, 57, 32)), .v6(IPv6Address(high: 0xFE80_0000_0000_0000, low: 0x32))])

    static func frame(_ body: HelloFrame.Body, sequence: UInt64 = 7) -> HelloFrame {
        HelloFrame(
            header: HelloHeader(
                cluster: cluster, node: NodeID(name: "k8s-node2"), incarnation: 0x0102_0304_0506_0708,
                sequence: sequence, hardwareAddress: MACAddress(2, 0, 0, 0, 0, 32), phase: .ready, isStale: true,
                details: EncodedSender(description).digest), body: body)
    }

    static func bytes(_ body: HelloFrame.Body, key: [UInt8] = keys.current) -> [UInt8] {
        frame(body).encoded(sender: EncodedSender(description), key: key, authenticator: HMACAuthenticator())
    }

    static let v4 = IPAddress.v4(IPv4Address(192, 168, 57, 200))
    static let v6 = IPAddress.v6(IPv6Address(high: 0xFD00_0000_0000_0057, low: 0x200))

    static let bodies: [HelloFrame.Body] = [
        .hello(heard: [], unheard: []),
        .hello(heard: [NodeID(name: "k8s-node3"), NodeID(name: "k8s-node4")], unheard: [NodeID(name: "k8s-node5")]),
        .claims(ClaimsPart(generation: 9, index: 0, count: 1, entries: [])),
        .claims(
            ClaimsPart(
                generation: .max, index: 1, count: 2,
                entries: [
                    ClaimEntry(address: v4, term: 3, allocation: 11, kind: .own),
                    ClaimEntry(address: v4, term: .max, allocation: 0, kind: .held(owner: NodeID(name: "k8s-node5"))),
                    ClaimEntry(
                        address: v6, term: 1, allocation: .max,
                        kind: .offer(to: NodeID(name: "k8s-node3"), settling: true)),
                ])),
        .refuse([Refusal(to: NodeID(name: "k8s-node3"), address: v4, allocation: nil)]),
        .refuse([
            Refusal(to: NodeID(name: "k8s-node3"), address: v6, allocation: 5),
            Refusal(to: NodeID(name: "k8s-node4"), address: v4, allocation: 6),
            Refusal(to: NodeID(name: "k8s-node3"), address: v6, allocation: nil),
        ]),
    ]

    @Test("what is written is read back", arguments: bodies)
    func roundTrip(body: HelloFrame.Body) throws {
        let bytes = Self.bytes(body)
        let view = try HelloFrameView(bytes, at: 0, cluster: Self.cluster)
        #expect(view.isAuthentic(Self.keys, HMACAuthenticator()))
        #expect(view.header == Self.frame(body).header)
        #expect(try view.body() == body)
        #expect(try view.sender() == Self.description)
    }

    @Test("the bytes of a Hello are these, for ever")
    func golden() {
        let text = Self.bytes(.hello(heard: [NodeID(name: "k8s-node3")], unheard: [])).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        #expect(text == Self.goldenHello)
    }

    /// Made from `docs/failover.md` alone, by another program.
    static let goldenHello = [
        "48440101",  // magic, version, kind
        "6cf1f203a74857cd",  // cluster
        "d3fbb3bdd59937bc",  // node
        "0102030405060708",  // incarnation
        "0000000000000007",  // sequence
        "020000000020",  // hardware address
        "0201",  // phase, flags
        "ee02eb92",  // details
        "00000038",  // unused, length of the fields
        "0100096b38732d6e6f646532",  // 1: name
        "02000465746830",  // 2: interface
        "030004c0a83920",  // 3: IPv4
        "040010fe800000000000000000000000000032",  // 4: IPv6
        "10000886efd9b25f1d42ec",  // 16: heard
        "1eff0bd7aeadedf135f282f28e8bca7c",  // tag
    ].joined()

    @Test("the previous key is accepted, an unknown one is not")
    func rotation() throws {
        let old = try HelloFrameView(
            Self.bytes(.hello(heard: [], unheard: []), key: Array("old key".utf8)), at: 0, cluster: Self.cluster)
        #expect(old.isAuthentic(Self.keys, HMACAuthenticator()))
        let strange = try HelloFrameView(
            Self.bytes(.hello(heard: [], unheard: []), key: Array("stranger".utf8)), at: 0, cluster: Self.cluster)
        #expect(!strange.isAuthentic(Self.keys, HMACAuthenticator()))
    }

    @Test("no changed bit passes the tag", arguments: [3, 12, 28, 36, 42, 43, 44, 52, 60, 80])
    func forged(offset: Int) throws {
        var bytes = Self.bytes(.hello(heard: [NodeID(name: "k8s-node3")], unheard: []))
        bytes[offset] ^= 0x02
        guard let view = try? HelloFrameView(bytes, at: 0, cluster: Self.cluster) else { return }
        #expect(!view.isAuthentic(Self.keys, HMACAuthenticator()))
    }

    struct Refused: Sendable {
        let reason: HelloDropReason
        let offset: Int
        let value: UInt8
    }

    @Test(
        "a malformed header is refused with its reason",
        arguments: [
            Refused(reason: .foreignProtocol, offset: 0, value: 0),
            Refused(reason: .unknownVersion, offset: 2, value: 0),
            Refused(reason: .unknownVersion, offset: 2, value: 2), Refused(reason: .unknownKind, offset: 3, value: 9),
            Refused(reason: .otherCluster, offset: 4, value: 0), Refused(reason: .unknownPhase, offset: 42, value: 0),
            Refused(reason: .badLength, offset: 50, value: 0xFF),
        ])
    func refused(row: Refused) {
        var bytes = Self.bytes(.hello(heard: [], unheard: []))
        bytes[row.offset] = row.value
        #expect(throws: row.reason) { try HelloFrameView(bytes, at: 0, cluster: Self.cluster) }
    }

    @Test("every cut and every changed byte is refused or read, and never traps")
    func neverTraps() {
        for body in Self.bodies {
            let bytes = Self.bytes(body)
            for length in 0..<bytes.count { Self.readAll(Array(bytes.prefix(length))) }
            for offset in bytes.indices {
                for value: UInt8 in [0, 1, 0x7F, 0xFF, bytes[offset] &+ 1] {
                    var changed = bytes
                    changed[offset] = value
                    Self.readAll(changed)
                }
            }
        }
    }

    static func readAll(_ bytes: [UInt8]) {
        guard let view = try? HelloFrameView(bytes, at: 0, cluster: cluster) else { return }
        _ = try? view.sender()
        _ = try? view.body()
    }

    @Test("a name that is not its identity's is refused")
    func identity() throws {
        var frame = Self.frame(.hello(heard: [], unheard: []))
        frame.header.node = NodeID(name: "k8s-node9")
        let bytes = frame.encoded(
            sender: EncodedSender(Self.description), key: Self.keys.current, authenticator: HMACAuthenticator())
        let view = try HelloFrameView(bytes, at: 0, cluster: Self.cluster)
        #expect(throws: HelloDropReason.identityMismatch) { try view.sender() }
    }

    @Test(
        "150 peers and the longest usual name fit one frame of 1500 bytes, also as IPv6 UDP, whatever the own MTU",
        arguments: [1500, 9000])
    func size(maximumTransmissionUnit: Int) {
        let sender = EncodedSender(
            HelloSender(
                name: String(repeating: "n", count: 63), interfaceName: "enp129s0f0np0.1",
                addresses: [Self.v4, Self.v6, Self.v6]))
        let capacity = HelloFrame.Capacity(maximumTransmissionUnit: maximumTransmissionUnit, sender: sender)
        #expect(capacity.heard >= 150)
        let frame = Self.frame(.hello(heard: (0..<150).map { NodeID(rawValue: UInt64($0)) }, unheard: []))
        let bytes = frame.encoded(sender: sender, key: [1], authenticator: HMACAuthenticator())
        #expect(bytes.count + 48 <= 1500)
        let entries = (0..<(capacity.claimBytes / HelloFrame.claimBytesV6)).map {
            ClaimEntry(address: Self.v6, term: UInt32($0), allocation: 0, kind: .own)
        }
        let claims = Self.frame(.claims(ClaimsPart(generation: 0, index: 0, count: 1, entries: entries)))
            .encoded(sender: sender, key: [1], authenticator: HMACAuthenticator())
        #expect(claims.count + 48 <= 1500 && entries.count >= 30)
    }

    @Test("fields and claim kinds of a later release are skipped")
    func laterRelease() throws {
        let body = Self.bodies[3]
        var bytes = Self.bytes(body)
        bytes.removeLast(HelloTag.byteCount)
        bytes += [200, 0, 2, 9, 9]
        let length = UInt16(bytes[50]) << 8 | UInt16(bytes[51])
        bytes[50] = UInt8((length + 5) >> 8)
        bytes[51] = UInt8(truncatingIfNeeded: length + 5)
        bytes += Array(repeating: 0, count: HelloTag.byteCount)
        let view = try HelloFrameView(bytes, at: 0, cluster: Self.cluster)
        #expect(try view.body() == body)
    }

    @Test("padding behind the tag changes nothing, and an Ethernet header goes in front")
    func padding() throws {
        let bytes = HelloFrame.ethernet(Self.bytes(.hello(heard: [], unheard: [])), from: MACAddress(2, 0, 0, 0, 0, 32))
        #expect(Array(bytes.prefix(14)) == [3, 0x48, 0x65, 0x72, 0x6C, 0x64, 2, 0, 0, 0, 0, 32, 0x88, 0xB5])
        let view = try HelloFrameView(bytes + [0, 0, 0], at: EthernetHeader.length, cluster: Self.cluster)
        #expect(view.isAuthentic(Self.keys, HMACAuthenticator()))
    }

    @Test("the unicast carrier's frame is found again, in both families", arguments: [v4, v6])
    func carrier(address: IPAddress) throws {
        let payload = Self.bytes(.hello(heard: [], unheard: []))
        let frame = try #require(
            UnicastCarrier.frame(
                payload, from: address, MACAddress(2, 0, 0, 0, 0, 1), to: address, MACAddress(2, 0, 0, 0, 0, 2)))
        let start = try #require(UnicastCarrier.payloadStart(frame))
        #expect(Array(frame[start...]) == payload)
    }
}

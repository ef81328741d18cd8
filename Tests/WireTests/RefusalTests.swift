import Testing
import Wire

/// One way to spoil a good frame, and the reason that must be given.
struct SpoiltFrame: Sendable, CustomTestStringConvertible {
    let name: String
    let frame: [UInt8]
    let reason: DropReason
    var testDescription: String { name }

    init(_ name: String, _ frame: [UInt8], _ reason: DropReason, _ spoil: (inout [UInt8]) -> Void = { _ in }) {
        var frame = frame
        spoil(&frame)
        (self.name, self.frame, self.reason) = (name, frame, reason)
    }

    /// As ``init(_:_:_:_:)``, with the ICMPv6 checksum made right again, so that only the spoilt field is wrong.
    static func icmp(
        _ name: String, _ frame: [UInt8], _ reason: DropReason, _ spoil: (inout [UInt8]) -> Void
    ) -> SpoiltFrame {
        SpoiltFrame(name, frame, reason) { frame in
            spoil(&frame)
            fixChecksum(&frame)
        }
    }
}

/// An independent RFC 4443 checksum, so that the tests do not trust the code under test.
func fixChecksum(_ frame: inout [UInt8]) {
    let length = min(Int(frame[18]) << 8 | Int(frame[19]), frame.count - 54)
    frame[56] = 0
    frame[57] = 0
    var words = Array(frame[22..<54]) + [0, 0, UInt8(length >> 8), UInt8(length & 255), 0, 0, 0, 58]
    words += frame[54..<54 + length]
    if words.count % 2 == 1 { words.append(0) }
    var sum = stride(from: 0, to: words.count, by: 2).reduce(0) { $0 + Int(words[$1]) << 8 + Int(words[$1 + 1]) }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    frame[56] = UInt8(~sum >> 8 & 255)
    frame[57] = UInt8(~sum & 255)
}

@Suite struct RefusalTests {
    private static let request = GoldenFrames.arpRequest
    private static let ask = GoldenFrames.solicitation
    private static let answer = GoldenFrames.advertisement

    static let table: [SpoiltFrame] = [
        SpoiltFrame("an empty frame", [], .truncated),
        SpoiltFrame("half an Ethernet header", Array(request.prefix(13)), .truncated),
        SpoiltFrame("only an Ethernet header", Array(request.prefix(14)), .truncated),
        SpoiltFrame("an ARP packet one octet short", Array(request.dropLast()), .truncated),
        SpoiltFrame("an 802.1Q tag", request, .vlanTagged) { $0.insert(contentsOf: [0x81, 0, 0, 5], at: 12) },
        SpoiltFrame("an 802.1ad tag", request, .vlanTagged) { $0.insert(contentsOf: [0x88, 0xA8, 0, 7], at: 12) },
        SpoiltFrame("IPv4 in Ethernet", request, .etherType) { $0[13] = 0 },
        SpoiltFrame("a group address as the sender", request, .sourceHardwareAddress) { $0[6] = 3 },
        SpoiltFrame("the zero address as the sender", request, .sourceHardwareAddress) {
            $0.replaceSubrange(6..<12, with: repeatElement(0, count: 6))
        },
        SpoiltFrame("ARP for Token Ring", request, .arpHardwareType) { $0[15] = 4 },
        SpoiltFrame("ARP for IPv6", request, .arpProtocolType) { $0.replaceSubrange(16...17, with: [0x86, 0xDD]) },
        SpoiltFrame("ARP with 8-octet hardware addresses", request, .arpAddressLength) { $0[18] = 8 },
        SpoiltFrame("ARP with 16-octet protocol addresses", request, .arpAddressLength) { $0[19] = 16 },
        SpoiltFrame("ARP with no hardware address", request, .arpAddressLength) { $0[18] = 0 },
        SpoiltFrame("RARP", request, .arpOperation) { $0[21] = 3 },
        SpoiltFrame("operation 0", request, .arpOperation) { $0[21] = 0 },
        SpoiltFrame("operation 257", request, .arpOperation) { $0[20] = 1 },
        SpoiltFrame("broadcast as sender hardware address", request, .sourceHardwareAddress) {
            $0.replaceSubrange(22..<28, with: repeatElement(0xFF, count: 6))
        },
        SpoiltFrame("zero as sender hardware address", request, .sourceHardwareAddress) {
            $0.replaceSubrange(22..<28, with: repeatElement(0, count: 6))
        },
        SpoiltFrame("a multicast sender", request, .arpSenderAddress) { $0[28] = 224 },
        SpoiltFrame("a loopback sender", request, .arpSenderAddress) { $0[28] = 127 },
        SpoiltFrame("the limited broadcast address as sender", request, .arpSenderAddress) {
            $0.replaceSubrange(28..<32, with: repeatElement(255, count: 4))
        },
        SpoiltFrame("IPv6 cut in its header", Array(ask.prefix(53)), .truncated),
        SpoiltFrame("IPv6 without payload", Array(ask.prefix(54)), .ndpLength) {
            $0.replaceSubrange(18...19, with: [0, 0])
        },
        SpoiltFrame("version 4 under the EtherType of IPv6", ask, .ipVersion) { $0[14] = 0x45 },
        SpoiltFrame("TCP", ask, .ipNextHeader) { $0[20] = 6 },
        SpoiltFrame("a hop-by-hop header first", ask, .ipNextHeader) { $0[20] = 0 },
        SpoiltFrame("a fragment (RFC 6980)", ask, .ipNextHeader) { $0[20] = 44 },
        SpoiltFrame("a payload length beyond the frame", ask, .ipPayloadLength) { $0[19] = 33 },
        SpoiltFrame("a payload length of 65,535", ask, .ipPayloadLength) {
            $0.replaceSubrange(18...19, with: [0xFF, 0xFF])
        },
        SpoiltFrame("a multicast source", ask, .ipSourceAddress) { $0[22] = 0xFF },
        .icmp("hop limit 254", ask, .hopLimit) { $0[21] = 254 },
        .icmp("hop limit 0", ask, .hopLimit) { $0[21] = 0 },
        SpoiltFrame("a wrong checksum", ask, .icmpChecksum) { $0[57] ^= 1 },
        SpoiltFrame("a checksum of zero", ask, .icmpChecksum) { $0.replaceSubrange(56...57, with: [0, 0]) },
        .icmp("an echo request", ask, .icmpType) { $0[54] = 128 },
        .icmp("a router advertisement", ask, .icmpType) { $0[54] = 134 },
        .icmp("ICMP code 1", ask, .icmpCode) { $0[55] = 1 },
        .icmp("a message of 23 octets", ask, .ndpLength) { $0[19] = 23 },
        .icmp("a message of 1 octet", ask, .ndpLength) { $0[19] = 1 },
        .icmp("a multicast target", ask, .ndpTarget) { $0[62] = 0xFF },
        .icmp("the unspecified address as target", ask, .ndpTarget) {
            $0.replaceSubrange(62..<78, with: repeatElement(0, count: 16))
        },
        .icmp("an option of length 0", ask, .ndpOption) { $0[79] = 0 },
        .icmp("an option that leaves the packet", ask, .ndpOption) { $0[79] = 2 },
        .icmp("an option of length 255", ask, .ndpOption) { $0[79] = 255 },
        .icmp("half an option header", ask, .ndpOption) { $0[19] = 25 },
        .icmp("an unknown option of length 0 behind a good one", ask, .ndpOption) {
            $0 += [14, 0, 0, 0, 0, 0, 0, 0]
            $0[19] = 40
        },
        .icmp("a group address in the link-layer option", ask, .ndpOption) { $0[80] = 3 },
        .icmp("a link-layer option of zeros", ask, .ndpOption) {
            $0.replaceSubrange(80..<86, with: repeatElement(0, count: 6))
        },
        .icmp("a link-layer option of 16 octets", ask, .ndpOption) {
            $0[79] = 2
            $0 += [0, 0, 0, 0, 0, 0, 0, 0]
            $0[19] = 40
        },
        .icmp("duplicate address detection to a unicast address", ask, .ipDestinationAddress) {
            $0.replaceSubrange(22..<38, with: repeatElement(0, count: 16))
            $0.replaceSubrange(38..<54, with: $0[62..<78])
        },
        .icmp("duplicate address detection with a link-layer option", ask, .ndpUnexpectedOption) {
            $0.replaceSubrange(22..<38, with: repeatElement(0, count: 16))
        },
        .icmp("a solicited advertisement to all nodes", answer, .ndpSolicitedToGroup) {
            $0.replaceSubrange(38..<54, with: [0xFF, 2] + repeatElement(0, count: 13) + [1])
        },
        .icmp("an advertisement from nobody", answer, .ipSourceAddress) {
            $0.replaceSubrange(22..<38, with: repeatElement(0, count: 16))
        },
    ]

    @Test("a bad frame is refused with its reason", arguments: table)
    func refused(row: SpoiltFrame) {
        switch parse(row.frame) {
        case .success(let frame): Issue.record("was read as \(frame)")
        case .failure(let reason): #expect(reason == row.reason)
        }
    }

    @Test(
        "padding behind a packet is no part of it",
        arguments: [GoldenFrames.arpRequest, GoldenFrames.solicitation, GoldenFrames.advertisement])
    func padded(frame: [UInt8]) throws {
        let padding = (0..<64).map { UInt8($0 ^ 0xA5) }
        #expect(try parse(frame + padding).get() == parse(frame).get())
    }

    @Test("unknown options are skipped")
    func unknownOption() throws {
        var frame = GoldenFrames.solicitation
        // A nonce (RFC 3971 §5.3.2), as Linux's enhanced duplicate address detection sends it.
        frame.insert(contentsOf: [14, 1, 1, 2, 3, 4, 5, 6], at: 78)
        frame[19] = 40
        fixChecksum(&frame)
        #expect(try parse(frame).get() == parse(GoldenFrames.solicitation).get())
    }

    @Test("every prefix of a good frame is refused, never a trap")
    func prefixes() {
        for frame in [GoldenFrames.arpRequest, GoldenFrames.solicitation, GoldenFrames.advertisement] {
            for count in 0..<frame.count {
                if case .success(let parsed) = parse(Array(frame.prefix(count))) {
                    Issue.record("\(count) octets were read as \(parsed)")
                }
            }
        }
    }

    @Test("every flipped bit is survived, and refused wherever a checksum guards it")
    func flippedBits() {
        for bit in 0..<GoldenFrames.solicitation.count * 8 {
            var frame = GoldenFrames.solicitation
            frame[bit / 8] ^= 1 << UInt8(bit % 8)
            // The Ethernet addresses, and IPv6's class, flow label and hop limit are outside the checksum.
            guard bit / 8 >= 22, case .success = parse(frame) else { continue }
            Issue.record("bit \(bit) flipped goes unnoticed")
        }
    }

    @Test("metric labels are distinct")
    func labels() {
        #expect(Set(DropReason.allCases.map(\.description)).count == DropReason.allCases.count)
    }
}

import NetworkAddresses
import Testing
import Wire

@testable import LoadBalancerControl

@Suite("decode")
struct CaptureTests {
    static let mac = MACAddress(2, 0, 0, 0, 0, 1)
    static let frame = OutgoingFrame.arp(
        .probe(for: IPv4Address(192, 168, 57, 200), from: mac), destination: .broadcast
    )
    .bytes(source: mac)

    static func little(_ value: Int, _ width: Int) -> [UInt8] { (0..<width).map { UInt8(value >> (8 * $0) & 0xFF) } }
    static func big(_ value: Int, _ width: Int) -> [UInt8] { little(value, width).reversed() }

    static func pcap(_ number: (Int, Int) -> [UInt8], magic: Int, linkType: Int = 1, fraction: Int = 5) -> [UInt8] {
        var bytes =
            number(magic, 4) + number(2, 2) + number(4, 2) + number(0, 8) + number(65_535, 4) + number(linkType, 4)
        bytes += number(7, 4) + number(fraction, 4) + number(frame.count, 4) + number(frame.count, 4) + frame
        return bytes
    }

    @Test("both octet orders, microseconds and nanoseconds")
    func pcapForms() throws {
        for bytes in [
            Self.pcap(Self.little, magic: 0xA1B2_C3D4), Self.pcap(Self.big, magic: 0xA1B2_C3D4),
            Self.pcap(Self.little, magic: 0xA1B2_3C4D, fraction: 5000),
            Self.pcap(Self.big, magic: 0xA1B2_3C4D, fraction: 5000),
        ] {
            let capture = try CaptureFile(bytes)
            #expect(capture.frames.map(\.time) == [7_000_005])
            #expect(capture.frames.map(\.octets) == [Self.frame])
        }
    }

    @Test("pcapng with its blocks")
    func pcapng() throws {
        func block(_ type: Int, _ body: [UInt8]) -> [UInt8] {
            let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
            return Self.little(type, 4) + Self.little(padded.count + 12, 4) + padded + Self.little(padded.count + 12, 4)
        }
        let section = block(
            0x0A0D_0D0A, Self.little(0x1A2B_3C4D, 4) + Self.little(1, 4) + [UInt8](repeating: 0xFF, count: 8))
        let interface = block(1, Self.little(1, 4) + Self.little(0, 4))
        let packet = block(
            6,
            Self.little(0, 4) + Self.little(0, 4) + Self.little(9, 4) + Self.little(Self.frame.count, 4)
                + Self.little(Self.frame.count, 4) + Self.frame)
        let capture = try CaptureFile(section + interface + packet)
        #expect(capture.frames.map(\.octets) == [Self.frame])
        #expect(capture.frames.map(\.time) == [9])
    }

    @Test("a file that is cut short shows what is whole; what is no capture is refused")
    func damaged() throws {
        let bytes = Self.pcap(Self.little, magic: 0xA1B2_C3D4)
        let capture = try CaptureFile(Array(bytes.dropLast(3)))
        #expect(capture.frames.isEmpty && capture.isCutShort)
        #expect(throws: CaptureFile.Refusal.self) { try CaptureFile(Array("hello, this is no capture file".utf8)) }
        #expect(throws: CaptureFile.Refusal.self) {
            try CaptureFile(Self.pcap(Self.little, magic: 0xA1B2_C3D4, linkType: 113))
        }
    }

    @Test("no prefix of a capture traps")
    func prefixes() {
        let bytes = Self.pcap(Self.little, magic: 0xA1B2_C3D4)
        for length in 0...bytes.count { _ = try? CaptureFile(Array(bytes.prefix(length))) }
    }

    @Test("a frame says what it means, or why it is dropped")
    func text() {
        #expect(FrameText(Self.frame).text == "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ARP probe for 192.168.57.200")
        #expect(FrameText(Array(Self.frame.prefix(20))).dropReason == "truncated")
        let announcement = OutgoingFrame.arp(
            .announcementRequest(of: IPv4Address(192, 168, 57, 200), at: Self.mac), destination: .broadcast)
        #expect(
            FrameText(announcement.bytes(source: Self.mac)).text.hasSuffix(
                "ARP announcement: 192.168.57.200 is at 02:00:00:00:00:01"))
    }
}

import ChildProcess
import Foundation
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

    static func block(_ type: Int, _ body: [UInt8]) -> [UInt8] {
        let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
        return little(type, 4) + little(padded.count + 12, 4) + padded + little(padded.count + 12, 4)
    }

    /// - Parameter options: of the interface.
    static func pcapng(options: [UInt8] = [], ticks: UInt64) -> [UInt8] {
        let section = block(0x0A0D_0D0A, little(0x1A2B_3C4D, 4) + little(1, 4) + [UInt8](repeating: 0xFF, count: 8))
        let interface = block(1, little(1, 4) + little(0, 4) + options)
        let time = little(Int(ticks >> 32), 4) + little(Int(ticks & 0xFFFF_FFFF), 4)
        let packet = block(6, little(0, 4) + time + little(frame.count, 4) + little(frame.count, 4) + frame)
        return section + interface + packet
    }

    /// if_name, which is no concern of ours, then if_tsresol.
    static func resolution(_ octet: Int) -> [UInt8] {
        little(2, 2) + little(3, 2) + Array("eth".utf8) + [0] + little(9, 2) + little(1, 2) + little(octet, 4)
            + little(0, 4)
    }

    @Test(
        "pcapng with its blocks, in any resolution; a time that cannot be is the last one",
        arguments: [
            ([], 9, 9), (resolution(6), 9, 9), (resolution(9), 1_700_000_000_123_456_789, 1_700_000_000_123_456),
            (resolution(3), 1_700_000_000_123, 1_700_000_000_123_000), (resolution(0), 7, 7_000_000),
            (resolution(0x80), 7, 7_000_000), (resolution(0x94), 7 << 20 | 1 << 19, 7_500_000),
            (resolution(0xFF), .max, 0), (resolution(127), .max, 0),
            (resolution(0xC0), .max, 999_999),
            ([], 1 << 63, .max), ([], .max, .max), (resolution(0), .max, .max), (resolution(0x80), .max, .max),
            (resolution(0x81), .max, .max),
        ] as [([UInt8], UInt64, Int64)])
    func pcapng(options: [UInt8], ticks: UInt64, time: Int64) throws {
        let capture = try CaptureFile(Self.pcapng(options: options, ticks: ticks))
        #expect(capture.frames.map(\.octets) == [Self.frame])
        #expect(capture.frames.map(\.time) == [time])
    }

    @Test("a capture with impossible times is printed, in every format", arguments: ["table", "json"])
    func impossibleTimes(format: String) async throws {
        try await Scratch.with { folder in
            let bytes = Self.pcapng(ticks: .max) + Self.pcapng(ticks: 0)
            try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/file"))
            let result = try await Program([Scratch.lbctl, "decode", "\(folder)/file", "-o", format]).run()
            #expect(result.status == 0 && result.output.contains("ARP probe for 192.168.57.200"), "\(result.output)")
        }
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
        for bytes in [Self.pcap(Self.little, magic: 0xA1B2_C3D4), Self.pcapng(options: Self.resolution(9), ticks: 7)] {
            for length in 0...bytes.count { _ = try? CaptureFile(Array(bytes.prefix(length))) }
        }
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
        let foreign = FrameText(HelloFrame.ethernet([UInt8](repeating: 0, count: 68), from: Self.mac))
        #expect(foreign.text == "02:00:00:00:00:01 Hello dropped: foreign_protocol")
        #expect(foreign.dropReason == "hello_foreign_protocol", "the metric label")
    }
}

/// A 48-bit IEEE 802 hardware address as a number: `02:00:00:00:00:01` is `0x0200_0000_0001`.
public struct MACAddress: Sendable, Hashable, Comparable {
    /// The address in the low 48 bits.
    public let rawValue: UInt64

    /// Keeps the low 48 bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue & 0xFFFF_FFFF_FFFF }

    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, _ e: UInt8, _ f: UInt8) {
        rawValue = [a, b, c, d, e, f].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Parses six pairs of hexadecimal digits separated by colons or by dashes.
    public init?(_ text: some StringProtocol) {
        var value: UInt64 = 0
        var position = 0
        var separator: UInt8?
        for byte in text.utf8 {
            if position % 3 == 2 {
                guard byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-"), separator ?? byte == byte else {
                    return nil
                }
                separator = byte
            } else {
                guard let digit = hexDigit(byte) else { return nil }
                value = value << 4 | UInt64(digit)
            }
            position += 1
            guard position <= 17 else { return nil }
        }
        guard position == 17 else { return nil }
        rawValue = value
    }

    /// The octet at `index` 0–5 in network order.
    public func octet(_ index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: rawValue >> (40 - 8 * UInt64(min(max(index, 0), 5))))
    }

    public static let broadcast = MACAddress(rawValue: 0xFFFF_FFFF_FFFF)
    public static let zero = MACAddress(rawValue: 0)

    /// The group bit: multicast or broadcast (IEEE 802 §8.2). Asked once per packet, hence inlinable.
    @inlinable public var isGroup: Bool { rawValue & 0x0100_0000_0000 != 0 }

    /// 33:33 and the low 32 bits, where IPv6 multicast is sent on Ethernet (RFC 2464 §7).
    public init(multicast group: IPv6Address) { rawValue = 0x3333_0000_0000 | (group.low & 0xFFFF_FFFF) }

    public static func < (a: MACAddress, b: MACAddress) -> Bool { a.rawValue < b.rawValue }
}

extension MACAddress: CustomStringConvertible {
    public var description: String {
        (0..<6).map { (octet($0) < 16 ? "0" : "") + String(octet($0), radix: 16) }.joined(separator: ":")
    }
}

extension MACAddress: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let address = MACAddress(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is no MAC address")
        }
        self = address
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

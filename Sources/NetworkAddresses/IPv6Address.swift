/// An IPv6 address (RFC 4291) as a 128-bit number.
///
/// Kept as two halves: a stored `UInt128` has an alignment of 16, for which Swift 6.3 makes misaligned vector loads
/// (`movaps`) in unoptimised code that passes an enum of it along.
public struct IPv6Address: Sendable, Hashable, Comparable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    public init(rawValue: UInt128) {
        high = UInt64(truncatingIfNeeded: rawValue >> 64)
        low = UInt64(truncatingIfNeeded: rawValue)
    }

    public var rawValue: UInt128 { UInt128(high) << 64 | UInt128(low) }

    /// The octet at `index` 0–15 in network order.
    public func octet(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: rawValue >> (120 - 8 * UInt128(index & 15))) }

    public static let unspecified = IPv6Address(rawValue: 0)
    public static let loopback = IPv6Address(rawValue: 1)
    /// ff02::1 (RFC 4291 §2.7.1).
    public static let allNodes = IPv6Address(high: 0xFF02_0000_0000_0000, low: 1)

    public var isUnspecified: Bool { rawValue == 0 }
    public var isLoopback: Bool { rawValue == 1 }
    /// ff00::/8 (RFC 4291 §2.7).
    public var isMulticast: Bool { rawValue >> 120 == 0xFF }
    /// fe80::/10 (RFC 4291 §2.5.6).
    public var isLinkLocal: Bool { rawValue >> 118 == 0b11_1111_1010 }

    /// ff02::1:ffXX:XXXX, the group that Neighbor Solicitations for this address go to (RFC 4291 §2.7.1).
    public var solicitedNode: IPv6Address {
        IPv6Address(high: 0xFF02_0000_0000_0000, low: 0x0000_0001_FF00_0000 | (low & 0xFF_FFFF))
    }

    public static func < (a: IPv6Address, b: IPv6Address) -> Bool { a.rawValue < b.rawValue }
}

extension IPv6Address {
    /// Parses the forms of RFC 4291 §2.2 (with `::` and a dotted-decimal tail); a zone index is refused.
    public init?(_ text: some StringProtocol) {
        var groups: [UInt16] = []
        groups.reserveCapacity(8)
        var gap: Int?
        var rest = Substring(text)
        guard !rest.isEmpty, rest.utf8.count <= 45 else { return nil }
        if rest.hasPrefix("::") {
            gap = 0
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            let piece = rest.prefix { $0 != ":" }
            if piece.contains(".") {
                guard piece.endIndex == rest.endIndex, groups.count <= 6, let tail = IPv4Address(piece) else {
                    return nil
                }
                groups.append(UInt16(truncatingIfNeeded: tail.rawValue >> 16))
                groups.append(UInt16(truncatingIfNeeded: tail.rawValue))
                rest = rest[rest.endIndex...]
                break
            }
            guard let group = Self.hexGroup(piece), groups.count < 8 else { return nil }
            groups.append(group)
            rest = rest[piece.endIndex...]
            guard rest.first == ":" else { break }
            rest = rest.dropFirst()
            if rest.first == ":" {
                guard gap == nil else { return nil }
                gap = groups.count
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
        }
        guard rest.isEmpty else { return nil }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        self.init(rawValue: groups.reduce(0) { $0 << 16 | UInt128($1) })
    }

    private static func hexGroup(_ piece: Substring) -> UInt16? {
        guard (1...4).contains(piece.utf8.count) else { return nil }
        var value: UInt16 = 0
        for byte in piece.utf8 {
            guard let digit = hexDigit(byte) else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}

/// The value of one hexadecimal digit.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

extension IPv6Address: CustomStringConvertible {
    /// The canonical form of RFC 5952: lower case, the longest run of two or more zero groups as `::`,
    /// IPv4-mapped addresses with a dotted-decimal tail.
    public var description: String {
        if rawValue >> 32 == 0xFFFF { return "::ffff:\(IPv4Address(rawValue: UInt32(truncatingIfNeeded: rawValue)))" }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: rawValue >> (112 - 16 * UInt128($0))) }
        var best = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || groups[index] != 0 {
            if index - start > max(best.count, 1) { best = start..<index }
            start = index + 1
        }
        let hex = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty
            ? hex(groups[...]) : hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
    }
}

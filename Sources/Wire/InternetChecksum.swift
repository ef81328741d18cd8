/// The one's complement sum of RFC 1071, kept unfolded in 32 bits (enough for 64 KiB).
struct InternetChecksum {
    private var sum: UInt32 = 0

    mutating func add(_ value: UInt16) { sum &+= UInt32(value) }

    /// Adds `bytes[range]`; an odd last octet counts as the high half of a word.
    mutating func add(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var offset = range.lowerBound
        while offset + 1 < range.upperBound {
            add(bytes.uint16(at: offset))
            offset += 2
        }
        if offset < range.upperBound { add(UInt16(bytes[offset]) << 8) }
    }

    /// The folded one's complement: what goes into the checksum field, and zero over a correct packet.
    var value: UInt16 {
        var folded = sum
        while folded >> 16 != 0 { folded = (folded & 0xFFFF) + folded >> 16 }
        return ~UInt16(truncatingIfNeeded: folded)
    }
}

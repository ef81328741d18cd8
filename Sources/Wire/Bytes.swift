package import NetworkAddresses

// Big-endian fields in a span. The caller has checked the length; a wrong offset is a programming error and traps. Inlined
// always: an ARP question takes ten of them, and so does its answer.

extension Span where Element == UInt8 {
    @inline(__always) package func uint16(at offset: Int) -> UInt16 {
        UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
    }

    @inline(__always) package func uint32(at offset: Int) -> UInt32 {
        UInt32(uint16(at: offset)) << 16 | UInt32(uint16(at: offset + 2))
    }

    @inline(__always) package func uint64(at offset: Int) -> UInt64 {
        UInt64(uint32(at: offset)) << 32 | UInt64(uint32(at: offset + 4))
    }

    @inline(__always) package func macAddress(at offset: Int) -> MACAddress {
        MACAddress(rawValue: UInt64(uint16(at: offset)) << 32 | UInt64(uint32(at: offset + 2)))
    }

    @inline(__always) package func ipv4Address(at offset: Int) -> IPv4Address {
        IPv4Address(rawValue: uint32(at: offset))
    }

    @inline(__always) package func ipv6Address(at offset: Int) -> IPv6Address {
        IPv6Address(high: uint64(at: offset), low: uint64(at: offset + 8))
    }
}

extension MutableSpan where Element == UInt8 {
    @inline(__always) package mutating func store(_ value: UInt16, at offset: Int) {
        self[offset] = UInt8(truncatingIfNeeded: value >> 8)
        self[offset + 1] = UInt8(truncatingIfNeeded: value)
    }

    @inline(__always) package mutating func store(_ value: UInt32, at offset: Int) {
        store(UInt16(truncatingIfNeeded: value >> 16), at: offset)
        store(UInt16(truncatingIfNeeded: value), at: offset + 2)
    }

    @inline(__always) package mutating func store(_ value: UInt64, at offset: Int) {
        store(UInt32(truncatingIfNeeded: value >> 32), at: offset)
        store(UInt32(truncatingIfNeeded: value), at: offset + 4)
    }

    @inline(__always) package mutating func store(_ address: MACAddress, at offset: Int) {
        store(UInt16(truncatingIfNeeded: address.rawValue >> 32), at: offset)
        store(UInt32(truncatingIfNeeded: address.rawValue), at: offset + 2)
    }

    @inline(__always) package mutating func store(_ address: IPv4Address, at offset: Int) {
        store(address.rawValue, at: offset)
    }

    @inline(__always) package mutating func store(_ address: IPv6Address, at offset: Int) {
        store(address.high, at: offset)
        store(address.low, at: offset + 8)
    }
}

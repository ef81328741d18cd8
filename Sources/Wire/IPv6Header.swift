package import NetworkAddresses

/// The part of an IPv6 header (RFC 8200 §3) that Neighbor Discovery looks at, for ICMPv6 directly behind it.
package struct IPv6Header: Sendable, Hashable {
    package var payloadLength: Int
    package var hopLimit: UInt8
    package var source: IPv6Address
    package var destination: IPv6Address

    package static let length = 40
    package static let icmpv6: UInt8 = 58
    /// Where the ICMPv6 message begins in a frame.
    static let payloadOffset = EthernetHeader.length + length

    /// Offsets from the start of the frame.
    private enum Field {
        static let version = 14
        static let payloadLength = 18
        static let nextHeader = 20
        static let hopLimit = 21
        static let source = 22
        static let destination = 38
    }

    package init(payloadLength: Int, hopLimit: UInt8, source: IPv6Address, destination: IPv6Address) {
        (self.payloadLength, self.hopLimit) = (payloadLength, hopLimit)
        (self.source, self.destination) = (source, destination)
    }

    package init(parsing frame: Span<UInt8>) throws(DropReason) {
        guard frame.count >= Self.payloadOffset else { throw .truncated }
        guard frame[Field.version] >> 4 == 6 else { throw .ipVersion }
        guard frame[Field.nextHeader] == Self.icmpv6 else { throw .ipNextHeader }
        let payloadLength = Int(frame.uint16(at: Field.payloadLength))
        guard Self.payloadOffset + payloadLength <= frame.count else { throw .ipPayloadLength }
        let source = frame.ipv6Address(at: Field.source)
        guard !source.isMulticast else { throw .ipSourceAddress }
        self.init(
            payloadLength: payloadLength, hopLimit: frame[Field.hopLimit], source: source,
            destination: frame.ipv6Address(at: Field.destination))
    }

    func store(into frame: inout MutableSpan<UInt8>) {
        frame.store(0x6000_0000 as UInt32, at: Field.version)
        frame.store(UInt16(truncatingIfNeeded: payloadLength), at: Field.payloadLength)
        frame[Field.nextHeader] = Self.icmpv6
        frame[Field.hopLimit] = hopLimit
        frame.store(source, at: Field.source)
        frame.store(destination, at: Field.destination)
    }

    /// RFC 8200 §8.1: the checksum over the pseudo-header and the ICMPv6 message; 0 when the stored one is right.
    func checksum(of frame: Span<UInt8>) -> UInt16 {
        var sum = InternetChecksum()
        sum.add(frame, Field.source..<Self.payloadOffset)
        sum.add(UInt16(truncatingIfNeeded: payloadLength))
        sum.add(UInt16(Self.icmpv6))
        sum.add(frame, Self.payloadOffset..<Self.payloadOffset + payloadLength)
        return sum.value
    }
}

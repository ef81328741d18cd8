package import NetworkAddresses

/// The EtherType of a frame (IEEE 802 numbers); unknown ones are data.
package struct EtherType: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let ipv4 = EtherType(rawValue: 0x0800)
    package static let arp = EtherType(rawValue: 0x0806)
    package static let ipv6 = EtherType(rawValue: 0x86DD)
    /// 802.1Q customer tag.
    package static let vlan = EtherType(rawValue: 0x8100)
    /// 802.1ad service tag.
    package static let serviceVLAN = EtherType(rawValue: 0x88A8)
    /// IEEE 802 local experimental 1: the speakers' Hello frames.
    package static let hello = EtherType(rawValue: 0x88B5)
}

/// An Ethernet II header.
package struct EthernetHeader: Sendable, Hashable {
    package var destination: MACAddress
    package var source: MACAddress
    package var etherType: EtherType

    package static let length = 14

    package init(destination: MACAddress, source: MACAddress, etherType: EtherType) {
        (self.destination, self.source, self.etherType) = (destination, source, etherType)
    }

    /// Reads the header of `frame`.
    /// - Throws: `truncated`, `vlanTagged`, or `sourceHardwareAddress` for a sender that cannot be answered.
    package init(parsing frame: Span<UInt8>) throws(DropReason) {
        guard frame.count >= Self.length else { throw .truncated }
        let source = frame.macAddress(at: 6)
        let etherType = EtherType(rawValue: frame.uint16(at: 12))
        guard etherType != .vlan, etherType != .serviceVLAN else { throw .vlanTagged }
        guard !source.isGroup, source != .zero else { throw .sourceHardwareAddress }
        self.init(destination: frame.macAddress(at: 0), source: source, etherType: etherType)
    }

    /// Stores the 14 octets at the start of `frame`.
    package func store(into frame: inout MutableSpan<UInt8>) {
        frame.store(destination, at: 0)
        frame.store(source, at: 6)
        frame.store(etherType.rawValue, at: 12)
    }
}

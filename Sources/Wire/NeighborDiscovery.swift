package import NetworkAddresses

/// A Neighbor Solicitation (RFC 4861 §4.3). Read §7.1.1, §7.2.2 and RFC 4862 §5.4 first.
package struct NeighborSolicitation: Sendable, Hashable {
    package var source: IPv6Address
    package var destination: IPv6Address
    package var target: IPv6Address
    /// Source link-layer address option.
    package var sourceLinkLayer: MACAddress?

    package init(
        source: IPv6Address, destination: IPv6Address, target: IPv6Address, sourceLinkLayer: MACAddress? = nil
    ) {
        (self.source, self.destination) = (source, destination)
        (self.target, self.sourceLinkLayer) = (target, sourceLinkLayer)
    }

    /// RFC 4862 §5.4.2: duplicate address detection asks from the unspecified address.
    package var isDuplicateAddressDetection: Bool { source.isUnspecified }

    /// RFC 4862 §5.4.2: asks whether `address` is in use without touching anybody's cache.
    package static func probe(for address: IPv6Address) -> NeighborSolicitation {
        NeighborSolicitation(source: .unspecified, destination: address.solicitedNode, target: address)
    }
}

/// A Neighbor Advertisement (RFC 4861 §4.4).
package struct NeighborAdvertisement: Sendable, Hashable {
    package var source: IPv6Address
    package var destination: IPv6Address
    package var target: IPv6Address
    package var isRouter: Bool
    package var isSolicited: Bool
    package var overrides: Bool
    /// Target link-layer address option.
    package var targetLinkLayer: MACAddress?

    package init(
        source: IPv6Address, destination: IPv6Address, target: IPv6Address, isRouter: Bool = false,
        isSolicited: Bool, overrides: Bool, targetLinkLayer: MACAddress?
    ) {
        (self.source, self.destination, self.target) = (source, destination, target)
        (self.isRouter, self.isSolicited, self.overrides) = (isRouter, isSolicited, overrides)
        self.targetLinkLayer = targetLinkLayer
    }

    /// RFC 4861 §7.2.6: unsolicited, to all nodes, overriding what they have cached.
    package static func announcement(of address: IPv6Address, at hardware: MACAddress) -> NeighborAdvertisement {
        NeighborAdvertisement(
            source: address, destination: .allNodes, target: address, isSolicited: false, overrides: true,
            targetLinkLayer: hardware)
    }

    /// RFC 4861 §7.2.4: to the asker with Solicited set, or to all nodes without it when the asker has no address yet.
    package static func answer(to solicitation: NeighborSolicitation, at hardware: MACAddress)
        -> NeighborAdvertisement
    {
        let isAnonymous = solicitation.source.isUnspecified
        return NeighborAdvertisement(
            source: solicitation.target, destination: isAnonymous ? .allNodes : solicitation.source,
            target: solicitation.target, isSolicited: !isAnonymous, overrides: true, targetLinkLayer: hardware)
    }
}

/// Offsets and lengths that both messages share, from the start of the frame.
private enum Field {
    static let type = IPv6Header.payloadOffset
    static let code = type + 1
    static let checksum = type + 2
    static let flags = type + 4
    static let target = type + 8
    static let options = type + 24
    static let messageLength = 24
    static let linkLayerOptionLength = 8
}

private enum OptionType {
    static let sourceLinkLayer: UInt8 = 1
    static let targetLinkLayer: UInt8 = 2
}

extension NeighborSolicitation {
    package static let type: UInt8 = 135

    /// Reads the solicitation of an Ethernet frame under the rules of RFC 4861 §7.1.1.
    init(parsing frame: Span<UInt8>, header: IPv6Header) throws(DropReason) {
        let target = try validatedTarget(frame, header)
        let option = try linkLayerOption(frame, header, OptionType.sourceLinkLayer)
        if header.source.isUnspecified {
            guard header.destination.isSolicitedNode else { throw .ipDestinationAddress }
            guard option == nil else { throw .ndpUnexpectedOption }
        }
        self.init(source: header.source, destination: header.destination, target: target, sourceLinkLayer: option)
    }

    /// Stores a whole frame and returns its length, or 0 when `frame` is too short.
    package func store(
        into frame: inout MutableSpan<UInt8>, source hardware: MACAddress, destination: MACAddress
    ) -> Int {
        let option = sourceLinkLayer.map { (OptionType.sourceLinkLayer, $0) }
        return storeMessage(
            into: &frame, EthernetHeader(destination: destination, source: hardware, etherType: .ipv6),
            source: source, destination: self.destination, type: Self.type, flags: 0, target: target, option: option)
    }
}

extension NeighborAdvertisement {
    package static let type: UInt8 = 136
    /// An advertisement with the target link-layer option.
    package static let frameLength = Field.options + Field.linkLayerOptionLength

    private enum Flag {
        static let router: UInt8 = 0x80
        static let solicited: UInt8 = 0x40
        static let override: UInt8 = 0x20
    }

    /// Reads the advertisement of an Ethernet frame under the rules of RFC 4861 §7.1.2.
    init(parsing frame: Span<UInt8>, header: IPv6Header) throws(DropReason) {
        let target = try validatedTarget(frame, header)
        guard !header.source.isUnspecified else { throw .ipSourceAddress }
        let flags = frame[Field.flags]
        guard !header.destination.isMulticast || flags & Flag.solicited == 0 else { throw .ndpSolicitedToGroup }
        let option = try linkLayerOption(frame, header, OptionType.targetLinkLayer)
        self.init(
            source: header.source, destination: header.destination, target: target,
            isRouter: flags & Flag.router != 0, isSolicited: flags & Flag.solicited != 0,
            overrides: flags & Flag.override != 0, targetLinkLayer: option)
    }

    /// Stores a whole frame and returns its length, or 0 when `frame` is too short.
    package func store(
        into frame: inout MutableSpan<UInt8>, source hardware: MACAddress, destination: MACAddress
    ) -> Int {
        let flags =
            (isRouter ? Flag.router : 0) | (isSolicited ? Flag.solicited : 0) | (overrides ? Flag.override : 0)
        let option = targetLinkLayer.map { (OptionType.targetLinkLayer, $0) }
        return storeMessage(
            into: &frame, EthernetHeader(destination: destination, source: hardware, etherType: .ipv6),
            source: source, destination: self.destination, type: Self.type, flags: flags, target: target,
            option: option)
    }
}

extension IPv6Address {
    /// ff02::1:ff00:0/104 (RFC 4291 §2.7.1).
    package var isSolicitedNode: Bool { high == 0xFF02_0000_0000_0000 && low >> 24 == 0x0000_0001_FF }
}

/// The checks that RFC 4861 §7.1.1 and §7.1.2 have in common, cheapest first; yields the target.
private func validatedTarget(_ frame: Span<UInt8>, _ header: IPv6Header) throws(DropReason) -> IPv6Address {
    guard header.hopLimit == 255 else { throw .hopLimit }
    guard header.payloadLength >= Field.messageLength else { throw .ndpLength }
    guard frame[Field.code] == 0 else { throw .icmpCode }
    let target = frame.ipv6Address(at: Field.target)
    guard !target.isMulticast, !target.isUnspecified else { throw .ndpTarget }
    guard header.checksum(of: frame) == 0 else { throw .icmpChecksum }
    return target
}

/// Walks all options, so that a bad length anywhere refuses the message, and yields the first of `type`, which must
/// hold a host's Ethernet address. Unknown options are skipped (RFC 4861 §4.6).
private func linkLayerOption(
    _ frame: Span<UInt8>, _ header: IPv6Header, _ type: UInt8
) throws(DropReason) -> MACAddress? {
    let end = IPv6Header.payloadOffset + header.payloadLength
    var offset = Field.options
    var found: MACAddress?
    while offset < end {
        guard offset + 2 <= end else { throw .ndpOption }
        let length = Int(frame[offset + 1]) * 8
        guard length > 0, offset + length <= end else { throw .ndpOption }
        if frame[offset] == type, found == nil {
            let address = frame.macAddress(at: offset + 2)
            guard length == Field.linkLayerOptionLength, !address.isGroup, address != .zero else { throw .ndpOption }
            found = address
        }
        offset += length
    }
    return found
}

private func storeMessage(
    into frame: inout MutableSpan<UInt8>, _ ethernet: EthernetHeader, source: IPv6Address, destination: IPv6Address,
    type: UInt8, flags: UInt8, target: IPv6Address, option: (type: UInt8, address: MACAddress)?
) -> Int {
    let optionLength = option == nil ? 0 : Field.linkLayerOptionLength
    let length = Field.options + optionLength
    guard frame.count >= length else { return 0 }
    let header = IPv6Header(
        payloadLength: Field.messageLength + optionLength, hopLimit: 255, source: source, destination: destination)
    ethernet.store(into: &frame)
    header.store(into: &frame)
    frame[Field.type] = type
    frame[Field.code] = 0
    frame.store(0 as UInt16, at: Field.checksum)
    frame.store(UInt32(flags) << 24, at: Field.flags)
    frame.store(target, at: Field.target)
    if let option {
        frame[Field.options] = option.type
        frame[Field.options + 1] = 1
        frame.store(option.address, at: Field.options + 2)
    }
    frame.store(header.checksum(of: frame.span), at: Field.checksum)
    return length
}

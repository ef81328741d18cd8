/// Why a received frame was not acted upon. Each is a counter, so the set is closed and its names are metric labels.
package enum DropReason: UInt8, Error, Sendable, Hashable, CaseIterable {
    // Ethernet
    /// Shorter than the headers that it claims to have.
    case truncated
    /// 802.1Q or 802.1ad: it belongs to the VLAN's own interface, not to the parent (IEEE 802.1Q §6.9).
    case vlanTagged
    case etherType
    /// The sender's hardware address is a group address or zero: nobody can be answered there.
    case sourceHardwareAddress
    /// Addressed to neither this interface, nor all, nor a group that this message may use.
    case destinationHardwareAddress

    // ARP (RFC 826)
    case arpHardwareType
    case arpProtocolType
    case arpAddressLength
    case arpOperation
    /// An IPv4 multicast, broadcast or loopback address as the sender.
    case arpSenderAddress

    // IPv6 and ICMPv6 (RFC 8200, RFC 4443)
    case ipVersion
    case ipPayloadLength
    /// Not ICMPv6 directly after the IPv6 header. RFC 6980 §5 forbids fragmented Neighbor Discovery.
    case ipNextHeader
    /// Not 255: it came through a router (RFC 4861 §7.1.1).
    case hopLimit
    case ipSourceAddress
    case ipDestinationAddress
    case icmpChecksum
    case icmpType
    case icmpCode

    // Neighbor Discovery (RFC 4861 §7.1)
    case ndpLength
    case ndpTarget
    /// A length of zero, or one that leaves the packet (RFC 4861 §4.6).
    case ndpOption
    /// A link-layer option in a solicitation from the unspecified address (RFC 4861 §7.1.1).
    case ndpUnexpectedOption
    /// Solicited set in an advertisement to a group (RFC 4861 §7.1.2).
    case ndpSolicitedToGroup

    // Well-formed, and nothing to do
    case notOwned
    /// An answer, claim or announcement that concerns no address of ours.
    case notConcerned
    /// Our own frame, sent back to us.
    case ownFrame
    /// The speaker may not answer now (the link is down).
    case linkDown
}

extension DropReason: CustomStringConvertible {
    /// The metric label.
    package var description: String {
        switch self {
        case .truncated: "truncated"
        case .vlanTagged: "vlan_tagged"
        case .etherType: "ether_type"
        case .sourceHardwareAddress: "source_hardware_address"
        case .destinationHardwareAddress: "destination_hardware_address"
        case .arpHardwareType: "arp_hardware_type"
        case .arpProtocolType: "arp_protocol_type"
        case .arpAddressLength: "arp_address_length"
        case .arpOperation: "arp_operation"
        case .arpSenderAddress: "arp_sender_address"
        case .ipVersion: "ip_version"
        case .ipPayloadLength: "ip_payload_length"
        case .ipNextHeader: "ip_next_header"
        case .hopLimit: "hop_limit"
        case .ipSourceAddress: "ip_source_address"
        case .ipDestinationAddress: "ip_destination_address"
        case .icmpChecksum: "icmp_checksum"
        case .icmpType: "icmp_type"
        case .icmpCode: "icmp_code"
        case .ndpLength: "ndp_length"
        case .ndpTarget: "ndp_target"
        case .ndpOption: "ndp_option"
        case .ndpUnexpectedOption: "ndp_unexpected_option"
        case .ndpSolicitedToGroup: "ndp_solicited_to_group"
        case .notOwned: "not_owned"
        case .notConcerned: "not_concerned"
        case .ownFrame: "own_frame"
        case .linkDown: "link_down"
        }
    }
}

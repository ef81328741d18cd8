/// The one message that a received ARP or Neighbor Discovery frame carries.
package enum LinkFrame: Sendable, Hashable {
    case arp(EthernetHeader, ARPPacket)
    case solicitation(EthernetHeader, NeighborSolicitation)
    case advertisement(EthernetHeader, NeighborAdvertisement)

    /// Parses a whole frame, Ethernet header included. Takes time linear in its length, and allocates nothing.
    package init(parsing frame: Span<UInt8>) throws(DropReason) {
        let ethernet = try EthernetHeader(parsing: frame)
        switch ethernet.etherType {
        case .arp:
            self = .arp(ethernet, try ARPPacket(parsing: frame))
        case .ipv6:
            let header = try IPv6Header(parsing: frame)
            guard header.payloadLength >= 1 else { throw .ndpLength }
            switch frame[IPv6Header.payloadOffset] {
            case NeighborSolicitation.type:
                self = .solicitation(ethernet, try NeighborSolicitation(parsing: frame, header: header))
            case NeighborAdvertisement.type:
                self = .advertisement(ethernet, try NeighborAdvertisement(parsing: frame, header: header))
            default: throw .icmpType
            }
        default: throw .etherType
        }
    }

    package var ethernet: EthernetHeader {
        switch self {
        case .arp(let ethernet, _), .solicitation(let ethernet, _), .advertisement(let ethernet, _): ethernet
        }
    }
}

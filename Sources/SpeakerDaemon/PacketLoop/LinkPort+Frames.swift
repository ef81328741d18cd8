import Link
import NetworkAddresses
import PacketSocket
import Wire

extension LinkPort {
    /// The frame that an effect asks to send; `nil` when there is none, or no own address to send it from.
    func frame(for effect: LinkEffect) -> [UInt8]? {
        switch effect {
        case .send(let frame): frame
        case .sendUDP(let payload, let destination, let hardwareAddress):
            ownAddress(towards: destination).flatMap {
                UnicastCarrier.frame(payload, from: $0, configuration.hardwareAddress, to: destination, hardwareAddress)
            }
        case .ask(let address, let hardwareAddress): question(for: address, hardwareAddress)
        case .report: nil
        }
    }

    /// An ARP request or a neighbor solicitation, so that the kernel behind `address` shows that it lives.
    private func question(for address: IPAddress, _ known: MACAddress?) -> [UInt8]? {
        let own = configuration.hardwareAddress
        switch address {
        case .v4(let target):
            // Without an address of its own, an interface asks as a prober does (RFC 5227 §2.1.1).
            let sender = ownAddress(towards: address)?.v4 ?? .unspecified
            return OutgoingFrame.arp(
                .request(for: target, from: sender, at: own), destination: known ?? .broadcast
            ).bytes(source: own)
        case .v6(let target):
            guard let source = ownAddress(towards: address)?.v6 else { return nil }
            let group = target.solicitedNode
            let message = NeighborSolicitation(
                source: source, destination: known == nil ? group : target, target: target, sourceLinkLayer: own)
            return OutgoingFrame.solicitation(message, destination: known ?? MACAddress(multicast: group))
                .bytes(source: own)
        }
    }

    /// An own address in a network that holds `address`, else any of its family.
    private func ownAddress(towards address: IPAddress) -> IPAddress? {
        let candidates = configuration.ownAddresses.filter { $0.family == address.family }
        let prefixes = configuration.prefixes.filter { $0.contains(address) }
        return candidates.first { own in prefixes.contains { $0.contains(own) } } ?? candidates.first
    }

    /// The socket that a frame leaves by: the one of its EtherType, so that the kernel labels it right.
    func descriptor(for frame: [UInt8]) -> Int32 {
        guard frame.count >= EthernetHeader.length else { return arp.descriptor }
        switch EtherType(rawValue: UInt16(frame[12]) << 8 | UInt16(frame[13])) {
        case .arp: return arp.descriptor
        case .ipv6: return neighborDiscovery?.descriptor ?? arp.descriptor
        default: return hello.descriptor
        }
    }
}

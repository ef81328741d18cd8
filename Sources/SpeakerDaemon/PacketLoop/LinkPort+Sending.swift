import PacketSocket
import Wire

extension LinkPort {
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

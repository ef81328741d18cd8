package import NetworkAddresses

/// A frame that is to be sent on one link, in the form in which state machines return it.
package enum OutgoingFrame: Sendable, Hashable {
    case arp(ARPPacket, destination: MACAddress)
    case solicitation(NeighborSolicitation, destination: MACAddress)
    case advertisement(NeighborAdvertisement, destination: MACAddress)

    /// The longest frame that ``store(into:source:)`` makes.
    package static let maximumLength = NeighborAdvertisement.frameLength

    /// Stores the frame with `source` as its Ethernet sender and returns its length, or 0 when the span is too short.
    package func store(into frame: inout MutableSpan<UInt8>, source: MACAddress) -> Int {
        switch self {
        case .arp(let packet, let destination): packet.store(into: &frame, source: source, destination: destination)
        case .solicitation(let message, let destination):
            message.store(into: &frame, source: source, destination: destination)
        case .advertisement(let message, let destination):
            message.store(into: &frame, source: source, destination: destination)
        }
    }

    /// The bytes on their own.
    package func bytes(source: MACAddress) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.maximumLength)
        var span = bytes.mutableSpan
        let length = store(into: &span, source: source)
        bytes.removeLast(bytes.count - length)
        return bytes
    }
}

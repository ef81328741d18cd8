public import NetworkAddresses

/// The second carrier of Hello, Claims and Refuse: UDP to port 7473 in frames of the interface's own, for networks whose
/// switch drops the group frames. Sent raw, so that the host's firewall does not stop it.
public enum UnicastCarrier {
    /// A whole Ethernet frame with IPv4 or IPv6 (RFC 791, RFC 8200) and UDP (RFC 768); `nil` when the two addresses are of
    /// two families, or the payload is too long for one packet.
    public static func frame(
        _ payload: [UInt8], from source: IPAddress, _ sourceHardware: MACAddress, to destination: IPAddress,
        _ destinationHardware: MACAddress
    ) -> [UInt8]? {
        let length = payload.count + 8
        guard source.family == destination.family, length <= 9000 else { return nil }
        var writer = ByteWriter()
        writer.append(destinationHardware)
        writer.append(sourceHardware)
        if source.family == .ipv4 {
            writer.append(EtherType.ipv4.rawValue)
            writer.append(UInt32(0x4500_0000) | UInt32(length + 20))
            // Identification 0 with Don't Fragment (RFC 6864 §4.1); time to live 1: never routed.
            writer.append(UInt32(0x0000_4000))
            writer.append(UInt32(0x0111_0000))
            writer.append(source)
            writer.append(destination)
            var checksum = InternetChecksum()
            checksum.add(writer.bytes.span, 14..<34)
            writer.overwrite(at: 24, checksum.value)
        } else {
            writer.append(EtherType.ipv6.rawValue)
            writer.append(UInt32(0x6000_0000))
            writer.append(UInt16(truncatingIfNeeded: length))
            writer.append(UInt16(0x1101))
            writer.append(source)
            writer.append(destination)
        }
        let udp = writer.bytes.count
        writer.append(HelloFrame.port)
        writer.append(HelloFrame.port)
        writer.append(UInt16(truncatingIfNeeded: length))
        writer.append(UInt16(0))
        writer.bytes.append(contentsOf: payload)
        var checksum = InternetChecksum()
        // The pseudo-header: the addresses stand right before the UDP header.
        checksum.add(writer.bytes.span, udp - 2 * source.family.bitWidth / 8..<udp)
        checksum.add(17)
        checksum.add(UInt16(truncatingIfNeeded: length))
        checksum.add(writer.bytes.span, udp..<writer.bytes.count)
        writer.overwrite(at: udp + 6, checksum.value == 0 ? 0xFFFF : checksum.value)
        return writer.bytes
    }

    /// Where the payload of a received frame starts, or `nil` when the frame is no UDP to port 7473.
    ///
    /// Checksums are not looked at: the payload's own tag is stronger.
    public static func payloadStart(_ frame: [UInt8]) -> Int? {
        guard frame.count >= 14 + 20 + 8 else { return nil }
        let udp: Int
        switch (frame[12], frame[13], frame[14] >> 4) {
        case (0x08, 0x00, 4):
            // No fragments: more-fragments flag and offset are 0.
            guard frame[23] == 17, frame[20] & 0x3F == 0, frame[21] == 0 else { return nil }
            udp = 14 + Int(frame[14] & 0xF) * 4
        case (0x86, 0xDD, 6):
            guard frame[20] == 17 else { return nil }
            udp = 14 + 40
        default: return nil
        }
        guard udp >= 34, frame.count >= udp + 8, frame[udp + 2] == UInt8(HelloFrame.port >> 8),
            frame[udp + 3] == UInt8(truncatingIfNeeded: HelloFrame.port)
        else { return nil }
        return udp + 8
    }
}

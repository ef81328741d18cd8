package import NetworkAddresses

/// An ARP packet for IPv4 over Ethernet (RFC 826). Read RFC 5227 §1.1 and §2 first: it names probe and announcement.
package struct ARPPacket: Sendable, Hashable {
    package enum Operation: UInt16, Sendable {
        case request = 1
        case reply = 2
    }

    package var operation: Operation
    package var senderHardware: MACAddress
    package var sender: IPv4Address
    package var targetHardware: MACAddress
    package var target: IPv4Address

    package init(
        operation: Operation, senderHardware: MACAddress, sender: IPv4Address, targetHardware: MACAddress,
        target: IPv4Address
    ) {
        (self.operation, self.senderHardware, self.sender) = (operation, senderHardware, sender)
        (self.targetHardware, self.target) = (targetHardware, target)
    }

    /// Octets of the packet behind the Ethernet header.
    package static let length = 28
    package static let frameLength = EthernetHeader.length + length

    /// Offsets from the start of the frame.
    private enum Field {
        static let hardwareType = 14
        static let protocolType = 16
        static let hardwareLength = 18
        static let protocolLength = 19
        static let operation = 20
        static let senderHardware = 22
        static let sender = 28
        static let targetHardware = 32
        static let target = 38
    }

    /// Reads the ARP packet of an Ethernet frame; octets behind it are padding.
    package init(parsing frame: Span<UInt8>) throws(DropReason) {
        guard frame.count >= Self.frameLength else { throw .truncated }
        let hardwareType = frame.uint16(at: Field.hardwareType)
        // RFC 5342 §B: 6 (IEEE 802) means the same on Ethernet, and Linux accepts it too.
        guard hardwareType == 1 || hardwareType == 6 else { throw .arpHardwareType }
        guard frame.uint16(at: Field.protocolType) == EtherType.ipv4.rawValue else { throw .arpProtocolType }
        guard frame[Field.hardwareLength] == 6, frame[Field.protocolLength] == 4 else { throw .arpAddressLength }
        guard let operation = Operation(rawValue: frame.uint16(at: Field.operation)) else { throw .arpOperation }
        let senderHardware = frame.macAddress(at: Field.senderHardware)
        // RFC 1812 §3.3.2: never believe an ARP that claims a group address.
        guard !senderHardware.isGroup, senderHardware != .zero else { throw .sourceHardwareAddress }
        let sender = frame.ipv4Address(at: Field.sender)
        guard !sender.isMulticast, !sender.isLoopback, sender != .broadcast else { throw .arpSenderAddress }
        self.init(
            operation: operation, senderHardware: senderHardware, sender: sender,
            targetHardware: frame.macAddress(at: Field.targetHardware), target: frame.ipv4Address(at: Field.target))
    }

    /// Stores a whole frame, Ethernet header included, and returns its length, or 0 when `frame` is too short.
    package func store(
        into frame: inout MutableSpan<UInt8>, source: MACAddress, destination: MACAddress
    ) -> Int {
        guard frame.count >= Self.frameLength else { return 0 }
        EthernetHeader(destination: destination, source: source, etherType: .arp).store(into: &frame)
        frame.store(1 as UInt16, at: Field.hardwareType)
        frame.store(EtherType.ipv4.rawValue, at: Field.protocolType)
        frame[Field.hardwareLength] = 6
        frame[Field.protocolLength] = 4
        frame.store(operation.rawValue, at: Field.operation)
        frame.store(senderHardware, at: Field.senderHardware)
        frame.store(sender, at: Field.sender)
        frame.store(targetHardware, at: Field.targetHardware)
        frame.store(target, at: Field.target)
        return Self.frameLength
    }
}

extension ARPPacket {
    /// RFC 5227 §1.1: a request with an all-zero sender address.
    package var isProbe: Bool { operation == .request && sender == .unspecified }

    /// RFC 5227 §1.1: sender and target address are the same ("gratuitous ARP"); requests and replies alike.
    package var isAnnouncement: Bool { sender == target && sender != .unspecified }

    /// RFC 5227 §2.1.1: asks whether `address` is in use without touching anybody's cache.
    package static func probe(for address: IPv4Address, from hardware: MACAddress) -> ARPPacket {
        ARPPacket(
            operation: .request, senderHardware: hardware, sender: .unspecified, targetHardware: .zero, target: address)
    }

    /// RFC 5227 §2.3: the request form, which also moves entries of hosts that ignore unsolicited replies.
    package static func announcementRequest(of address: IPv4Address, at hardware: MACAddress) -> ARPPacket {
        ARPPacket(
            operation: .request, senderHardware: hardware, sender: address, targetHardware: .zero, target: address)
    }

    /// The reply form. Linux takes it for gratuitous only with its own address as target hardware (`arp_is_garp`).
    package static func announcementReply(of address: IPv4Address, at hardware: MACAddress) -> ARPPacket {
        ARPPacket(
            operation: .reply, senderHardware: hardware, sender: address, targetHardware: hardware, target: address)
    }

    /// RFC 826: "swap hardware and protocol fields, putting the local addresses in the sender fields".
    package func reply(at hardware: MACAddress) -> ARPPacket {
        ARPPacket(
            operation: .reply, senderHardware: hardware, sender: target, targetHardware: senderHardware, target: sender)
    }

    /// Who has `target`? Asked by `sender` at `hardware`.
    package static func request(
        for target: IPv4Address, from sender: IPv4Address, at hardware: MACAddress
    ) -> ARPPacket {
        ARPPacket(
            operation: .request, senderHardware: hardware, sender: sender, targetHardware: .zero, target: target)
    }
}

import CLinux
import Glibc
import NetworkAddresses

/// One rtnetlink message, reduced to what matters here.
package enum NetlinkMessage: Sendable, Hashable {
    case link(NetworkInterface)
    case linkGone(index: Int32)
    case address(index: Int32, InterfaceAddress)
    case addressGone(index: Int32, InterfaceAddress)
    /// A default route of the main table, with its next hops: as one of all in a dump. Elsewhere it may be instead of another.
    case defaultRoute([Gateway])
    case defaultRouteGone
    /// The end of a dump.
    case done
    /// The kernel refused a request.
    case failed(errorNumber: Int32)
    case ignored

    /// The interface that it is about.
    var interfaceIndex: Int32? {
        switch self {
        case .link(let interface): interface.index
        case .linkGone(let index), .address(let index, _), .addressGone(let index, _): index
        case .defaultRoute, .defaultRouteGone, .done, .failed, .ignored: nil
        }
    }

    /// Octets of `struct nlmsghdr`.
    private static let headerLength = 16

    /// Calls `body` with each message of a datagram. A malformed rest is left alone.
    package static func forEach(in datagram: Span<UInt8>, _ body: (NetlinkMessage) -> Void) {
        forEachWhole(datagram) { body(NetlinkMessage($0)) }
    }

    /// Whether the kernel says of a dump that something changed meanwhile.
    static func isInterrupted(_ datagram: Span<UInt8>) -> Bool {
        var isInterrupted = false
        forEachWhole(datagram) { if $0.native16(at: 6) & UInt16(NLM_F_DUMP_INTR) != 0 { isInterrupted = true } }
        return isInterrupted
    }

    private static func forEachWhole(_ datagram: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        var offset = 0
        while offset + headerLength <= datagram.count {
            let length = Int(datagram.native32(at: offset))
            guard length >= headerLength, offset + length <= datagram.count else { return }
            body(datagram.extracting(offset..<offset + length))
            offset += (length + 3) & ~3
        }
    }

    /// Reads one whole message, header included.
    init(_ message: Span<UInt8>) {
        switch Int(message.native16(at: 4)) {
        case RTM_NEWLINK: self = Self.link(message) ?? .ignored
        case RTM_DELLINK: self = Self.link(message).map { Self.gone($0) } ?? .ignored
        case RTM_NEWADDR: self = Self.address(message) ?? .ignored
        case RTM_DELADDR: self = Self.address(message).map { Self.gone($0) } ?? .ignored
        case RTM_NEWROUTE: self = Self.defaultRoute(message).map { .defaultRoute($0) } ?? .ignored
        case RTM_DELROUTE: self = Self.defaultRoute(message) == nil ? .ignored : .defaultRouteGone
        case Int(NLMSG_DONE): self = .done
        case Int(NLMSG_ERROR):
            let code = message.count >= 20 ? Int32(bitPattern: message.native32(at: 16)) : 0
            self = code == 0 ? .done : .failed(errorNumber: 0 &- code)
        default: self = .ignored
        }
    }

    private static func gone(_ message: NetlinkMessage) -> NetlinkMessage {
        switch message {
        case .link(let interface): .linkGone(index: interface.index)
        case .address(let index, let address): .addressGone(index: index, address)
        default: message
        }
    }

    /// `struct ifinfomsg` and its attributes.
    private static func link(_ message: Span<UInt8>) -> NetlinkMessage? {
        guard message.count >= 32 else { return nil }
        // The same group carries AF_BRIDGE messages: leaving a bridge "deletes" a port that goes on existing.
        guard Int32(message[16]) == AF_UNSPEC else { return nil }
        var interface = NetworkInterface(index: Int32(bitPattern: message.native32(at: 20)), name: "")
        let flags = message.native32(at: 24)
        interface.isEthernet = message.native16(at: 18) == UInt16(ARPHRD_ETHER)
        interface.isUp = flags & 0x1 != 0
        interface.isLoopback = flags & 0x8 != 0
        interface.isWithoutARP = flags & 0x80 != 0
        interface.hasCarrier = flags & 0x1_0000 != 0
        var isWirelessEvent = false
        forEachAttribute(message, from: 32) { type, value in
            switch type {
            case Int(IFLA_WIRELESS): isWirelessEvent = true
            case Int(IFLA_IFNAME): interface.name = value.text
            case Int(IFLA_ADDRESS) where value.count == 6: interface.hardwareAddress = value.hardwareAddress
            case Int(IFLA_MTU) where value.count == 4: interface.maximumTransmissionUnit = Int(value.native32(at: 0))
            case Int(IFLA_MASTER) where value.count == 4:
                let master = Int32(bitPattern: value.native32(at: 0))
                interface.master = master == 0 ? nil : master
            case Int(IFLA_LINKINFO):
                forEachAttribute(value, from: 0) { type, value in
                    if type == Int(IFLA_INFO_KIND) { interface.kind = value.text }
                }
            default: break
            }
        }
        // A scan, an association or a roam: the event has the interface's name, and says nothing about the rest of it.
        return isWirelessEvent ? nil : .link(interface)
    }

    /// `struct ifaddrmsg` and its attributes.
    private static func address(_ message: Span<UInt8>) -> NetlinkMessage? {
        guard message.count >= 24 else { return nil }
        let length = Int(message[17])
        var remote: IPAddress?
        var local: IPAddress?
        forEachAttribute(message, from: 24) { type, value in
            switch type {
            case Int(IFA_ADDRESS): remote = value.ipAddress
            case Int(IFA_LOCAL): local = value.ipAddress
            default: break
            }
        }
        // On point-to-point interfaces IFA_ADDRESS is the other end.
        guard let address = local ?? remote, length <= address.family.bitWidth else { return nil }
        return .address(
            index: Int32(bitPattern: message.native32(at: 20)),
            InterfaceAddress(address: address, prefixLength: length))
    }

    /// `struct rtmsg` and its attributes: the next hops of a default route of the main table.
    private static func defaultRoute(_ message: Span<UInt8>) -> [Gateway]? {
        guard message.count >= 28, message[17] == 0, message[20] == 254 else { return nil }
        var gateways: [Gateway] = []
        var interface: Int32 = 0
        forEachAttribute(message, from: 28) { type, value in
            switch type {
            case Int(RTA_OIF.rawValue) where value.count == 4: interface = Int32(bitPattern: value.native32(at: 0))
            case Int(RTA_MULTIPATH.rawValue):
                // `struct rtnexthop`, each with attributes.
                var offset = 0
                while offset + 8 <= value.count {
                    let length = Int(value.native16(at: offset))
                    guard length >= 8, offset + length <= value.count else { return }
                    let interface = Int32(bitPattern: value.native32(at: offset + 4))
                    let hop = value.extracting(offset..<offset + length)
                    if let address = nextHop(hop, from: 8) {
                        gateways.append(Gateway(interfaceIndex: interface, address: address))
                    }
                    offset += (length + 3) & ~3
                }
            default: break
            }
        }
        if interface != 0, let address = nextHop(message, from: 28) {
            gateways.append(Gateway(interfaceIndex: interface, address: address))
        }
        return gateways
    }

    /// Of the route's family (RTA_GATEWAY), or of the other one (RTA_VIA: an IPv4 route by a router's IPv6 address).
    private static func nextHop(_ attributes: Span<UInt8>, from start: Int) -> IPAddress? {
        var address: IPAddress?
        forEachAttribute(attributes, from: start) { type, value in
            switch type {
            case Int(RTA_GATEWAY.rawValue): address = value.ipAddress
            case Int(RTA_VIA.rawValue) where value.count > 2: address = value.extracting(2..<value.count).ipAddress
            default: break
            }
        }
        return address
    }

    private static func forEachAttribute(
        _ message: Span<UInt8>, from start: Int, _ body: (Int, Span<UInt8>) -> Void
    ) {
        var offset = start
        while offset + 4 <= message.count {
            let length = Int(message.native16(at: offset))
            guard length >= 4, offset + length <= message.count else { return }
            // The two top bits say "nested" and "network byte order".
            body(Int(message.native16(at: offset + 2) & 0x3FFF), message.extracting(offset + 4..<offset + length))
            offset += (length + 3) & ~3
        }
    }
}

// Netlink's fields are in the machine's own byte order, addresses in network order. The caller checks the length.
extension Span where Element == UInt8 {
    fileprivate func big(_ range: Range<Int>) -> UInt64 {
        var value: UInt64 = 0
        for offset in range { value = value << 8 | UInt64(self[offset]) }
        return value
    }

    fileprivate func native16(at offset: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: big(offset..<offset + 2)).bigEndian
    }

    fileprivate func native32(at offset: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: big(offset..<offset + 4)).bigEndian
    }

    fileprivate var hardwareAddress: MACAddress { MACAddress(rawValue: big(0..<6)) }

    fileprivate var ipAddress: IPAddress? {
        switch count {
        case 4: .v4(IPv4Address(rawValue: UInt32(truncatingIfNeeded: big(0..<4))))
        case 16: .v6(IPv6Address(high: big(0..<8), low: big(8..<16)))
        default: nil
        }
    }

    fileprivate var text: String {
        var bytes: [UInt8] = []
        for offset in indices where self[offset] != 0 { bytes.append(self[offset]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

package import NetworkAddresses

/// One network interface, as far as announcing on it is concerned.
package struct NetworkInterface: Sendable, Hashable {
    package var index: Int32
    package var name: String
    /// `nil` for interfaces without a 6-octet address.
    package var hardwareAddress: MACAddress?
    package var maximumTransmissionUnit = 1500
    /// IFF_UP: an operator wants it.
    package var isUp = false
    /// IFF_LOWER_UP: there is a carrier.
    package var hasCarrier = false
    package var isLoopback = false
    package var isWithoutARP = false
    /// ARPHRD_ETHER.
    package var isEthernet = false
    /// The bridge, bond or team that it is a member of.
    package var master: Int32?
    /// `veth`, `bridge`, `vlan`, …; `nil` for hardware.
    package var kind: String?
    package var addresses: Set<InterfaceAddress> = []
    /// Times that it was left without IPv6, by its MTU or the end of its last IPv6 address, since it is known: that may be
    /// over by the time that anybody looks.
    package var ipv6Losses = 0

    package init(index: Int32, name: String) { (self.index, self.name) = (index, name) }

    /// Whether groups that were joined on it by then must be joined anew. With all of IPv6, which Linux takes from an
    /// interface whose MTU is below 1280 (RFC 8200 §5), and some kernels with its last address, its groups go, too, of which
    /// the sockets that joined them hear nothing.
    package func hasIPv6Again(since before: NetworkInterface) -> Bool {
        before.maximumTransmissionUnit < 1280 && maximumTransmissionUnit >= 1280
            || hasIPv6Address && (!before.hasIPv6Address || before.ipv6Losses != ipv6Losses)
    }

    fileprivate var hasIPv6Address: Bool { addresses.contains { $0.address.family == .ipv6 } }

    /// Frames sent from here arrive, and frames to here come here and not to a master.
    package var isUsable: Bool {
        isUp && hasCarrier && isEthernet && !isLoopback && !isWithoutARP && master == nil && hardwareAddress != nil
    }
}

/// An address of an interface, with the network that it is in.
package struct InterfaceAddress: Sendable, Hashable {
    package var address: IPAddress
    package var prefixLength: Int

    package init(address: IPAddress, prefixLength: Int) { (self.address, self.prefixLength) = (address, prefixLength) }

    package var prefix: IPPrefix? { IPPrefix(address, length: prefixLength) }
}

/// All interfaces of the namespace.
package struct NetworkState: NetlinkState {
    package var interfaces: [Int32: NetworkInterface] = [:]

    package init() {}

    /// Applies one change; applying it twice changes nothing more.
    package mutating func apply(_ message: NetlinkMessage) {
        switch message {
        case .link(var interface):
            if let before = interfaces[interface.index] {
                interface.addresses = before.addresses
                let isLoss = interface.maximumTransmissionUnit < 1280 && before.maximumTransmissionUnit >= 1280
                interface.ipv6Losses = before.ipv6Losses + (isLoss ? 1 : 0)
            }
            interfaces[interface.index] = interface
        case .linkGone(let index): interfaces[index] = nil
        case .address(let index, let address): interfaces[index]?.addresses.insert(address)
        case .addressGone(let index, let address):
            guard interfaces[index]?.addresses.remove(address) != nil, address.address.family == .ipv6 else { return }
            if interfaces[index]?.hasIPv6Address == false { interfaces[index]?.ipv6Losses += 1 }
        case .defaultRoute, .defaultRouteGone, .done, .failed, .ignored: return
        }
    }
}

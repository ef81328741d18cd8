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

    package init(index: Int32, name: String) { (self.index, self.name) = (index, name) }

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
            interface.addresses = interfaces[interface.index]?.addresses ?? []
            interfaces[interface.index] = interface
        case .linkGone(let index): interfaces[index] = nil
        case .address(let index, let address): interfaces[index]?.addresses.insert(address)
        case .addressGone(let index, let address): interfaces[index]?.addresses.remove(address)
        case .defaultRoute, .defaultRouteGone, .done, .failed, .ignored: return
        }
    }
}

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

/// A default route's next hop.
package struct Gateway: Sendable, Hashable {
    package var interfaceIndex: Int32
    package var address: IPAddress

    package init(interfaceIndex: Int32, address: IPAddress) {
        (self.interfaceIndex, self.address) = (interfaceIndex, address)
    }
}

/// All interfaces and default gateways of the namespace.
package struct NetworkState: Sendable, Hashable {
    package var interfaces: [Int32: NetworkInterface] = [:]
    package var gateways: Set<Gateway> = []

    package init() {}

    /// Applies one change; applying it twice changes nothing more.
    package mutating func apply(_ message: NetlinkMessage) {
        switch message {
        case .link(var interface):
            interface.addresses = interfaces[interface.index]?.addresses ?? []
            interfaces[interface.index] = interface
        case .linkGone(let index):
            interfaces[index] = nil
            gateways = gateways.filter { $0.interfaceIndex != index }
        case .address(let index, let address): interfaces[index]?.addresses.insert(address)
        case .addressGone(let index, let address): interfaces[index]?.addresses.remove(address)
        case .defaultRoute(let hops): gateways.formUnion(hops)
        case .defaultRouteGone, .done, .failed, .ignored: return
        }
    }

    /// Whether gateways may be gone with this change, so that only the routes themselves can tell.
    ///
    /// Linux drops IPv4 routes with the link that goes down, and with an address, and says nothing of them. A route that
    /// replaces another is told as new, and what it replaced is not named; and of two routes by one gateway one may stay.
    func leavesGatewaysOpen(_ change: NetlinkMessage) -> Bool {
        switch change {
        case .defaultRoute, .defaultRouteGone: true
        case .link(let interface): !interface.isUp && hasGateway(interface.index)
        case .addressGone(let index, _): hasGateway(index)
        case .linkGone, .address, .done, .failed, .ignored: false
        }
    }

    private func hasGateway(_ index: Int32) -> Bool { gateways.contains { $0.interfaceIndex == index } }
}

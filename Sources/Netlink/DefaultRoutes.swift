package import NetworkAddresses

/// A default route's next hop.
package struct Gateway: Sendable, Hashable {
    package var interfaceIndex: Int32
    package var address: IPAddress

    package init(interfaceIndex: Int32, address: IPAddress) {
        (self.interfaceIndex, self.address) = (interfaceIndex, address)
    }
}

/// All default gateways of the namespace.
package struct DefaultRoutes: NetlinkState {
    package private(set) var gateways: Set<Gateway> = []

    package init() {}

    /// Applies one change; applying it twice changes nothing more.
    package mutating func apply(_ message: NetlinkMessage) {
        switch message {
        case .linkGone(let index): gateways = gateways.filter { $0.interfaceIndex != index }
        case .defaultRoute(let hops): gateways.formUnion(hops)
        case .link, .address, .addressGone, .defaultRouteGone, .done, .failed, .ignored: return
        }
    }

    /// Whether gateways may be gone with this change, so that only the routes themselves can tell.
    ///
    /// Linux drops IPv4 routes with the link that goes down, and with an address, and says nothing of them. A route that
    /// replaces another is told as new, and what it replaced is not named; and of two routes by one gateway one may stay.
    func areLeftOpen(by change: NetlinkMessage) -> Bool {
        switch change {
        case .defaultRoute, .defaultRouteGone: true
        case .link(let interface): !interface.isUp && hasGateway(interface.index)
        case .addressGone(let index, _): hasGateway(index)
        case .linkGone, .address, .done, .failed, .ignored: false
        }
    }

    private func hasGateway(_ index: Int32) -> Bool { gateways.contains { $0.interfaceIndex == index } }
}

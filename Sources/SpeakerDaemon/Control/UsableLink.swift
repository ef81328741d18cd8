package import Netlink
package import NetworkAddresses
package import Reconciliation

/// A network interface that can carry announcements, as the control plane sees it.
package struct UsableLink: Sendable, Hashable {
    package var name: String
    package var index: Int32
    package var hardwareAddress: MACAddress
    package var maximumTransmissionUnit: Int
    package var isWireless: Bool
    package var addresses: [InterfaceAddress]
    package var gateways: [IPAddress]

    package init(
        name: String, index: Int32, hardwareAddress: MACAddress, maximumTransmissionUnit: Int = 1500,
        isWireless: Bool = false, addresses: [InterfaceAddress] = [], gateways: [IPAddress] = []
    ) {
        (self.name, self.index, self.hardwareAddress) = (name, index, hardwareAddress)
        (self.maximumTransmissionUnit, self.isWireless) = (maximumTransmissionUnit, isWireless)
        (self.addresses, self.gateways) = (addresses, gateways)
    }

    package struct InterfaceAddress: Sendable, Hashable {
        package var address: IPAddress
        package var prefix: IPPrefix

        package init(address: IPAddress, prefix: IPPrefix) { (self.address, self.prefix) = (address, prefix) }
    }

    package var prefixes: [IPPrefix] { addresses.map(\.prefix) }
    /// With the networks that tell which addresses belong here, of Services and of other nodes.
    package var announcing: AnnouncingLink {
        AnnouncingLink(name: name, prefixes: prefixes.filter { !$0.first.isLinkLocal })
    }
}

/// Which interfaces a speaker uses, from its flags.
package struct LinkSelection: Sendable, Hashable {
    /// Only these, in the order of preference where two are on one segment; empty: all that are not excluded.
    package var only: [String]
    package var excluded: [NamePattern]

    package init(only: [String] = [], excluded: [NamePattern] = NamePattern.excludedByDefault) {
        (self.only, self.excluded) = (only, excluded)
    }

    package func selects(_ name: String) -> Bool {
        only.isEmpty ? !excluded.contains { $0.matches(name) } : only.contains(name)
    }

    /// The lower goes first on a shared segment: the operator's order, else the interfaces' own.
    package func rank(_ link: UsableLink) -> (Int, Int32) { (only.firstIndex(of: link.name) ?? 0, link.index) }
}

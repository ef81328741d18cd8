package import NetworkAddresses

/// On which of this node's links an address is announced: the union of what the advertisements ask for.
package struct LinkChoice: Sendable, Hashable {
    /// Some advertisement (or the absence of any) leaves the choice to the default rule.
    package var usesDefault: Bool
    /// Interfaces that advertisements name.
    package var named: Set<String>

    package init(usesDefault: Bool, named: Set<String> = []) { (self.usesDefault, self.named) = (usesDefault, named) }

    package enum Verdict: Sendable, Hashable {
        /// An advertisement names the interface.
        case named
        /// The address is inside one of the link's subnets.
        case subnet(IPPrefix)
        /// No link of this node has a subnet with the address, so all of them carry it.
        case noSubnetAnywhere
        /// Another link's subnet contains the address.
        case otherSubnet
        /// The advertisements name other interfaces.
        case notNamed

        package var isSelected: Bool {
            switch self {
            case .named, .subnet, .noSubnetAnywhere: true
            case .otherSubnet, .notNamed: false
            }
        }
    }

    /// Default links for an address are those whose subnet contains it, else all.
    package func verdict(
        for address: IPAddress, on link: AnnouncingLink, of links: [AnnouncingLink]
    ) -> Verdict {
        if named.contains(link.name) { return .named }
        guard usesDefault else { return .notNamed }
        if let prefix = link.prefixes.first(where: { $0.contains(address) }) { return .subnet(prefix) }
        return links.contains { $0.prefixes.contains { $0.contains(address) } } ? .otherSubnet : .noSubnetAnywhere
    }
}

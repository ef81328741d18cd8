package import NetworkAddresses

/// On which of this node's links an address is announced: the union of what the advertisements ask for.
package struct LinkChoice: Sendable, Hashable {
    /// Some advertisement (or the absence of any) leaves the choice to the default rule.
    package var usesDefault: Bool
    /// Interfaces that advertisements name.
    package var named: Set<String>

    package init(usesDefault: Bool, named: Set<String> = []) { (self.usesDefault, self.named) = (usesDefault, named) }

    /// Whether `link` carries an address: it is named, or chosen by default because its subnet contains the address or no
    /// link's does.
    package func selects(_ link: AnnouncingLink, of links: [AnnouncingLink], for address: IPAddress) -> Bool {
        if named.contains(link.name) { return true }
        func contains(_ link: AnnouncingLink) -> Bool { link.prefixes.contains { $0.contains(address) } }
        return usesDefault && (contains(link) || !links.contains(where: contains))
    }
}

package import NetworkAddresses

/// Addresses that no Service may have, whatever the pools say, with the reason.
package struct ReservedAddresses: Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        /// The node's own address.
        case node(String)
        /// The range of Pod addresses of a node.
        case podRange(node: String)
        /// The range of the Services' cluster IPs.
        case serviceRange(String)
        /// Not unicast, or not usable on a LAN by any standard.
        case notUnicast
    }

    package struct Entry: Sendable, Hashable {
        package var range: IPRange
        package var reason: Reason

        package init(_ range: IPRange, _ reason: Reason) { (self.range, self.reason) = (range, reason) }
    }

    package private(set) var entries: [Entry]

    /// Adds the blocks that are never usable: 0/8, 127/8, 169.254/16, 224/4, 240/4, ::/8, fe80::/10, ff00::/8.
    package init(_ entries: [Entry] = []) { self.entries = entries + Self.never }

    package func reason(for address: IPAddress) -> Reason? {
        entries.first { $0.range.contains(address) }?.reason
    }

    /// Why a range is reserved from its first address to its last; `nil` if part of it is not, or for several reasons.
    package func reason(for range: IPRange) -> Reason? {
        entries.first { $0.range.contains(range.first) && $0.range.contains(range.last) }?.reason
    }

    private static let never: [Entry] = [
        "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/8", "fe80::/10", "ff00::/8",
    ].compactMap { IPPrefix($0).map { Entry(IPRange($0), .notUnicast) } }
}

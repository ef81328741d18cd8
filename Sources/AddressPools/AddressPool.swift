package import NetworkAddresses

/// An accepted pool of load balancer IPs, as the allocator sees it: ranges and the rules for their use.
package struct AddressPool: Sendable, Hashable {
    package var name: String
    /// What the pool may hand out, in any order; overlapping entries count once.
    package var ranges: [IPRange]
    /// Whether a Service that asks for nothing may be given an address from here.
    package var autoAssign: Bool
    /// Skip IPv4 addresses that end in .0 or .255.
    package var avoidBuggyIPs: Bool
    /// `nil`: open to every Service. Otherwise only to those that the pool's selectors name, the lowest priority first
    /// and 0 last.
    package var restriction: Restriction?

    package init(
        name: String, ranges: [IPRange], autoAssign: Bool = true, avoidBuggyIPs: Bool = false,
        restriction: Restriction? = nil
    ) {
        (self.name, self.ranges, self.autoAssign) = (name, ranges, autoAssign)
        (self.avoidBuggyIPs, self.restriction) = (avoidBuggyIPs, restriction)
    }

    package struct Restriction: Sendable, Hashable {
        package var priority: Int

        package init(priority: Int = 0) { self.priority = priority }

        /// Sorts 0 behind every other priority.
        var rank: Int { priority == 0 ? .max : priority }
    }
}

/// Who holds an address: a Service by namespace and name.
package struct Holder: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let namespace: String
    package let name: String

    package init(namespace: String, name: String) { (self.namespace, self.name) = (namespace, name) }

    package var description: String { "\(namespace)/\(name)" }

    package static func < (a: Holder, b: Holder) -> Bool { (a.namespace, a.name) < (b.namespace, b.name) }
}

/// How many addresses of one family a pool has given out, and how many it still could.
package struct PoolUsage: Sendable, Hashable {
    /// Addresses with at least one holder.
    package var assigned: Int64
    /// Stops at `Int64.max`.
    package var available: Int64

    package init(assigned: Int64, available: Int64) { (self.assigned, self.available) = (assigned, available) }
}

/// `lb.cluster.home/v1beta1` IPAddressPool: addresses that Services of type LoadBalancer may be given.
public struct IPAddressPool: KubernetesObject {
    public static let resource = ResourceType(
        group: "lb.cluster.home", version: "v1beta1", kind: "IPAddressPool", plural: "ipaddresspools",
        isNamespaced: false)

    public var metadata: ObjectMeta
    public var spec: Spec
    public var status: Status?

    public init(metadata: ObjectMeta, spec: Spec, status: Status? = nil) {
        (self.metadata, self.spec, self.status) = (metadata, spec, status)
    }

    public struct Spec: Codable, Sendable, Hashable {
        /// `address/length` or `first-last`, IPv4 and IPv6 mixed.
        public var addresses: [String]
        /// Whether Services that ask for nothing may be given an address from here; absent means true.
        public var autoAssign: Bool?
        /// Skip IPv4 addresses that end in .0 or .255; absent means false.
        public var avoidBuggyIPs: Bool?
        public var serviceAllocation: ServiceAllocation?

        public init(
            addresses: [String], autoAssign: Bool? = nil, avoidBuggyIPs: Bool? = nil,
            serviceAllocation: ServiceAllocation? = nil
        ) {
            (self.addresses, self.autoAssign) = (addresses, autoAssign)
            (self.avoidBuggyIPs, self.serviceAllocation) = (avoidBuggyIPs, serviceAllocation)
        }
    }

    public struct ServiceAllocation: Codable, Sendable, Hashable {
        /// Lower comes first; 0 or absent comes last.
        public var priority: Int?
        public var namespaces: [String]?
        public var namespaceSelectors: [LabelSelector]?
        public var serviceSelectors: [LabelSelector]?

        public init(
            priority: Int? = nil, namespaces: [String]? = nil, namespaceSelectors: [LabelSelector]? = nil,
            serviceSelectors: [LabelSelector]? = nil
        ) {
            (self.priority, self.namespaces) = (priority, namespaces)
            (self.namespaceSelectors, self.serviceSelectors) = (namespaceSelectors, serviceSelectors)
        }
    }

    public struct Status: Codable, Sendable, Hashable {
        public var assignedIPv4: Int64?
        public var assignedIPv6: Int64?
        /// Saturates at `Int64.max`.
        public var availableIPv4: Int64?
        public var availableIPv6: Int64?
        public var conflicts: [Conflict]?
        public var conditions: [Condition]?

        public init(
            assignedIPv4: Int64? = nil, assignedIPv6: Int64? = nil, availableIPv4: Int64? = nil,
            availableIPv6: Int64? = nil, conflicts: [Conflict]? = nil, conditions: [Condition]? = nil
        ) {
            (self.assignedIPv4, self.assignedIPv6) = (assignedIPv4, assignedIPv6)
            (self.availableIPv4, self.availableIPv6) = (availableIPv4, availableIPv6)
            (self.conflicts, self.conditions) = (conflicts, conditions)
        }
    }

    /// An address of the pool that a foreign host uses.
    public struct Conflict: Codable, Sendable, Hashable {
        public var address: String
        public var hardwareAddress: String
        public var seen: Timestamp?

        public init(address: String, hardwareAddress: String, seen: Timestamp? = nil) {
            (self.address, self.hardwareAddress, self.seen) = (address, hardwareAddress, seen)
        }
    }
}

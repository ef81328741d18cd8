/// `lb.cluster.home/v1beta1` L2Advertisement: from which nodes and interfaces the addresses of which pools are announced.
///
/// Lists OR within, AND across fields; an empty list leaves everything open. The two lists of pools are one: their union.
public struct L2Advertisement: KubernetesObject {
    public static let resource = ResourceType(
        group: "lb.cluster.home", version: "v1beta1", kind: "L2Advertisement", plural: "l2advertisements",
        isNamespaced: false)

    public var metadata: ObjectMeta
    public var spec: Spec?

    public init(metadata: ObjectMeta, spec: Spec? = nil) { (self.metadata, self.spec) = (metadata, spec) }

    public struct Spec: Codable, Sendable, Hashable {
        public var ipAddressPools: [String]?
        public var ipAddressPoolSelectors: [LabelSelector]?
        public var serviceSelectors: [LabelSelector]?
        public var nodeSelectors: [LabelSelector]?
        public var preferredNodeSelectors: [PreferredNodeSelector]?
        public var interfaces: [String]?

        public init(
            ipAddressPools: [String]? = nil, ipAddressPoolSelectors: [LabelSelector]? = nil,
            serviceSelectors: [LabelSelector]? = nil, nodeSelectors: [LabelSelector]? = nil,
            preferredNodeSelectors: [PreferredNodeSelector]? = nil, interfaces: [String]? = nil
        ) {
            (self.ipAddressPools, self.ipAddressPoolSelectors) = (ipAddressPools, ipAddressPoolSelectors)
            (self.serviceSelectors, self.nodeSelectors) = (serviceSelectors, nodeSelectors)
            (self.preferredNodeSelectors, self.interfaces) = (preferredNodeSelectors, interfaces)
        }
    }

    public struct PreferredNodeSelector: Codable, Sendable, Hashable {
        /// 1–100, added to the preference of each matching eligible node.
        public var weight: Int
        public var preference: LabelSelector

        public init(weight: Int, preference: LabelSelector) { (self.weight, self.preference) = (weight, preference) }
    }
}

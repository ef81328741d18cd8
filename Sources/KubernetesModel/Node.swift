/// `v1` Node, reduced.
public struct Node: KubernetesObject {
    public static let resource = ResourceType(
        group: "", version: "v1", kind: "Node", plural: "nodes", isNamespaced: false)

    public var metadata: ObjectMeta
    public var spec: Spec?
    public var status: Status?

    public init(metadata: ObjectMeta, spec: Spec? = nil, status: Status? = nil) {
        (self.metadata, self.spec, self.status) = (metadata, spec, status)
    }

    public struct Spec: Codable, Sendable, Hashable {
        /// Cordoned.
        public var unschedulable: Bool?
        public var podCIDRs: [String]?

        public init(unschedulable: Bool? = nil, podCIDRs: [String]? = nil) {
            (self.unschedulable, self.podCIDRs) = (unschedulable, podCIDRs)
        }
    }

    public struct Status: Codable, Sendable, Hashable {
        public var addresses: [Address]?
        public var conditions: [NodeCondition]?

        public init(addresses: [Address]? = nil, conditions: [NodeCondition]? = nil) {
            (self.addresses, self.conditions) = (addresses, conditions)
        }
    }

    public struct Address: Codable, Sendable, Hashable {
        /// `InternalIP`, `ExternalIP`, `Hostname`, …
        public var type: String
        public var address: String

        public init(type: String, address: String) { (self.type, self.address) = (type, address) }
    }

    /// `v1` NodeCondition, whose reason and message may be absent.
    public struct NodeCondition: Codable, Sendable, Hashable {
        public var type: String
        public var status: String

        public init(type: String, status: String) { (self.type, self.status) = (type, status) }
    }
}

/// `v1` Namespace, reduced.
public struct Namespace: KubernetesObject {
    public static let resource = ResourceType(
        group: "", version: "v1", kind: "Namespace", plural: "namespaces", isNamespaced: false)

    public var metadata: ObjectMeta

    public init(metadata: ObjectMeta) { self.metadata = metadata }
}

/// `v1` Secret, reduced.
public struct Secret: KubernetesObject {
    public static let resource = ResourceType(
        group: "", version: "v1", kind: "Secret", plural: "secrets", isNamespaced: true)

    public var metadata: ObjectMeta
    public var type: String?
    /// Values in base64.
    public var data: [String: String]?

    public init(metadata: ObjectMeta, type: String? = nil, data: [String: String]? = nil) {
        (self.metadata, self.type, self.data) = (metadata, type, data)
    }
}

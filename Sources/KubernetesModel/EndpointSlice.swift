/// `discovery.k8s.io/v1` EndpointSlice, reduced.
public struct EndpointSlice: KubernetesObject {
    public static let resource = ResourceType(
        group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices", isNamespaced: true)
    /// The label that names the Service a slice belongs to.
    public static let serviceNameLabel = "kubernetes.io/service-name"

    public var metadata: ObjectMeta
    public var addressType: String?
    public var endpoints: [Endpoint]?

    public init(metadata: ObjectMeta, addressType: String? = nil, endpoints: [Endpoint]? = nil) {
        (self.metadata, self.addressType, self.endpoints) = (metadata, addressType, endpoints)
    }

    /// The Service whose endpoints these are.
    public var service: ObjectKey? {
        metadata.labels?[Self.serviceNameLabel].map { ObjectKey(namespace: metadata.namespace, name: $0) }
    }

    public struct Endpoint: Codable, Sendable, Hashable {
        public var nodeName: String?
        public var conditions: Conditions?

        public init(nodeName: String? = nil, conditions: Conditions? = nil) {
            (self.nodeName, self.conditions) = (nodeName, conditions)
        }

        /// Absent means true (API documentation of EndpointConditions).
        public var isReady: Bool { conditions?.ready ?? true }
        /// Falls back to `ready` when absent.
        public var isServing: Bool { conditions?.serving ?? isReady }
    }

    public struct Conditions: Codable, Sendable, Hashable {
        public var ready: Bool?
        public var serving: Bool?

        public init(ready: Bool? = nil, serving: Bool? = nil) { (self.ready, self.serving) = (ready, serving) }
    }
}

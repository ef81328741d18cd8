/// `networking.k8s.io/v1` ServiceCIDR: where cluster IPs come from. Served since Kubernetes 1.33; absent before.
public struct ServiceCIDR: KubernetesObject {
    public static let resource = ResourceType(
        group: "networking.k8s.io", version: "v1", kind: "ServiceCIDR", plural: "servicecidrs", isNamespaced: false)

    public var metadata: ObjectMeta
    public var spec: Spec?

    public init(metadata: ObjectMeta, spec: Spec? = nil) { (self.metadata, self.spec) = (metadata, spec) }

    public struct Spec: Codable, Sendable, Hashable {
        public var cidrs: [String]?

        public init(cidrs: [String]? = nil) { self.cidrs = cidrs }
    }
}

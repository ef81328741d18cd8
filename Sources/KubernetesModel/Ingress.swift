/// `networking.k8s.io/v1` Ingress, reduced to hostnames and addresses.
public struct Ingress: KubernetesObject {
    public static let resource = ResourceType(
        group: "networking.k8s.io", version: "v1", kind: "Ingress", plural: "ingresses", isNamespaced: true)

    public var metadata: ObjectMeta
    public var spec: Spec?
    public var status: Service.Status?

    public init(metadata: ObjectMeta, spec: Spec? = nil, status: Service.Status? = nil) {
        (self.metadata, self.spec, self.status) = (metadata, spec, status)
    }

    public struct Spec: Codable, Sendable, Hashable {
        public var rules: [Rule]?

        public init(rules: [Rule]? = nil) { self.rules = rules }
    }

    public struct Rule: Codable, Sendable, Hashable {
        public var host: String?

        public init(host: String? = nil) { self.host = host }
    }
}

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
        public var ingressClassName: String?
        public var rules: [Rule]?
        public var tls: [TLS]?

        public init(ingressClassName: String? = nil, rules: [Rule]? = nil, tls: [TLS]? = nil) {
            (self.ingressClassName, self.rules, self.tls) = (ingressClassName, rules, tls)
        }
    }

    public struct Rule: Codable, Sendable, Hashable {
        public var host: String?

        public init(host: String? = nil) { self.host = host }
    }

    public struct TLS: Codable, Sendable, Hashable {
        public var hosts: [String]?

        public init(hosts: [String]? = nil) { self.hosts = hosts }
    }
}

/// `v1` Service, reduced.
public struct Service: KubernetesObject {
    public static let resource = ResourceType(
        group: "", version: "v1", kind: "Service", plural: "services", isNamespaced: true)

    public var metadata: ObjectMeta
    public var spec: Spec?
    public var status: Status?

    public init(metadata: ObjectMeta, spec: Spec? = nil, status: Status? = nil) {
        (self.metadata, self.spec, self.status) = (metadata, spec, status)
    }

    public struct Spec: Codable, Sendable, Hashable {
        /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`; absent means ClusterIP.
        public var type: String?
        public var ports: [Port]?
        public var selector: [String: String]?
        public var clusterIPs: [String]?
        /// `IPv4` and `IPv6`, the primary family first.
        public var ipFamilies: [String]?
        /// `SingleStack`, `PreferDualStack` or `RequireDualStack`.
        public var ipFamilyPolicy: String?
        public var loadBalancerIP: String?
        public var loadBalancerClass: String?
        /// `Cluster` or `Local`; absent means Cluster.
        public var externalTrafficPolicy: String?

        public init(
            type: String? = nil, ports: [Port]? = nil, selector: [String: String]? = nil, clusterIPs: [String]? = nil,
            ipFamilies: [String]? = nil, ipFamilyPolicy: String? = nil, loadBalancerIP: String? = nil,
            loadBalancerClass: String? = nil, externalTrafficPolicy: String? = nil
        ) {
            (self.type, self.ports, self.selector, self.clusterIPs) = (type, ports, selector, clusterIPs)
            (self.ipFamilies, self.ipFamilyPolicy) = (ipFamilies, ipFamilyPolicy)
            (self.loadBalancerIP, self.loadBalancerClass) = (loadBalancerIP, loadBalancerClass)
            self.externalTrafficPolicy = externalTrafficPolicy
        }
    }

    public struct Port: Codable, Sendable, Hashable {
        /// Needed by the API server where a Service has several ports.
        public var name: String?
        /// `TCP` (when absent), `UDP` or `SCTP`.
        public var `protocol`: String?
        public var port: Int

        public init(name: String? = nil, protocol: String? = nil, port: Int) {
            (self.name, self.protocol, self.port) = (name, `protocol`, port)
        }
    }

    public struct Status: Codable, Sendable, Hashable {
        public var loadBalancer: LoadBalancer?
        public var conditions: [Condition]?

        public init(loadBalancer: LoadBalancer? = nil, conditions: [Condition]? = nil) {
            (self.loadBalancer, self.conditions) = (loadBalancer, conditions)
        }
    }

    public struct LoadBalancer: Codable, Sendable, Hashable {
        public var ingress: [Ingress]?

        public init(ingress: [Ingress]? = nil) { self.ingress = ingress }
    }

    public struct Ingress: Codable, Sendable, Hashable {
        public var ip: String?
        public var hostname: String?
        /// `VIP` or `Proxy` (KEP-1860); an API server before 1.29 drops it.
        public var ipMode: String?

        public init(ip: String? = nil, hostname: String? = nil, ipMode: String? = nil) {
            (self.ip, self.hostname, self.ipMode) = (ip, hostname, ipMode)
        }
    }
}

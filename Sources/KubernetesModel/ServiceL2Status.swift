/// `lb.cluster.home/v1beta1` ServiceL2Status: who announces the addresses of one Service, for people and joining speakers.
///
/// One object per announced Service, in Herald's own namespace, named by ``objectName(of:)``. Each speaker
/// writes only its own entries (server-side apply, one field manager per node); ownership itself is settled on the wire.
public struct ServiceL2Status: KubernetesObject {
    public static let resource = ResourceType(
        group: "lb.cluster.home", version: "v1beta1", kind: "ServiceL2Status", plural: "servicel2statuses",
        isNamespaced: true)

    public var metadata: ObjectMeta
    public var status: Status?

    public init(metadata: ObjectMeta, status: Status? = nil) { (self.metadata, self.status) = (metadata, status) }

    /// `NAMESPACE.NAME`: both parts are DNS labels without dots (RFC 1123, 63 bytes at most), so the name is a valid
    /// DNS subdomain, says whose it is, and no two Services share it.
    public static func objectName(of service: ObjectKey) -> String { "\(service.namespace).\(service.name)" }

    /// Whose it is, by its name; `nil` for a name that no Service has given.
    public var service: ObjectKey? {
        let parts = metadata.name.split(separator: ".", maxSplits: 1)
        return parts.count == 2 ? ObjectKey(namespace: String(parts[0]), name: String(parts[1])) : nil
    }

    public struct Status: Codable, Sendable, Hashable {
        public var serviceNamespace: String?
        public var serviceName: String?
        /// A list map with the keys `address`, `interface` and `node`.
        public var addresses: [Announced]?

        public init(serviceNamespace: String? = nil, serviceName: String? = nil, addresses: [Announced]? = nil) {
            (self.serviceNamespace, self.serviceName) = (serviceNamespace, serviceName)
            self.addresses = addresses
        }
    }

    public struct Announced: Codable, Sendable, Hashable {
        public var address: String
        public var interface: String
        public var node: String
        public var hardwareAddress: String?
        public var since: Timestamp?
        /// The foreign host that uses the address, when that is why it is not announced, or is contested.
        public var conflict: String?

        /// Whether the node answers for the address; otherwise it only reports who kept it from doing so.
        public var isAnnouncing: Bool { since != nil || conflict == nil }

        public init(
            address: String, interface: String, node: String, hardwareAddress: String? = nil, since: Timestamp? = nil,
            conflict: String? = nil
        ) {
            (self.address, self.interface, self.node) = (address, interface, node)
            (self.hardwareAddress, self.since, self.conflict) = (hardwareAddress, since, conflict)
        }
    }
}

/// `coordination.k8s.io/v1` Lease.
public struct Lease: KubernetesObject {
    public static let resource = ResourceType(
        group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", isNamespaced: true)

    public var metadata: ObjectMeta
    public var spec: Spec?

    public init(metadata: ObjectMeta, spec: Spec? = nil) { (self.metadata, self.spec) = (metadata, spec) }

    public struct Spec: Codable, Sendable, Hashable {
        public var holderIdentity: String?
        public var leaseDurationSeconds: Int?
        public var acquireTime: MicroTime?
        public var renewTime: MicroTime?
        public var leaseTransitions: Int?

        public init(
            holderIdentity: String? = nil, leaseDurationSeconds: Int? = nil, acquireTime: MicroTime? = nil,
            renewTime: MicroTime? = nil, leaseTransitions: Int? = nil
        ) {
            (self.holderIdentity, self.leaseDurationSeconds) = (holderIdentity, leaseDurationSeconds)
            (self.acquireTime, self.renewTime, self.leaseTransitions) = (acquireTime, renewTime, leaseTransitions)
        }
    }
}

package import KubernetesModel
import Reconciliation

extension ServiceL2Status {
    /// What speakers write about a Service.
    package init(of service: ObjectKey, _ entries: [Announced]) {
        self.init(
            metadata: ObjectMeta(name: Self.objectName(of: service), namespace: ControllerPolicy().namespace),
            status: .init(serviceNamespace: service.namespace, serviceName: service.name, addresses: entries))
    }

    /// What one of them writes about an address that somebody else answers for.
    /// - Parameter isAnnounced: The speaker announces the address itself. Otherwise it has found that out before.
    package init(
        conflictOf service: ObjectKey, _ address: String, _ hardwareAddress: String, isAnnounced: Bool = false
    ) {
        self.init(
            of: service,
            [
                .init(
                    address: address, interface: "eth0", node: "worker-1",
                    since: isAnnounced ? Timestamp(seconds: 1) : nil, conflict: hardwareAddress)
            ])
    }
}

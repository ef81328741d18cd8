package import KubernetesModel
import Reconciliation

extension ServiceL2Status {
    /// What a speaker writes about an address that somebody else answers for.
    package init(conflictOf service: ObjectKey, _ address: String, _ hardwareAddress: String) {
        let name = ServiceL2Status.objectName(namespace: service.namespace, name: service.name)
        self.init(
            metadata: ObjectMeta(name: name, namespace: ControllerPolicy().namespace),
            status: .init(
                serviceNamespace: service.namespace, serviceName: service.name,
                addresses: [
                    .init(address: address, interface: "eth0", node: "worker-1", conflict: hardwareAddress)
                ]))
    }
}

import KubernetesClient
import KubernetesModel
import Logging
import NetworkAddresses
import Reconciliation
import ServiceLifecycle

/// Reads a Service again when a peer says that this node announces an address which is not its own any more: this
/// node's watch may hang. What cannot be read makes the speaker stale, and a stale speaker lets go of what is refused.
struct ClaimReader: ServiceLifecycle.Service {
    let client: APIClient
    let control: SpeakerControl
    let requests: AsyncStream<IPAddress>
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await address in requests {
                do {
                    for service in await control.plan.addresses[address]?.services ?? [] { try await read(service) }
                } catch {
                    logger.warning(
                        "cannot check a refused address against the API server",
                        metadata: ["address": "\(address)", "error": "\(error)"])
                    await control.readFailed()
                }
            }
        }
    }

    private func read(_ key: ObjectKey) async throws(APIError) {
        let selector = "metadata.name=\(key.name)"
        let services = try await client.list(Service.self, namespace: key.namespace, fieldSelector: selector)
        if let service = services.items.first {
            await control.apply(.service(.applied(service)))
        } else {
            let gone = Service(metadata: ObjectMeta(name: key.name, namespace: key.namespace))
            await control.apply(.service(.deleted(gone)))
        }
        let slices = try await client.list(
            EndpointSlice.self, namespace: key.namespace,
            labelSelector: "\(EndpointSlice.serviceNameLabel)=\(key.name)")
        for slice in slices.items { await control.apply(.endpointSlice(.applied(slice))) }
        let node = control.node
        let nodes = try await client.list(Node.self, fieldSelector: "metadata.name=\(node)")
        for node in nodes.items { await control.apply(.node(.applied(node))) }
    }
}

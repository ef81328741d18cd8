import Daemon
import KubernetesClient
import KubernetesModel
import Logging
import NetworkAddresses
import Reconciliation
import ServiceLifecycle

/// Asks the API server when a peer says that this node announces an address which is not its own any more: a watch may
/// hang. Where the answer differs from what the watches have told, they begin anew, from lists; the answer itself is not
/// taken in, for it may be older than what a watch tells meanwhile. What cannot be read makes the speaker stale, and a
/// stale speaker lets go of what is refused.
struct ClaimReader: ServiceLifecycle.Service {
    let client: APIClient
    let control: SpeakerControl
    let requests: AsyncStream<IPAddress>
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await address in requests { await check(address) }
        }
    }

    private func check(_ address: IPAddress) async {
        do {
            for service in await control.plan.addresses[address]?.services ?? [] {
                let reading = try await read(service)
                guard await !control.agrees(with: reading) else { continue }
                logger.warning(
                    "a watch has missed a change; watching anew",
                    metadata: ["address": "\(address)", "service": "\(service)"])
                control.doubtBell.ring()
            }
        } catch {
            logger.warning(
                "cannot check a refused address against the API server",
                metadata: ["address": "\(address)", "error": "\(error)"])
            await control.readFailed()
        }
    }

    private func read(_ key: ObjectKey) async throws(APIError) -> ServiceReading {
        let services = try await client.list(
            Service.self, namespace: key.namespace, fieldSelector: "metadata.name=\(key.name)")
        let slices = try await client.list(
            EndpointSlice.self, namespace: key.namespace,
            labelSelector: "\(EndpointSlice.serviceNameLabel)=\(key.name)")
        let nodes = try await client.list(Node.self, fieldSelector: "metadata.name=\(control.node)")
        return ServiceReading(
            service: key, services: .init(services), endpointSlices: .init(slices), nodes: .init(nodes))
    }
}

import KubernetesClient
import KubernetesModel
import Link
import Logging
import Reconciliation
import ServiceLifecycle
import Telemetry

/// Renews the Lease by which `lbctl speakers` knows this speaker, and by which its peers find its addresses where they
/// cannot hear it. Nothing on the wire depends on its freshness.
struct LeaseKeeper: ServiceLifecycle.Service {
    /// Says which API server; requests for the Lease never wait behind its other ones.
    let client: APIClient
    let control: SpeakerControl
    let loop: PacketLoop<LinkSpeaker>
    let node: String
    let policy: SpeakerPolicy
    let namespace: String
    let logger: Logger

    static let period = Duration.seconds(5)
    static let duration = 15
    /// For the packet thread to say what it hears.
    static let reportTime = Duration.milliseconds(100)

    func run() async throws {
        let client = try client.separate()
        await cancelWhenGracefulShutdown {
            var known: Lease?
            while !Task.isCancelled {
                loop.requestReports()
                try? await Task.sleep(for: Self.reportTime)
                do {
                    known = try await renew(known, client)
                } catch {
                    if Task.isCancelled { return }
                    known = nil
                    logger.info("cannot renew the speaker's Lease; trying again", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: Self.period)
            }
        }
    }

    private func renew(_ known: Lease?, _ client: APIClient) async throws(APIError) -> Lease {
        let name = HeraldObjects.speakerLease(node: node)
        if var lease = known {
            await fill(&lease)
            return try await client.replace(lease)
        }
        var lease = Lease(metadata: ObjectMeta(name: name, namespace: namespace))
        await fill(&lease)
        do {
            return try await client.create(lease)
        } catch  where error.isAlreadyExists {
            lease = try await client.get(Lease.self, name: name, namespace: namespace)
            await fill(&lease)
            return try await client.replace(lease)
        }
    }

    private func fill(_ lease: inout Lease) async {
        let links = await control.links
        let now = MicroTime(.now)
        var annotations = lease.metadata.annotations ?? [:]
        annotations[HeraldObjects.addressesAnnotation] =
            links.flatMap(\.addresses).map { "\($0.address)" }.joined(separator: ",")
        annotations[HeraldObjects.interfacesAnnotation] = links.map(\.name).joined(separator: ",")
        annotations[HeraldObjects.peersAnnotation] = await control.peersHeard
        annotations[HeraldObjects.staleAnnotation] = await control.silentWatches
        annotations[HeraldObjects.versionAnnotation] = heraldVersion
        lease.metadata.annotations = annotations.merging(policy.annotations) { $1 }
        lease.metadata.labels = (lease.metadata.labels ?? [:]).merging(
            ["app.kubernetes.io/component": "speaker", "app.kubernetes.io/managed-by": "herald"]) { $1 }
        var spec = lease.spec ?? Lease.Spec()
        spec.holderIdentity = node
        spec.leaseDurationSeconds = Self.duration
        spec.acquireTime = spec.acquireTime ?? now
        spec.renewTime = now
        lease.spec = spec
    }
}

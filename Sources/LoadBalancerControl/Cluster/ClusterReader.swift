import KubernetesClient
import KubernetesModel
import Reconciliation

/// Reads what Herald's daemons read, and so can decide as they do.
struct ClusterReader: Sendable {
    let client: APIClient
    let heraldNamespace: String

    /// Everything, once.
    func snapshot() async throws -> ClusterSnapshot {
        try await Console.progress("asking \(client.configuration.server)") {
            async let services = items(Service.self)
            async let pools = items(IPAddressPool.self)
            async let advertisements = items(L2Advertisement.self)
            async let nodes = items(Node.self)
            async let namespaces = items(Namespace.self)
            async let slices = items(EndpointSlice.self)
            async let announcements = items(ServiceL2Status.self, namespace: heraldNamespace)
            async let leases = items(Lease.self, namespace: heraldNamespace)
            async let ranges = serviceCIDRs()
            var snapshot = ClusterSnapshot()
            snapshot.apply(.service(.replaced(try await services)))
            snapshot.apply(.pool(.replaced(try await pools)))
            snapshot.apply(.advertisement(.replaced(try await advertisements)))
            snapshot.apply(.node(.replaced(try await nodes)))
            snapshot.apply(.namespace(.replaced(try await namespaces)))
            snapshot.apply(.endpointSlice(.replaced(try await slices)))
            snapshot.apply(.announcement(.replaced(try await announcements)))
            snapshot.apply(.lease(.replaced(try await leases)))
            snapshot.apply(.serviceCIDR(.replaced(try await ranges ?? [])))
            return snapshot
        }
    }

    /// All objects of a type. An absent type is an error that says what to install.
    func items<Object: KubernetesObject>(_ type: Object.Type, namespace: String? = nil) async throws -> [Object] {
        do {
            return Self.readable(try await client.list(type, namespace: namespace))
        } catch  where error.isNotFound {
            throw Missing(type: Object.resource)
        }
    }

    /// nil where they cannot be known: before Kubernetes 1.33, or for a user who may not read them.
    func serviceCIDRs() async throws -> [ServiceCIDR]? {
        do {
            return Self.readable(try await client.list(ServiceCIDR.self))
        } catch {
            guard error.isNotFound || error.isForbidden else { throw error }
            return nil
        }
    }

    /// Says which objects there are besides, in a shape that cannot be read.
    private static func readable<Object: KubernetesObject>(_ list: ObjectList<Object>) -> [Object] {
        for skipped in list.skipped { Console.complain("\(skipped)") }
        return list.items
    }

    struct Missing: Error, CustomStringConvertible {
        let type: ResourceType

        var description: String {
            let remedy =
                type.group == "lb.cluster.home"
                ? "install Herald with `kubectl apply -k manifests/base`" : "is this a Kubernetes API server?"
            return "the API server has no \(type.plural) (\(type.apiVersion)); \(remedy)"
        }
    }
}

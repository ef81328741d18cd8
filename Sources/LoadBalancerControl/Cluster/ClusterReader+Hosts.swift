import KubernetesClient
import KubernetesModel

extension ClusterReader {
    /// What hostnames are made of. The Gateway API is optional: without its CRDs there are no routes.
    func hostObjects() async throws -> HostObjects {
        try await Console.progress("asking \(client.configuration.server)") {
            var objects = HostObjects()
            objects.services = try await items(Service.self)
            objects.ingresses = try await items(Ingress.self)
            objects.routes = try await optional("httproutes").map(HostObjects.Route.init)
            if !objects.routes.isEmpty {
                for gateway in try await optional("gateways") { objects.addGateway(gateway) }
            }
            return objects
        }
    }

    private func optional(_ plural: String) async throws -> [JSONValue] {
        do {
            let list = try await client.raw(.get, "/apis/gateway.networking.k8s.io/v1/\(plural)")
            return list["items"]?.array ?? []
        } catch {
            guard error.isNotFound || error.isForbidden else { throw error }
            return []
        }
    }
}

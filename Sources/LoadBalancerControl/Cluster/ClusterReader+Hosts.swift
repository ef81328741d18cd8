import KubernetesClient
import KubernetesModel

extension ClusterReader {
    /// What hostnames are made of. The Gateway API is optional: without its CRDs there are no routes.
    func hostObjects() async throws -> HostObjects {
        try await Console.progress("asking \(client.configuration.server)") {
            var objects = HostObjects()
            objects.services = try await items(Service.self)
            objects.ingresses = try await items(Ingress.self)
            let routes = HostObjects.routesPlural
            objects.routes = objects.take(routes, try await optional(routes)).map(HostObjects.Route.init)
            if !objects.routes.isEmpty {
                let gateways = HostObjects.gatewaysPlural
                for gateway in objects.take(gateways, try await optional(gateways)) { objects.addGateway(gateway) }
            }
            return objects
        }
    }

    /// - Throws: what may be another at the next attempt.
    private func optional(_ plural: String) async throws -> Result<[JSONValue], APIError> {
        do {
            let list = try await client.raw(.get, "/apis/gateway.networking.k8s.io/v1/\(plural)")
            return .success(list["items"]?.array ?? [])
        } catch {
            guard error.isNotFound || error.isForbidden else { throw error }
            return .failure(error)
        }
    }
}

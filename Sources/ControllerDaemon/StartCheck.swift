package import KubernetesClient
import KubernetesModel
import Logging
import ServiceLifecycle
import Telemetry

/// What must be so before a controller starts: an API server that answers, knows Herald's types, and lets it in.
package struct StartCheck: Sendable {
    private static let attempts = 3

    let client: APIClient
    let namespace: String
    let logger: Logger
    /// Between one try and the next.
    var pause: @Sendable () async -> Void = { try? await Task.sleep(for: .seconds(1)) }

    /// For an API server that was named by hand: it must answer soon.
    ///
    /// - Throws: ``APIError`` with one sentence that says what to do.
    package func run() async throws(APIError) {
        for _ in 1..<Self.attempts {
            do { return try await check() } catch {
                if error.isPermanent { throw error }
            }
            await pause()
        }
        try await check()
    }

    /// For the API server of the pod, which may come later than the pod, or answer before it knows the pod's rights.
    ///
    /// - Parameter tell: what is wrong, whenever that changes; nil at last, unless the task was cancelled before.
    package func wait(tell: (String?) -> Void) async {
        var told: String?
        while !Task.isCancelled {
            do {
                try await check()
                return tell(nil)
            } catch {
                if Task.isCancelled { return }
                if told != error.message {
                    told = error.message
                    logger.warning("cannot start yet", metadata: ["api.problem": "\(error.message)"])
                    tell(error.message)
                }
            }
            await pause()
        }
    }

    private func check() async throws(APIError) {
        let version = try await reach()
        try await checkTypes()
        try await checkNamespace()
        if let problem = ServerVersion(version)?.problem { logger.warning("\(problem)") }
    }

    private func reach() async throws(APIError) -> JSONValue {
        do { return try await client.raw(.get, "/version") } catch {
            throw APIError(
                code: error.code, reason: error.reason,
                message: "the API server \(client.configuration.server) (\(client.configuration.origin))"
                    + " cannot be used: \(error.message)")
        }
    }

    private func checkTypes() async throws(APIError) {
        do { _ = try await client.list(IPAddressPool.self) } catch {
            guard error.isNotFound else { throw error }
            throw APIError(
                code: error.code, reason: error.reason,
                message: "the API server does not know IPAddressPools: apply manifests/crds first")
        }
    }

    /// The Lease and the speakers' key are kept there.
    private func checkNamespace() async throws(APIError) {
        let found = try await client.list(Namespace.self, fieldSelector: "metadata.name=\(namespace)")
        guard found.items.isEmpty else { return }
        throw APIError(
            code: .configuration,
            message: "there is no namespace \"\(namespace)\": create it, or name Herald's own with --namespace")
    }
}

/// Runs services once the API server is fit for them. Until then `/readyz` says what is missing.
struct CheckedStart: ServiceLifecycle.Service {
    let check: StartCheck
    let health: HealthState
    let services: ServiceGroup

    init(_ check: StartCheck, health: HealthState, then services: [any ServiceLifecycle.Service]) {
        (self.check, self.health) = (check, health)
        self.services = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: services, logger: check.logger))
        health.set("api", problem: "the API server has not been asked yet")
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await check.wait { health.set("api", problem: $0) } }
        try await services.run()
    }
}

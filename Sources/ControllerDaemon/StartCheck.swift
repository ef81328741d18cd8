package import KubernetesClient
import KubernetesModel
import Logging

/// What must be so before a controller starts: an API server that answers, knows Herald's types, and lets it in.
package struct StartCheck: Sendable {
    package static let oldestMinor = 31

    let client: APIClient
    let namespace: String
    let logger: Logger
    /// How often an API server that does not answer is tried.
    var attempts = 3

    /// - Throws: ``APIError`` with one sentence that says what to do.
    package func run() async throws(APIError) {
        let version = try await reach()
        if let warning = Self.warning(of: version) { logger.warning("\(warning)") }
        try await checkTypes()
        try await checkNamespace()
    }

    private func reach() async throws(APIError) -> JSONValue {
        var attempt = 1
        while true {
            do { return try await client.raw(.get, "/version") } catch {
                let isFinal = error.isPermanent || attempt >= attempts
                guard isFinal else {
                    attempt += 1
                    try? await Task.sleep(for: .seconds(1))
                    continue
                }
                throw APIError(
                    code: error.code, reason: error.reason,
                    message: "the API server \(client.configuration.server) (\(client.configuration.origin))"
                        + " cannot be used: \(error.message)")
            }
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

    /// What to say about an API server that is too old; a version that can't be read is no reason to complain.
    static func warning(of version: JSONValue) -> String? {
        guard let minor = minor(of: version), minor < oldestMinor else { return nil }
        let text = version["gitVersion"]?.string ?? "1.\(minor)"
        return "Herald needs Kubernetes 1.\(oldestMinor) or newer; this API server is \(text)"
    }

    /// `"31+"` and the like.
    static func minor(of version: JSONValue) -> Int? {
        guard version["major"]?.string == "1", let text = version["minor"]?.string else { return nil }
        return Int(text.prefix { $0.isNumber })
    }
}

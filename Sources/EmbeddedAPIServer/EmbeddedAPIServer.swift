import FoundationEssentials
import Hummingbird
import HummingbirdCore
package import KubernetesModel
import KubernetesYAML
import Logging
import NIOCore
import ObjectStore
import ServiceLifecycle

/// A Kubernetes API server in one process: HTTPS (HTTP/1.1 and HTTP/2) in front of an ``ObjectStore``.
///
/// It serves the kinds that Herald reads and writes, and any CustomResourceDefinition, the way a real API server does:
/// discovery, list, watch, patches of every type, server-side apply, status, tables, RBAC. It runs as a `Service`; tests
/// and the lab use ``withEmbeddedAPIServer(_:_:)``.
///
/// A request goes: ``APIResponder`` (who, may they, what) → ``ResourceCall`` (one call, decoded) → ``Cluster`` (one lock,
/// synchronous steps on the store) → text from immutable versions. A watch waits for a signal and reads what is new from
/// the store's bounded history, so nothing queues up per client.
package final class EmbeddedAPIServer: ServiceLifecycle.Service, Sendable {
    let core: ServerCore
    private let configuration: APIServerConfiguration
    private let identity: ServerIdentity
    private let listener = Listener()

    /// Loads or makes keys, and what the data directory holds.
    package init(_ configuration: APIServerConfiguration = APIServerConfiguration()) throws {
        self.configuration = configuration
        // First of all: from here on the data directory is this server's alone.
        let journal = try configuration.dataDirectory.map { try Journal(directory: $0) }
        identity = try ServerIdentity(directory: configuration.dataDirectory)
        let cluster = try Cluster(configuration: configuration, journal: journal)
        core = ServerCore(
            configuration: configuration, cluster: cluster, tokens: TokenAuthority(key: identity.tokenKey),
            adminToken: identity.adminToken)
    }

    // MARK: Running

    /// Serves until the service group shuts down or the task is cancelled.
    package func run() async throws {
        defer { core.cluster.close() }
        do {
            try await withGracefulShutdownHandler {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.serve() }
                    group.addTask { await self.expireObjects() }
                    // The other one only ends by cancellation.
                    try await group.next()
                    group.cancelAll()
                }
            } onGracefulShutdown: {
                self.listener.end()
            }
        } catch is CancellationError {
        } catch {
            listener.fail(error)
            throw error
        }
        listener.fail(CancellationError())
    }

    private func expireObjects() async {
        while !Task.isCancelled {
            core.cluster.expire(at: Clock.now)
            try? await Task.sleep(for: .seconds(15))
        }
    }

    /// How long requests may take once the server is to stop.
    private static let patience = Duration.seconds(5)

    /// Listens, stops and listens again as ``stop()`` and ``start()`` ask.
    private func serve() async throws {
        defer { core.connections.cutAll() }
        for await _ in listener.wishes() {
            core.connections.accept()
            let service = ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [try application()], logger: configuration.logger))
            try await withTaskCancellationHandler {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await service.run() }
                    group.addTask { await self.close(service) }
                    // The closer only ends by cancellation: what comes first is the end of the service, or its failure.
                    try await group.next()
                    group.cancelAll()
                }
            } onCancel: {
                core.connections.cutAll()
            }
            listener.didStop()
        }
    }

    /// Waits for the wish to stop, then ends: no new connections, the end of every watch, a farewell to clients, a moment
    /// for requests that are being answered, and then no connection is left.
    private func close(_ service: ServiceGroup) async {
        await listener.untilUnwanted()
        guard !Task.isCancelled else { return await untilCancelled() }
        await service.triggerGracefulShutdown()
        core.gate.open()
        let end = ContinuousClock.now + Self.patience
        while !Task.isCancelled, core.connections.requests > 0, ContinuousClock.now < end {
            core.cluster.endWatches()
            try? await Task.sleep(for: .milliseconds(10))
        }
        core.connections.closeAll()
        // Clients that are still there had their time; a request that came just before may begin a watch just after.
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(20))
            core.cluster.endWatches()
            core.connections.cutAll()
        }
    }

    private func untilCancelled() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(1)) }
    }

    private func application() throws -> some ServiceLifecycle.Service {
        let tls = try identity.tlsConfiguration(hosts: [configuration.host] + configuration.advertisedHosts)
        let port = listener.port ?? configuration.port
        return Application(
            responder: APIResponder(core: core),
            server: HTTPServerBuilder { [core] in
                try APIChannel(tls: tls, connections: core.connections, responder: $0)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: port), serverName: nil),
            onServerRunning: { [listener] channel in
                OpenSockets.keepFromChildren()
                listener.didStart(port: channel.localAddress?.port ?? port)
            },
            logger: configuration.logger)
    }

    /// Waits until the server listens.
    package func untilListening() async throws { try await listener.untilListening() }

    // MARK: What clients need

    /// The port it listens on, once it does.
    package var port: Int { listener.port ?? configuration.port }

    package var url: String {
        let host = ["0.0.0.0", "::"].contains(configuration.host) ? "127.0.0.1" : configuration.host
        return "https://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    package var certificateAuthorityPEM: String { identity.authority.certificatePEM }
    package var adminToken: String { identity.adminToken }

    /// A kubeconfig for a token.
    /// - Parameters:
    ///   - token: whose; the administrator's by default
    ///   - server: the URL, when clients reach the server by another than ``url``
    package func kubeconfig(token: String? = nil, server: String? = nil) -> String {
        let authority = Data(certificateAuthorityPEM.utf8).base64EncodedString()
        return """
            apiVersion: v1
            kind: Config
            clusters:
            - name: herald
              cluster:
                server: \(server ?? url)
                certificate-authority-data: \(authority)
            users:
            - name: herald
              user:
                token: \(token ?? adminToken)
            contexts:
            - name: herald
              context:
                cluster: herald
                user: herald
            current-context: herald

            """
    }

    /// Writes the administrator's kubeconfig, readable by its owner only.
    package func writeKubeconfig(_ path: String) throws { try ServerIdentity.save(kubeconfig(), path) }

    /// A token of a ServiceAccount, which is created if need be.
    package func issueToken(serviceAccount: String, namespace: String, lifetime: Duration = .seconds(3600)) throws
        -> String
    {
        let account: JSONValue = [
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": ["name": .string(serviceAccount), "namespace": .string(namespace)],
        ]
        try install(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(namespace)]])
        try install(account)
        return try core.issueToken(
            serviceAccount: serviceAccount, namespace: namespace, seconds: lifetime.components.seconds
        ).0
    }

    /// Applies the objects of a manifest (YAML, several documents), as `kubectl apply --server-side --force-conflicts`.
    package func install(manifest: String) throws {
        for object in try YAMLText.documents(manifest) {
            for item in object["items"]?.array ?? [object] { try install(item) }
        }
    }

    /// Applies one object.
    package func install(_ object: JSONValue) throws {
        let (apiVersion, kind) = (object["apiVersion"]?.string ?? "", object["kind"]?.string ?? "")
        guard let definition = core.cluster.read({ $0.registry.definition(apiVersion: apiVersion, kind: kind) }) else {
            throw APIFailure.badRequest("no kind \(kind) in \(apiVersion) is served")
        }
        let namespace = object.at("metadata", "namespace")?.string ?? "default"
        let key = ObjectKey(
            namespace: definition.type.isNamespaced ? namespace : nil, name: object.at("metadata", "name")?.string ?? ""
        )
        let request = WriteRequest(
            definition, key, manager: "herald", now: Clock.now, uid: UUID().uuidString.lowercased())
        _ = try core.cluster.apply(object, request, force: true)
        guard definition.hasStatus, let status = object["status"] else { return }
        var update = request
        update.subresource = "status"
        _ = try core.cluster.update(update) { (old) throws(APIFailure) in
            var new = old
            new["status"] = status
            return new
        }
    }

    /// The distinct requests made so far by others than the administrator, without object names: what RBAC must allow.
    package var observedRequests: Set<AccessRequest> { core.observedRequests }

    // MARK: Faults, for tests

    /// Answers nothing from now on; connections and watches stay open.
    package func pause() { core.gate.close() }
    package func resume() { core.gate.open() }

    /// Forgets the history of all objects: watches that are behind, and paged lists, get 410.
    package func compactHistory() { core.cluster.compact() }

    /// Everything that is stored at one moment.
    package struct Backup: Sendable {
        let store: ObjectStore
    }

    package func backup() -> Backup { Backup(store: core.cluster.read { $0.store }) }

    /// Objects and versions are as they were: what `etcdctl snapshot restore` does, between ``stop()`` and ``start()``.
    package func restore(_ backup: Backup) throws { try core.cluster.restore(backup.store) }

    /// Cuts every connection; the server goes on listening.
    package func dropConnections() { core.connections.closeAll() }

    /// Closes the listening socket and every connection; objects stay.
    package func stop() async { await listener.setWanted(false) }

    /// Listens again, on the same port. A port that the kernel had chosen is one that it may give to any connection in
    /// between: who restarts a server lets it listen on an address that is nobody's source, such as 127.0.0.2.
    /// - Throws: an `IOError` when the port is in use
    package func start() async throws {
        await listener.setWanted(true)
        try await listener.untilListening()
    }
}

/// Runs a server for the length of a closure, and stops it after.
package func withEmbeddedAPIServer<Value: Sendable>(
    _ configuration: APIServerConfiguration = APIServerConfiguration(),
    _ body: @Sendable (EmbeddedAPIServer) async throws -> Value
) async throws -> Value {
    let server = try EmbeddedAPIServer(configuration)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let result: Result<Value, any Error>
        do {
            try await server.untilListening()
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        await server.stop()
        group.cancelAll()
        return try result.get()
    }
}

import ContractKit
import EmbeddedAPIServer
import Foundation
import KubernetesModel

@testable import KubernetesClient

/// Which transport the contract is held over in this process.
///
/// URLSession trusts the system's bundle only, so its turn comes in a child process (``ContractChildTests``) in a mount
/// namespace whose bundle is `HERALD_CONTRACT_AUTHORITY/bundle.crt`; every server there is signed by the authority that is
/// `ca.crt` beside it.
enum ContractTransport {
    static let authorityFolder = ProcessInfo.processInfo.environment["HERALD_CONTRACT_AUTHORITY"]
    static let kind: TransportSelection.Kind = authorityFolder == nil ? .asyncHTTPClient : .urlSession

    /// `scripts/soak-client` says how many; then nothing else is tested in the child.
    static let isSoak = ProcessInfo.processInfo.environment["HERALD_RECONNECTS"] != nil
    static let reconnects = Int(ProcessInfo.processInfo.environment["HERALD_RECONNECTS"] ?? "") ?? 100

    /// A client over the transport of this process.
    static func client(
        url: String, authority: String, credentials: APIConfiguration.Credentials,
        limits: RequestLimits = RequestLimits(rate: 1000, burst: 1000)
    ) throws -> APIClient {
        let configuration = APIConfiguration(
            server: try ServerAddress(url), trust: authorityFolder == nil ? .pem(authority) : .system,
            credentials: credentials)
        return try APIClient(configuration, transport: kind, limits: limits)
    }
}

/// An API server and a client of it.
struct ContractServer: Sendable {
    /// A real kube-apiserver is what the contract is held against in a child process (``ContractChildTests``).
    static let isReal = ProcessInfo.processInfo.environment["HERALD_CONTRACT_REAL"] != nil

    /// A test's limit counts its wait for ``RealTurn`` too: one test of each other suite may be before it.
    static let minutes = isReal ? 5 : 2

    let url: String
    let authorityPEM: String
    let adminToken: String
    let client: APIClient
    /// nil for a real one.
    let embedded: EmbeddedAPIServer?

    func address() throws -> ServerAddress { try ServerAddress(url) }

    static func run(
        _ body: @Sendable @escaping (ContractServer) async throws -> Void
    ) async throws {
        if isReal { return try await RealTurn.shared.take { try await runReal(body) } }
        let folder = try TemporaryFolder()
        var configuration = APIServerConfiguration(host: "127.0.0.2")
        if let authorityFolder = ContractTransport.authorityFolder {
            for file in ["ca.crt", "ca.key"] {
                try FileManager.default.copyItem(atPath: "\(authorityFolder)/\(file)", toPath: "\(folder.path)/\(file)")
            }
            configuration.dataDirectory = folder.path
        }
        try await withEmbeddedAPIServer(configuration) { server in
            try server.install(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "contract"]])
            try await lend(server.url, server.certificateAuthorityPEM, server.adminToken, server, body)
        }
        withExtendedLifetime(folder) {}
    }

    /// One server for all tests, one test at a time, in a namespace that is empty at its start.
    private static func runReal(_ body: @Sendable @escaping (ContractServer) async throws -> Void) async throws {
        let real = try await RealAPIServer.shared.start(authority: ContractTransport.authorityFolder)
        try await lend(real.url, real.certificateAuthorityPEM, real.token, nil) { contract in
            let namespace: JSONValue = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "contract"]]
            _ = try? await contract.client.raw(.post, "/api/v1/namespaces", body: namespace)
            for collection in [
                "/api/v1/namespaces/contract/services", "/api/v1/namespaces/contract/events",
                "/apis/coordination.k8s.io/v1/namespaces/contract/leases",
            ] { _ = try await contract.client.raw(.delete, collection) }
            try await body(contract)
        }
    }

    private static func lend(
        _ url: String, _ authorityPEM: String, _ token: String, _ embedded: EmbeddedAPIServer?,
        _ body: @Sendable (ContractServer) async throws -> Void
    ) async throws {
        let client = try ContractTransport.client(url: url, authority: authorityPEM, credentials: .token(token))
        try await client.closing {
            try await body(
                ContractServer(
                    url: url, authorityPEM: authorityPEM, adminToken: token, client: $0, embedded: embedded))
        }
    }

    /// Another client of it.
    func client(_ credentials: APIConfiguration.Credentials) throws -> APIClient {
        try ContractTransport.client(url: url, authority: authorityPEM, credentials: credentials)
    }

    /// Lends a client that goes through `proxy` instead of directly.
    func withClient(through proxy: FaultProxy, _ body: (APIClient) async throws -> Void) async throws {
        let client = try ContractTransport.client(
            url: "https://127.0.0.1:\(proxy.port)", authority: authorityPEM, credentials: .token(adminToken))
        try await client.closing(body)
    }

    /// Makes or changes a Service, behind the back of the client under test.
    func put(_ name: String, revision: Int = 0) async throws {
        let service: JSONValue = [
            "apiVersion": "v1", "kind": "Service",
            "metadata": [
                "name": .string(name), "namespace": "contract",
                "annotations": [
                    "revision": .string("\(revision)"), "pad": .string(String(repeating: "x", count: 300)),
                ],
            ],
            "spec": ["type": "LoadBalancer", "ports": [["port": 80, "name": "http"]]],
        ]
        if let embedded { return try embedded.install(service) }
        try await client.submit(
            .apply(service, fieldManager: "contract"), to: Service.resource, name: name, namespace: "contract")
    }

    /// A token of a ServiceAccount of the namespace `herald`, which may do everything.
    func issueToken(serviceAccount: String) async throws -> String {
        if let embedded { return try embedded.issueToken(serviceAccount: serviceAccount, namespace: "herald") }
        func make(_ path: String, _ object: JSONValue) async { _ = try? await client.raw(.post, path, body: object) }
        await make("/api/v1/namespaces", ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "herald"]])
        await make(
            "/api/v1/namespaces/herald/serviceaccounts",
            ["apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": .string(serviceAccount)]])
        await make(
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            [
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                "metadata": ["name": "contract"],
                "roleRef": [
                    "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin",
                ],
                "subjects": [
                    [
                        "apiGroup": "rbac.authorization.k8s.io", "kind": "Group",
                        "name": "system:serviceaccounts:herald",
                    ]
                ],
            ])
        let answer = try await client.raw(
            .post, "/api/v1/namespaces/herald/serviceaccounts/\(serviceAccount)/token",
            body: [
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": ["expirationSeconds": 3600],
            ])
        guard case .string(let token)? = answer["status"]?["token"] else { throw CancellationError() }
        return token
    }

    // MARK: Faults

    /// Answers nothing from now on; connections stay.
    func pause() async throws {
        if let embedded { embedded.pause() } else { try await RealAPIServer.shared.pause() }
    }
    func resume() async throws {
        if let embedded { embedded.resume() } else { try await RealAPIServer.shared.resume() }
    }

    func stop() async throws {
        if let embedded { await embedded.stop() } else { try await RealAPIServer.shared.stopServing() }
    }
    func start() async throws {
        if let embedded { try await embedded.start() } else { try await RealAPIServer.shared.serveAgain() }
    }

    /// Watches that are behind get 410 from now on. A real server remembers nothing from before its start.
    func forgetHistory() async throws {
        if let embedded { return embedded.compactHistory() }
        try await stop()
        try await start()
    }
}

/// Tests of other suites wait for theirs, in the order in which they came.
actor RealTurn {
    static let shared = RealTurn()
    private var tickets = 0
    private var queue: [Int] = []

    func take(_ body: @Sendable () async throws -> Void) async throws {
        tickets += 1
        let ticket = tickets
        queue.append(ticket)
        defer { queue.removeAll { $0 == ticket } }
        while queue.first != ticket { try await Task.sleep(for: .milliseconds(50)) }
        try await body()
    }
}

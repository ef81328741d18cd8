import EmbeddedAPIServer
import Foundation
import KubernetesModel
import Logging

@testable import KubernetesClient

/// Which transport the contract is held over in this process.
///
/// URLSession trusts the system's bundle only, so its turn comes in a child process (``URLSessionContractTests``) in a mount
/// namespace whose bundle is `HERALD_CONTRACT_AUTHORITY/ca.crt`; every server there is signed by that authority.
enum ContractTransport {
    static let authorityFolder = ProcessInfo.processInfo.environment["HERALD_CONTRACT_AUTHORITY"]
    static let kind: TransportSelection.Kind = authorityFolder == nil ? .asyncHTTPClient : .urlSession

    /// `make soak-client` sets 10,000.
    static let reconnects = Int(ProcessInfo.processInfo.environment["HERALD_RECONNECTS"] ?? "") ?? 100
    static let isSoak = reconnects > 1000

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

/// An embedded API server and a client of it.
struct ContractServer: Sendable {
    let server: EmbeddedAPIServer
    let client: APIClient

    static func run(
        port: Int = 0, authorityFolder: String? = ContractTransport.authorityFolder,
        _ body: @Sendable @escaping (ContractServer) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        var configuration = APIServerConfiguration(port: port)
        if let authorityFolder {
            for file in ["ca.crt", "ca.key"] {
                try FileManager.default.copyItem(atPath: "\(authorityFolder)/\(file)", toPath: "\(folder.path)/\(file)")
            }
            configuration.dataDirectory = folder.path
        }
        try await withEmbeddedAPIServer(configuration) { server in
            try server.install(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "contract"]])
            let client = try ContractTransport.client(
                url: server.url, authority: server.certificateAuthorityPEM, credentials: .token(server.adminToken))
            try await client.closing { try await body(ContractServer(server: server, client: $0)) }
        }
        withExtendedLifetime(folder) {}
    }

    /// Lends a client that goes through `proxy` instead of directly.
    func withClient(through proxy: FaultProxy, _ body: (APIClient) async throws -> Void) async throws {
        let client = try ContractTransport.client(
            url: "https://127.0.0.1:\(proxy.port)", authority: server.certificateAuthorityPEM,
            credentials: .token(server.adminToken))
        try await client.closing(body)
    }

    /// Makes or changes a Service, behind the client's back.
    func put(_ name: String, revision: Int = 0) throws {
        try server.install([
            "apiVersion": "v1", "kind": "Service",
            "metadata": [
                "name": .string(name), "namespace": "contract",
                "annotations": [
                    "revision": .string("\(revision)"), "pad": .string(String(repeating: "x", count: 300)),
                ],
            ],
            "spec": ["type": "LoadBalancer", "ports": [["port": 80, "name": "http"]]],
        ])
    }
}

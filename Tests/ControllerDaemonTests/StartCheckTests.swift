import EmbeddedAPIServer
import Foundation
import KubernetesClient
import KubernetesModel
import Logging
import Synchronization
import Testing

@testable import ControllerDaemon

struct StartCheckTests {
    /// What becomes of an API server between one try and the next.
    private final class Steps: Sendable {
        private let rest: Mutex<[@Sendable () async throws -> Void]>
        init(_ steps: [@Sendable () async throws -> Void]) { rest = Mutex(steps) }
        var left: Int { rest.withLock { $0.count } }
        func take() async {
            let step = rest.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            try? await step?()
        }
    }

    private func withCheck(
        _ steps: @Sendable (EmbeddedAPIServer) -> [@Sendable () async throws -> Void],
        _ body: @Sendable (StartCheck, Steps, APIClient) async throws -> Void
    ) async throws {
        try await withEmbeddedAPIServer { server in
            await server.stop()
            let client = try APIClient(
                APIConfiguration(
                    url: server.url, certificateAuthority: server.certificateAuthorityPEM, token: server.adminToken))
            let steps = Steps(steps(server))
            var check = StartCheck(client: client, namespace: "herald-system", logger: Logger(label: "test"))
            check.pause = { await steps.take() }
            try await client.closing { [check] in try await body(check, steps, $0) }
        }
    }

    private static func pools() throws -> String {
        let url = Repository.root.appending(path: "manifests/crds/ipaddresspools.yaml")
        return try String(contentsOf: url, encoding: .utf8)
    }

    @Test("in a pod whatever is missing is waited for, and said once")
    func waits() async throws {
        let told = Mutex<[String?]>([])
        try await withCheck { server in
            [
                {}, {}, {}, {}, {}, { try await server.start() }, {},
                { try server.install(manifest: Self.pools()) }, {},
                {
                    try server.install(
                        ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "herald-system"]])
                },
            ]
        } _: { check, steps, _ in
            await check.wait { problem in told.withLock { $0.append(problem) } }
            #expect(steps.left == 0)
        }
        let problems = told.withLock { $0 }
        #expect(problems.count == 4 && problems.last == .some(nil), "\(problems)")
        for (problem, says) in zip(problems, ["cannot be used", "does not know IPAddressPools", "no namespace"]) {
            #expect(problem?.contains(says) == true, "\(problems)")
        }
    }

    @Test("an API server that was named by hand is tried three times; what only people can mend, once")
    func byHand() async throws {
        try await withCheck { _ in
            [{}, {}, {}]
        } _: { check, steps, _ in
            let error = await #expect(throws: APIError.self) { try await check.run() }
            #expect(error?.message.contains("cannot be used") == true && steps.left == 1)
        }
        try await withCheck { server in
            [{ try await server.start() }, {}]
        } _: { check, steps, _ in
            let error = await #expect(throws: APIError.self) { try await check.run() }
            #expect(error?.message.contains("apply manifests/crds first") == true && steps.left == 1)
        }
    }

    @Test(
        "an API server before Kubernetes 1.31 is warned of, by its own name",
        arguments: [
            ("1", "30", "v1.30.4", "this API server is v1.30.4"),
            ("1", "9+", "v1.9.11-gke", "this API server is v1.9.11-gke"),
            ("1", "31", "v1.31.0", nil), ("1", "33+", "v1.33.2-eks", nil), ("1", "", "", nil),
            ("2", "0", "v2.0.0", nil),
        ] as [(String, String, String, String?)])
    func warning(major: String, minor: String, git: String, says: String?) {
        let version: JSONValue = ["major": .string(major), "minor": .string(minor), "gitVersion": .string(git)]
        let warning = ServerVersion(version)?.problem
        if let says {
            #expect(warning?.hasSuffix(says) == true && warning?.contains("needs Kubernetes 1.31") == true)
        } else {
            #expect(warning == nil)
        }
    }
}

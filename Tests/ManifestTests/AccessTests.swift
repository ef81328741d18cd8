import EmbeddedAPIServer
import Foundation
import KubernetesClient
import KubernetesModel
import Testing

/// The daemons, started with exactly the arguments, ServiceAccounts, capabilities and roles of the manifests, against an
/// API server that enforces RBAC: they do their work, and ask for all that the roles allow, and for nothing else.
@Suite("Manifests: least privilege")
struct AccessTests {
    /// What happens too seldom for a test of seconds; each is asked for in the tests of its own module.
    static let seldom: Set<String> = [
        // An Event that repeats is counted up at most every few minutes.
        "herald-controller patch /events", "herald-speaker patch /events", "herald-speaker create /events",
    ]

    static let namespace = "herald-system"
    static let hasNodes = getuid() == 0 && ["setpriv", "nsenter", "ip"].allSatisfy { find($0) != nil }
    static let needsNodes: Comment = "making network namespaces needs root, setpriv, nsenter and ip"

    @Test(
        "both daemons assign and announce an address with their own roles, and use every verb of them",
        .enabled(if: hasNodes, needsNodes))
    func roles() async throws {
        let objects = try Kustomization.render(manifests.appending(path: "base"))
        let number = Int.random(in: 2...250)
        let network = "198.18.\(number)"
        var configuration = APIServerConfiguration(host: "0.0.0.0")
        configuration.advertisedHosts = ["\(network).1"]
        configuration.enforcesRBAC = true
        configuration.bookmarkInterval = .seconds(2)
        try await withEmbeddedAPIServer(configuration) { server in
            let trial = try Trial(server, objects, link: "hrld\(number)", network: network)
            defer { trial.stop() }
            try await trial.run()
            await trial.disconnect()
            try Self.compare(server.observedRequests, objects, trial.logs)
        }
    }

    @Test(
        "without NET_RAW the speaker ends with a sentence that says what is missing", .enabled(if: hasNodes, needsNodes)
    )
    func noCapability() async throws {
        let number = Int.random(in: 2...250)
        let speaker = try #require(
            try Kustomization.render(manifests.appending(path: "base")).first("DaemonSet", "herald-speaker"))
        let kubeconfig = try Trial.save(
            """
            {apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}],
            clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}], users: [{name: a, user: {token: a}}]}
            """)
        let daemon = try Daemon(
            speaker, flags: ["--kubeconfig", kubeconfig.path], environment: ["HERALD_CAPABILITIES": ""],
            wrapper: Trial.node(link: "hrlx\(number)", network: "198.19.\(number)"))
        defer {
            daemon.stop()
            try? FileManager.default.removeItem(at: kubeconfig)
        }
        for _ in 0..<600 where daemon.isRunning { try await Task.sleep(for: .milliseconds(100)) }
        #expect(!daemon.isRunning)
        #expect(daemon.output.contains("CAP_NET_RAW"), "\(daemon.output)")
    }

    private static func compare(_ requests: Set<AccessRequest>, _ objects: [JSONValue], _ logs: String) throws {
        for account in ["herald-controller", "herald-speaker"] {
            let user = "system:serviceaccount:\(namespace):\(account)"
            let asked = Set(
                requests.filter { $0.user == user && $0.path.isEmpty && !$0.resource.isEmpty }.map { request in
                    let resource =
                        request.subresource.isEmpty ? request.resource : "\(request.resource)/\(request.subresource)"
                    return "\(account) \(request.verb) \(request.group)/\(resource)"
                })
            var allowed: Set<String> = []
            for role in objects where ["Role", "ClusterRole"].contains(role.kind) && role.name == account {
                for rule in role["rules"]?.array ?? [] {
                    for group in rule["apiGroups"]?.array ?? [] {
                        for resource in rule["resources"]?.array ?? [] {
                            for verb in rule["verbs"]?.array ?? [] {
                                let words = [verb, group, resource].map { $0.string ?? "" }
                                allowed.insert("\(account) \(words[0]) \(words[1])/\(words[2])")
                            }
                        }
                    }
                }
            }
            #expect(asked.subtracting(allowed).isEmpty, "asked for and not allowed; \(logs)")
            #expect(allowed.subtracting(asked).subtracting(seldom).isEmpty, "allowed and never asked for")
        }
    }
}

/// One address from Service to wire and back.
private final class Trial {
    private let server: EmbeddedAPIServer
    private let client: APIClient
    private let network: String
    private let link: String
    private var daemons: [Daemon] = []
    private var files: [URL] = []

    var logs: String { daemons.map(\.output).joined(separator: "\n---\n") }

    static func node(link: String, network: String) -> [String] {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "node.sh").path
        return ["sh", script, link, network]
    }

    init(_ server: EmbeddedAPIServer, _ objects: [JSONValue], link: String, network: String) throws {
        (self.server, self.link, self.network) = (server, link, network)
        for object in objects { try server.install(object) }
        // As after a restart: the speaker finds the Lease of its predecessor.
        try server.install([
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": ["name": "speaker-node1", "namespace": .string(AccessTests.namespace)],
            "spec": ["holderIdentity": "node1"],
        ])
        try server.install(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "kube-system"]])
        let administrator = try Self.save(server.kubeconfig())
        files = [administrator]
        client = try APIClient(.kubeconfig(path: administrator.path))
        for (account, kind, wrapper, host) in [
            ("herald-controller", "Deployment", [], "127.0.0.1"),
            ("herald-speaker", "DaemonSet", Self.node(link: link, network: network), "\(network).1"),
        ] {
            let token = try server.issueToken(serviceAccount: account, namespace: AccessTests.namespace)
            let file = try Self.save(server.kubeconfig(token: token, server: "https://\(host):\(server.port)"))
            files.append(file)
            guard let workload = objects.first(kind, account) else { continue }
            daemons.append(
                try Daemon(
                    workload,
                    flags: [
                        "--kubeconfig", file.path, "--namespace", AccessTests.namespace, "--metrics-address", "off",
                    ],
                    environment: ["NODE_NAME": "node1"], wrapper: wrapper))
        }
    }

    static func save(_ kubeconfig: String) throws -> URL {
        let file = FileManager.default.temporaryDirectory.appending(path: "herald-\(UUID().uuidString).kubeconfig")
        try kubeconfig.write(to: file, atomically: true, encoding: .utf8)
        return file
    }

    func stop() {
        for daemon in daemons { daemon.stop() }
        for file in files { try? FileManager.default.removeItem(at: file) }
    }

    func disconnect() async { await client.shutdown() }

    func run() async throws {
        let address = "\(network).100"
        try server.install(manifest: Self.world(network))
        try await until("the Service has an address") {
            try await self.service().at("status", "loadBalancer", "ingress", "0", "ip") == .string(address)
        }
        let record = "/apis/lb.cluster.home/v1beta1/namespaces/\(AccessTests.namespace)/servicel2statuses/default.web"
        try await until("the speaker announces it") {
            try await self.client.raw(.get, record).at("status", "addresses", "0", "node") == "node1"
        }
        let answer = try #require(try await ManifestTests.run("arping", ["-f", "-w", "10", "-I", link, address]))
        #expect(answer.status == 0, "\(answer.output)")

        // The entry of a node that is gone is taken out, by the controller.
        let entry: JSONValue = ["address": .string(address), "interface": "eth0", "node": "gone"]
        let patch: JSONValue = [["op": "add", "path": "/status/addresses/-", "value": entry]]
        _ = try await client.raw(
            .patch, record + "/status", body: patch, contentType: "application/json-patch+json")
        try await until("the entry of a node that is gone is removed") {
            try await self.client.raw(.get, record).at("status", "addresses")?.array?.count == 1
        }
        try await client.delete(Service.self, name: "web", namespace: "default")
        try await until("the record goes with its Service") {
            do { _ = try await self.client.raw(.get, record) } catch let error as APIError { return error.isNotFound }
            return false
        }
    }

    private func service() async throws -> JSONValue {
        try await client.raw(.get, "/api/v1/namespaces/default/services/web")
    }

    private func until(_ goal: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<300 {
            if let isMet = try? await condition(), isMet { return }
            guard daemons.allSatisfy({ $0.isRunning }) else { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("\(goal): not within 30 s\n\(logs)")
    }

    private static func world(_ network: String) -> String {
        """
        apiVersion: v1
        kind: Node
        metadata: {name: node1, labels: {kubernetes.io/os: linux, kubernetes.io/hostname: node1}}
        status:
          addresses: [{type: InternalIP, address: \(network).2}]
          conditions: [{type: Ready, status: "True"}]
        ---
        apiVersion: lb.cluster.home/v1beta1
        kind: IPAddressPool
        metadata: {name: trial}
        spec: {addresses: [\(network).100-\(network).110]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: default}
        spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{port: 80}]
        endpoints: [{addresses: [10.244.0.2], nodeName: node1, conditions: {ready: true}}]
        """
    }
}

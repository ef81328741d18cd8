import ArgumentParser
import EmbeddedAPIServer
import Foundation
import KubernetesClient
import KubernetesModel

/// Where the programs and manifests are.
struct SiteOptions: ParsableArguments {
    @Option(help: "The folder with lb-speaker and arp-witness. Default: this program's own.")
    var programs: String?
    @Option(help: "The repository's folder manifests.")
    var manifests = "manifests"

    var folder: String { programs ?? (Bundle.main.executableURL?.deletingLastPathComponent().path ?? ".") }

    /// Builds a site, runs `body` with speakers started on all nodes, and ends every process.
    func withSite<Value: Sendable>(
        nodes: Int, addresses: [String], isDualHomed: Bool = false,
        _ body: @escaping @Sendable (Rig) async throws -> Value
    ) async throws -> Value {
        guard try shell("ip -o link | wc -l").hasPrefix("1\n") else {
            throw Failure("this is no empty network namespace: start me as scripts/bench-failover does")
        }
        let site = Site(nodes: nodes, addresses: addresses)
        try site.build()
        if isDualHomed { try site.addSecondNetwork() }
        let work = "/run/herald"
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        let configuration = APIServerConfiguration(host: Site.apiAddress, port: TestCluster.port)
        return try await withEmbeddedAPIServer(configuration) { server in
            let kubeconfig = "\(work)/kubeconfig"
            try server.writeKubeconfig(kubeconfig)
            let cluster = TestCluster(server: server, site: site)
            try cluster.fill(manifests: manifests)
            let speakers = Speakers(
                site: site, program: "\(folder)/lb-speaker", kubeconfig: kubeconfig, logs: work,
                interfaces: isDualHomed ? "eth0,eth1" : "eth0")
            let rig = Rig(site: site, cluster: cluster, speakers: speakers, folder: folder)
            let backends = try rig.startBackends()
            defer {
                for node in site.nodes { speakers.end(node, with: SIGKILL) }
                for backend in backends { backend.end(with: SIGKILL) }
            }
            try speakers.startAll()
            return try await body(rig)
        }
    }
}

/// A site with its cluster and speakers running.
struct Rig: Sendable {
    let site: Site
    let cluster: TestCluster
    let speakers: Speakers
    let folder: String

    func startBackends() throws -> [ChildProcess] {
        try site.nodes.map { node in
            try ChildProcess(
                ["ip", "netns", "exec", node.name, "\(folder)/failover-bench", "backend", node.name],
                output: "/run/herald/backend-\(node.name).log")
        }
    }

    func asClient(_ command: String) -> String { "ip netns exec \(Site.client) \(command) 2>&1" }

    func startWitness(_ address: String = "192.168.57.200", count: Int = 1, period: Int = 5000, isUnicast: Bool = false)
        throws -> Witness
    {
        try Witness(
            tool: "\(folder)/arp-witness", from: isUnicast ? Site.secondClientAddress : Site.clientAddress,
            first: address, count: count, period: period, isUnicast: isUnicast)
    }

    /// The identity of the cluster that frames carry.
    func clusterUID() async throws -> String {
        let server = cluster.server
        let api = try APIConfiguration(
            url: server.url, certificateAuthority: server.certificateAuthorityPEM, token: server.adminToken)
        let client = try APIClient(api, transport: .asyncHTTPClient)
        let namespace = try await client.get(Namespace.self, name: "kube-system")
        await client.shutdown()
        return namespace.metadata.uid ?? ""
    }

    /// Announces an address on the second network too.
    func useSecondNetwork() async throws {
        try cluster.put(service: "second", addresses: [Site.secondAddress])
        try await Task.sleep(for: .seconds(3))
    }

    func startSecondWitness() throws -> Witness {
        try Witness(
            tool: "\(folder)/arp-witness", from: "192.168.58.30", first: Site.secondAddress, interface: "eth1")
    }

    /// Opens a TCP connection through the address, which stays until ``finish(_:)``.
    func startStream(to address: String) throws -> (process: ChildProcess, output: String) {
        let output = "/run/herald/stream-\(UUID().uuidString)"
        let process = try ChildProcess(
            ["ip", "netns", "exec", Site.client, "\(folder)/failover-bench", "stream", address], output: output,
            hasInput: true)
        return (process, output)
    }

    /// Closes it. `whole` when it worked to the end, else `broken`, or what went wrong.
    func finish(_ stream: (process: ChildProcess, output: String)) throws -> String {
        stream.process.end()
        let said = try String(contentsOfFile: stream.output, encoding: .utf8)
        return said.split(separator: " ").first.map(String.init) ?? said
    }

    /// Watches the address for a while, during which `act` happens.
    func witness(
        _ address: String = "192.168.57.200", for duration: Duration, act: () throws -> Void = {}
    ) async throws -> Testimony {
        let witness = try startWitness(address)
        try await Task.sleep(for: .milliseconds(200))
        try act()
        try await Task.sleep(for: duration)
        return try witness.finish()
    }

    /// The one node that answers for an address just now.
    func owner(of address: String) async throws -> Site.Node {
        let macs = try await witness(address, for: .milliseconds(200)).hardwareAddresses(of: address, after: 0)
        guard macs.count == 1, let node = site.nodes.first(where: { macs.contains($0.hardwareAddress) }) else {
            throw Failure(
                "\(macs.isEmpty ? "nobody" : macs.sorted().joined(separator: " and ")) answers for \(address)")
        }
        return node
    }

    /// The one node that answers for an address, as soon as there is one.
    @discardableResult
    func untilAnswered(_ address: String, within limit: Duration = .seconds(20)) async throws -> Site.Node {
        let deadline = ContinuousClock.now + limit
        while true {
            do {
                return try await owner(of: address)
            } catch {
                if ContinuousClock.now > deadline { throw error }
            }
        }
    }
}

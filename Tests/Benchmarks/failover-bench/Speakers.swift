import Foundation
import Lab
import Synchronization

/// The `lb-speaker` processes of a site, one per node, and what can be done to them.
final class Speakers: Sendable {
    let site: Site
    private let program: String
    private let kubeconfig: String
    private let logs: String
    private let interfaces: String
    private let logLevel = "info"
    private let running = Mutex<[Int: ChildProcess]>([:])

    init(site: Site, program: String, kubeconfig: String, logs: String, interfaces: String) {
        (self.site, self.program, self.kubeconfig, self.logs) = (site, program, kubeconfig, logs)
        self.interfaces = interfaces
    }

    func start(_ node: Site.Node) throws {
        let process = try ChildProcess(
            [
                "ip", "netns", "exec", node.name, program, "--node-name", node.name, "--namespace",
                TestCluster.namespace, "--kubeconfig", kubeconfig, "--interfaces", interfaces, "--transport",
                "async-http-client", "--metrics-listen", "\(node.managementAddress):7475", "--log-level", logLevel,
            ], output: "\(logs)/\(node.name).log")
        running.withLock { $0[node.index] = process }
    }

    func startAll() throws { for node in site.nodes { try start(node) } }

    func signal(_ node: Site.Node, _ signal: Int32) {
        guard let process = running.withLock({ $0[node.index] }) else { return }
        process.signal(signal)
    }

    /// Sends a deadly signal and waits for the end.
    func end(_ node: Site.Node, with signal: Int32) {
        guard let process = running.withLock({ $0.removeValue(forKey: node.index) }) else { return }
        process.signal(SIGCONT)
        process.end(with: signal)
    }

    /// The Kubernetes readiness probe of the pod.
    func isReady(_ node: Site.Node) async -> Bool {
        let prober = LabProber(host: node.managementAddress, port: 7475, patience: .seconds(1))
        return (try? await prober.fetch(path: "/readyz")) != nil
    }

    func untilReady(_ nodes: [Site.Node]? = nil, within limit: Duration = .seconds(30)) async throws {
        let deadline = ContinuousClock.now + limit
        for node in nodes ?? site.nodes {
            while await !isReady(node) {
                guard ContinuousClock.now < deadline else {
                    let log = (try? String(contentsOfFile: "\(logs)/\(node.name).log", encoding: .utf8)) ?? ""
                    throw Failure("the speaker on \(node.name) is not ready:\n\(log.suffix(3000))")
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    func metrics(_ node: Site.Node) async throws -> String {
        try await LabProber(host: node.managementAddress, port: 7475, patience: .seconds(1)).fetch(path: "/metrics")
    }
}

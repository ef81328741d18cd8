import Foundation
import Lab

/// The `lb-speaker` processes of a site, one per node, and what can be done to them.
final class Speakers {
    let site: Site
    private let program: String
    private let kubeconfig: String
    private let logs: String
    private var running: [Int: Process] = [:]

    init(site: Site, program: String, kubeconfig: String, logs: String) {
        (self.site, self.program, self.kubeconfig, self.logs) = (site, program, kubeconfig, logs)
    }

    func start(_ node: Site.Node) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "ip", "netns", "exec", node.name, program, "--node-name", node.name, "--namespace", TestCluster.namespace,
            "--kubeconfig", kubeconfig, "--interfaces", "eth0", "--transport", "async-http-client",
            "--metrics-listen", "\(node.managementAddress):7475", "--log-level", "info",
        ]
        let log = "\(logs)/\(node.name).log"
        if !FileManager.default.fileExists(atPath: log) { FileManager.default.createFile(atPath: log, contents: nil) }
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        try output.seekToEnd()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        running[node.index] = process
    }

    func startAll() throws { for node in site.nodes { try start(node) } }

    func signal(_ node: Site.Node, _ signal: Int32) {
        guard let process = running[node.index] else { return }
        kill(process.processIdentifier, signal)
    }

    /// Sends a deadly signal and waits for the end.
    func end(_ node: Site.Node, with signal: Int32) {
        guard let process = running.removeValue(forKey: node.index) else { return }
        kill(process.processIdentifier, SIGCONT)
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
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

import ChildProcess
import Foundation
import KubernetesClient
import KubernetesModel

/// A rolling restart of the speakers as a new image brings it, while clients of the LAN ask without a pause: what the
/// DaemonSet controller and the kubelets do, one node after the other.
struct LabRestart {
    let lab: Lab
    let api: LabAPI
    let daemons: LabDaemons
    let speaker: LabManifests.Workload

    private static let stop = LabFiles.root + "/load.stop"

    private var network: LabNetwork { LabNetwork(topology: lab.topology) }

    func play(_ report: inout LabReport) async {
        let nodes = lab.topology.nodes
        await report.step("all \(nodes.count) speakers restart one after the other, and no request fails") {
            let before = try await announcers()
            let (lines, load) = try await underLoad {
                var lines: [String] = []
                for node in nodes { lines.append("\(node.name): \(try await restart(node))") }
                return lines
            }
            let evidence = lines.joined(separator: "\n") + "\n" + load.text
            guard load.failures.isEmpty, load.requests > 0 else { throw LabReport.Unmet(evidence) }
            let after = try await announcers()
            guard after == before else {
                throw LabReport.Unmet("addresses moved: \(before) became \(after)\n\(evidence)")
            }
            return evidence
        }
    }

    /// SIGTERM, and SIGKILL after the grace period; then a new one, until it has been ready for as long as is asked.
    private func restart(_ node: LabTopology.Machine) async throws -> String {
        let (name, clock) = (Lab.speaker(of: node), ContinuousClock())
        let start = clock.now
        await daemons.signal(name, SIGTERM)
        do {
            try await LabAPI.wait(seconds: speaker.gracePeriod, for: "end of \(name)") { await daemons.end(of: name) }
        } catch {
            await daemons.signal(name, SIGKILL)
            throw error
        }
        let ended = clock.now
        daemons.start(name, lab.speakerPod(speaker, on: node).program)
        try await Self.untilReady(node)
        let ready = clock.now
        try await Task.sleep(for: .seconds(speaker.minReadySeconds))
        try await Self.untilReady(node)
        return "ended after \(Self.seconds(start.duration(to: ended))), ready after another "
            + Self.seconds(ended.duration(to: ready))
    }

    private static func untilReady(_ node: LabTopology.Machine) async throws {
        try await LabAPI.wait(for: "ready speaker on \(node.name)") { try await readiness(of: node) }
    }

    /// The first line of what a speaker answers when the kubelet asks whether it is ready.
    static func readiness(of node: LabTopology.Machine) async throws -> String {
        let prober = LabProber(host: "\(node.address)", port: 7475, patience: .seconds(1))
        return try await prober.fetch(path: "/readyz").split(separator: "\n").first.map(String.init) ?? "ok"
    }

    /// `192.168.57.200 on k8s-node4`, for each address.
    private func announcers() async throws -> [String] {
        try await api.client.list(ServiceL2Status.self, namespace: LabCluster.namespace).items
            .flatMap { $0.status?.addresses ?? [] }.map { "\($0.address) on \($0.node)" }.sorted()
    }

    private static func seconds(_ duration: Duration) -> String { String(format: "%.1f s", duration / .seconds(1)) }
}

// MARK: The clients

extension LabRestart {
    /// What curl said, a line for each request: `200 0.012`, or `000 5.001 Connection timed out`.
    struct Load {
        private(set) var requests = 0
        /// How many failed, by the reason.
        private(set) var failures: [String: Int] = [:]
        private(set) var slowest = 0.0

        init(_ lines: String) {
            for line in lines.split(separator: "\n") {
                let words = line.split(separator: " ", maxSplits: 2).map(String.init)
                requests += 1
                if words.count > 1 { slowest = max(slowest, Double(words[1]) ?? 0) }
                guard words[0] != "200" else { continue }
                failures[words.count > 2 ? words[2] : "status \(words[0])", default: 0] += 1
            }
        }

        var text: String {
            let reasons = failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
            return "\(requests) requests by curl, each after an ARP or NDP exchange of its own: "
                + "\(failures.values.reduce(0, +)) failed"
                + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))")
                + String(format: ", slowest %.2f s", slowest)
        }
    }

    /// One client for each address of the first two Services. Each forgets its neighbour before every request, so that
    /// somebody must answer for the address at that very moment.
    private func underLoad<Value>(_ work: () async throws -> Value) async throws -> (Value, Load) {
        var addresses = ["192.168.57.200", "192.168.57.201"]
        if lab.topology.hasIPv6 { addresses += ["fd00:192:168:57::200", "fd00:192:168:57::201"] }
        let script = """
            rm -f \(Self.stop)
            for address in "$@"; do
                case $address in *:*) url="http://[$address]/" ;; *) url="http://$address/" ;; esac
                while [ ! -e \(Self.stop) ]; do
                    ip neigh del "$address" dev \(LabTopology.interface) 2>/dev/null
                    curl -s -o /dev/null --max-time 5 -w '%{http_code} %{time_total} %{errormsg}\\n' "$url"
                done &
            done
            wait
            """
        let clients = network.inside(lab.topology.gateway, ["sh", "-c", script, "load"] + addresses)
        async let lines = clients.run().output
        do {
            let value = try await work()
            try Data().write(to: URL(fileURLWithPath: Self.stop))
            return (value, Load(try await lines))
        } catch {
            try Data().write(to: URL(fileURLWithPath: Self.stop))
            throw error
        }
    }
}

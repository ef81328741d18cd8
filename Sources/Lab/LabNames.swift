import ChildProcess
import Foundation
import KubernetesClient
import KubernetesModel

/// The gateway's dnsmasq, fed by `lbctl hosts --sync --watch`: no person edits a file for a name to be right.
struct LabNames {
    let lab: Lab
    let api: LabAPI
    let daemons: LabDaemons

    private static let hosts = LabFiles.root + "/dnsmasq.hosts"
    private static let process = LabFiles.root + "/dnsmasq.pid"
    private static let servicesHost = "services.\(LabTopology.domain)"

    private var network: LabNetwork { LabNetwork(topology: lab.topology) }
    private var gateway: LabTopology.Machine { lab.topology.gateway }

    /// Starts both, and asks for the names that are there already.
    func start(_ report: inout LabReport) async {
        await report.step("dnsmasq on the gateway has the names of `lbctl hosts --sync --watch`") {
            try "# a line of the operator's own\n".write(toFile: Self.hosts, atomically: true, encoding: .utf8)
            daemons.start(
                "dnsmasq",
                network.inside(
                    gateway,
                    [
                        "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces",
                        "--user=root",
                        "--conf-file=/dev/null", "--addn-hosts=\(Self.hosts)", "--pid-file=\(Self.process)",
                        "--listen-address=\(gateway.address)",
                    ]))
            daemons.start(
                "hosts",
                Program([
                    "\(lab.programs)/lbctl", "hosts", "--kubeconfig", LabFiles.kubeconfig, "--sync", Self.hosts,
                    "--watch",
                    "--reload", "kill -HUP $(cat \(Self.process))",
                ]))
            return try await dig("grafana.\(LabTopology.domain)", is: "192.168.57.200")
        }
    }

    /// After a failover, and after every change of an Ingress.
    func follow(_ report: inout LabReport) async {
        await report.step("dig is right after the failover") {
            try await dig("grafana.\(LabTopology.domain)", is: "192.168.57.200")
        }
        for (what, hosts, gone) in [
            ("added", ["new.\(LabTopology.domain)"], nil as String?),
            ("renamed", ["renamed.\(LabTopology.domain)"], "new.\(LabTopology.domain)"),
        ] {
            await report.step("dig is right after an Ingress host is \(what)") {
                let rules = (hosts + [Self.servicesHost]).map { host -> JSONValue in ["host": .string(host)] }
                try await api.client.patch(
                    Ingress.self, name: "sites", namespace: "default", .merge(["spec": ["rules": .array(rules)]]))
                var evidence = try await dig(hosts[0], is: "192.168.57.200")
                if let gone { evidence += "\n" + (try await dig(gone, is: "")) }
                return evidence
            }
        }
        await report.step("dig is right after the Ingress is removed") {
            try await api.client.delete(Ingress.self, name: "sites", namespace: "default")
            let evidence = try await dig(Self.servicesHost, is: "")
            let file = try String(contentsOfFile: Self.hosts, encoding: .utf8)
            guard file.hasPrefix("# a line of the operator's own\n") else {
                throw LabReport.Unmet("the operator's own line is gone from \(Self.hosts)")
            }
            return evidence + "\n" + (try await dig("grafana.\(LabTopology.domain)", is: "192.168.57.200"))
        }
    }

    /// Asks as a machine of the LAN does, until the answer is the one expected.
    private func dig(_ name: String, is expected: String) async throws -> String {
        let node = lab.topology.nodes.first ?? gateway
        let question = ["dig", "+short", "+time=1", "+tries=1", "@\(gateway.address)", name]
        return try await LabAPI.wait(seconds: 10, for: "answer \"\(expected)\" for \(name)") {
            let answer = try await network.inside(node, question).run().output
                .trimmingCharacters(in: .whitespacesAndNewlines)
            guard answer == expected else { throw LabReport.Unmet("dig says \"\(answer)\"") }
            return "\(question.joined(separator: " ")): \(answer.isEmpty ? "no address" : answer)"
        }
    }
}

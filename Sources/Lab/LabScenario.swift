import ChildProcess
import Foundation
import KubernetesClient
import KubernetesModel
import NetworkAddresses

/// The main job, step by step, as an operator and a client of the LAN would see it.
struct LabScenario {
    let lab: Lab
    let api: LabAPI
    let daemons: LabDaemons
    let speaker: LabManifests.Workload

    private var topology: LabTopology { lab.topology }
    private var network: LabNetwork { LabNetwork(topology: lab.topology) }
    private var host: String { "\(LabCluster.serviceName(0)).\(LabTopology.domain)" }

    /// Plays it to the end, or to the first step without which the others make no sense.
    func play(_ report: inout LabReport) async {
        if !hasCurl { report.note("note    curl is not installed: lbctl fetches the pages in its place") }
        guard await daemonsAreUp(&report), await servicesGetAddresses(&report), await clientReaches(&report) else {
            return
        }
        let names = LabNames(lab: lab, api: api, daemons: daemons)
        if lab.chapters.contains(.names) { await names.start(&report) }
        if lab.chapters.contains(.restart) {
            await LabRestart(lab: lab, api: api, daemons: daemons, speaker: speaker).play(&report)
        }
        if lab.chapters.contains(.failover) { await failover(&report) }
        if lab.chapters.contains(.names) { await names.follow(&report) }
    }

    // MARK: The daemons

    private func daemonsAreUp(_ report: inout LabReport) async -> Bool {
        let leads = await report.step("a controller leads") {
            try await LabAPI.wait(for: "leader") {
                for index in 0..<2 { try await daemons.check("herald-controller-\(index)") }
                let leases = try await api.client.list(Lease.self, namespace: LabCluster.namespace).items
                let lease = leases.first { !$0.metadata.name.hasPrefix(HeraldObjects.speakerLeasePrefix) }
                guard let lease, let holder = lease.spec?.holderIdentity, !holder.isEmpty else { return nil }
                return "Lease \(lease.metadata.name) is held by \(holder)"
            }
        }
        guard leads else { return false }
        return await report.step("a speaker on each of \(topology.nodes.count) nodes is ready") {
            var lines: [String] = []
            for node in topology.nodes {
                lines.append(
                    try await LabAPI.wait(for: "ready speaker on \(node.name)") {
                        try await daemons.check(Lab.speaker(of: node))
                        return "\(node.name): \(try await LabRestart.readiness(of: node))"
                    })
            }
            return lines.joined(separator: "\n")
        }
    }

    // MARK: The Services

    private func servicesGetAddresses(_ report: inout LabReport) async -> Bool {
        guard
            await report.step(
                "IPAddressPool lan is accepted",
                {
                    try await api.create(LabCluster.pool(hasIPv6: topology.hasIPv6))
                    return try await LabAPI.wait(for: "accepted pool") {
                        let pool = try await api.client.get(IPAddressPool.self, name: "lan")
                        guard pool.status?.conditions?.first(where: { $0.type == "Ready" })?.status == .true else {
                            return nil
                        }
                        return pool.spec.addresses.joined(separator: ", ")
                    }
                })
        else { return false }
        for index in 0..<lab.services {
            let name = LabCluster.serviceName(index)
            let expected = IPv4Address(rawValue: IPv4Address(192, 168, 57, 200).rawValue + UInt32(index))
            let isAssigned = await report.step("Service default/\(name) gets \(expected)") {
                for slice in LabCluster.endpoints(name, topology) { try await api.create(slice) }
                try await api.create(LabCluster.service(name, hasIPv6: topology.hasIPv6))
                let addresses = try await addresses(of: name)
                guard addresses.contains(.v4(expected)) else {
                    throw LabReport.Unmet("it has \(addresses.map(\.description).joined(separator: ", "))")
                }
                return "status.loadBalancer: \(addresses.map(\.description).joined(separator: ", "))"
            }
            guard isAssigned else { return false }
        }
        return true
    }

    private func addresses(of name: String) async throws -> [IPAddress] {
        try await LabAPI.wait(for: "address of Service default/\(name)") {
            let service = try await api.client.get(Service.self, name: name, namespace: "default")
            let addresses = service.loadBalancerAddresses.sorted()
            return addresses.isEmpty ? nil : addresses
        }
    }

    // MARK: The client

    private func clientReaches(_ report: inout LabReport) async -> Bool {
        guard
            await report.step(
                "`lbctl hosts --sync` writes the name \(host)",
                {
                    try await api.create(LabCluster.ingress())
                    try await writeIngressStatus()
                    try await Program([lbctl, "hosts", "--sync", LabFiles.hosts, "--kubeconfig", LabFiles.kubeconfig])
                        .check()
                    let text = try String(contentsOfFile: LabFiles.hosts, encoding: .utf8)
                    return text.split(separator: "\n").filter { $0.contains("grafana") }.joined(separator: "\n")
                }),
            await report.step("http://\(host) answers the gateway", { try await page() }),
            await report.step("the gateway's ARP table has the announcing node's MAC", { try await neighbor() })
        else { return false }
        if topology.hasIPv6 {
            guard
                await report.step(
                    "http://\(host) answers by IPv6 too",
                    {
                        let text = try await page(.ipv6)
                        let neighbors = try await Program(["ip", "-6", "-n", "gateway", "neigh", "show"]).check()
                        return text + neighbors.split(separator: "\n").filter { $0.contains("::200 ") }.joined()
                    })
            else { return false }
        }
        return await report.step("an address that no Service has stays silent") {
            let address = "192.168.57.253"
            guard try await (fetch(address).run()).isSuccess == false else {
                throw LabReport.Unmet("\(address) answered")
            }
            return try await Program(["ip", "-n", "gateway", "neigh", "show", address]).check()
        }
    }

    /// What an ingress controller does: an Ingress has the addresses of the Service that carries it.
    private func writeIngressStatus() async throws {
        let addresses = try await addresses(of: LabCluster.serviceName(0))
        let status: JSONValue = [
            "status": ["loadBalancer": ["ingress": .array(addresses.map { ["ip": .string("\($0)")] })]]
        ]
        try await api.client.patch(
            Ingress.self, name: "sites", namespace: "default", .merge(status), subresource: "status")
    }

    private var lbctl: String { "\(lab.programs)/lbctl" }

    private var hasCurl: Bool { LabIsolation.path(of: "curl") != nil }

    /// What a person would type on the gateway; without curl, the same done by lbctl.
    private func fetch(_ host: String, _ family: IPFamily = .ipv4, address: String? = nil) -> Program {
        network.inside(
            topology.gateway,
            hasCurl
                ? ["curl", family == .ipv4 ? "-4" : "-6", "-sS", "--fail", "--max-time", "3", "http://\(host)"]
                : [lbctl, "lab-tool", "fetch", host] + (address.map { ["--address", $0] } ?? []))
    }

    /// The page as the gateway gets it, tried for a few seconds: an announcement may still be on its way.
    private func page(_ family: IPFamily = .ipv4) async throws -> String {
        let address = try await addresses(of: LabCluster.serviceName(0)).first { $0.family == family }
        guard let address else { throw LabReport.Unmet("the Service has no \(family.rawValue) address") }
        let program = fetch(host, family, address: "\(address)")
        let text = try await LabAPI.wait(seconds: 10, for: "page") { try await program.check() }
        return "\(program.arguments.dropFirst(4).joined(separator: " "))\n\(text)"
    }

    /// The machine that the gateway sends the first Service's packets to, by its ARP table.
    private func announcer() async throws -> (machine: LabTopology.Machine, evidence: String) {
        let line = try await Program(["ip", "-n", "gateway", "neigh", "show", "192.168.57.200"]).check()
        let words = line.split(whereSeparator: \.isWhitespace)
        guard let index = words.firstIndex(of: "lladdr"), index + 1 < words.count,
            let hardwareAddress = MACAddress(words[index + 1]), let machine = topology.machine(at: hardwareAddress)
        else { throw LabReport.Unmet("the entry is: \(line.isEmpty ? "none" : line)") }
        return (machine, line)
    }

    private func neighbor() async throws -> String {
        let (machine, evidence) = try await announcer()
        let name = LabCluster.serviceName(0)
        let record = try await LabAPI.wait(seconds: 10, for: "record of \(machine.name)") {
            let records = try await api.client.list(ServiceL2Status.self, namespace: LabCluster.namespace).items
            return records.first { $0.status?.serviceName == name }?.status?.addresses?
                .first { $0.address == "192.168.57.200" && $0.node == machine.name }
        }
        return "\(evidence)ServiceL2Status: \(record.address) on \(record.interface) of \(record.node)"
    }

    // MARK: Failover

    private func failover(_ report: inout LabReport) async {
        var first: LabTopology.Machine?
        await report.step("the announcing node's cable is pulled, and another node takes over") {
            let (before, _) = try await announcer()
            first = before
            let watched = try await watch(seconds: 15) { try await network.setCable(of: before, isIn: false) }
            guard watched.isRecovered else {
                throw LabReport.Unmet(
                    "no other node answered: \(watched.failures) of \(watched.attempts) fetches failed")
            }
            let (after, line) = try await announcer()
            guard after != before else { throw LabReport.Unmet("the ARP entry is still \(line)") }
            return """
                \(before.name) is cut off; \(line.trimmingCharacters(in: .whitespacesAndNewlines))
                no page for \(seconds(watched.gap)); then: \(watched.after)
                """
        }
        await report.step("the page answers again") { try await page() }
        await report.step("the first node comes back, and nothing moves") {
            guard let first else { throw LabReport.Unmet("no node was cut off") }
            let (before, _) = try await announcer()
            let watched = try await watch(seconds: 3) { try await network.setCable(of: first, isIn: true) }
            let (after, line) = try await announcer()
            guard after == before else { throw LabReport.Unmet("it moved: \(line)") }
            return "\(after.name) still answers; longest silence \(seconds(watched.gap))"
        }
    }

    private func seconds(_ value: Double) -> String { String(format: "%.2f s", value) }

    /// Watches the page from the gateway while `event` happens.
    private func watch(seconds: Int, during event: () async throws -> Void) async throws -> LabProber.Report {
        let begun = LabFiles.root + "/watch.begun"
        try? FileManager.default.removeItem(atPath: begun)
        let program = network.inside(
            topology.gateway,
            [
                lbctl, "lab-tool", "watch", host, "--address", "192.168.57.200", "--seconds", String(seconds),
                "--begun", begun,
            ])
        async let watching = program.check()
        // What is watched must be seen before it changes.
        try await LabAPI.wait(for: "page of the watch") { FileManager.default.fileExists(atPath: begun) ? true : nil }
        try await event()
        let text = try await watching
        return try JSONDecoder().decode(LabProber.Report.self, from: Data(text.utf8))
    }
}

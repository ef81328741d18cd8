/// The main job on one machine: a LAN in network namespaces, a cluster on it, a Service, a client, a failover.
///
/// ``run(hold:write:)`` must be called inside ``LabIsolation``. It builds the network, starts the API server, the
/// controllers and one speaker per node as Pods, creates the objects and plays the scenario; each step is a line of
/// the report.
package struct Lab: Sendable {
    let topology: LabTopology
    let services: Int
    let chapters: Chapters
    /// The folder with lbctl, lb-controller and lb-speaker.
    let programs: String
    let manifests: String?

    /// What is played beyond a Service that a client reaches.
    package struct Chapters: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        package static let failover = Chapters(rawValue: 1)
        /// dnsmasq and dig must be installed.
        package static let names = Chapters(rawValue: 2)
        /// curl must be installed.
        package static let restart = Chapters(rawValue: 4)
    }

    package init(
        topology: LabTopology, services: Int, chapters: Chapters = .failover, programs: String, manifests: String?
    ) {
        (self.topology, self.services, self.chapters) = (topology, services, chapters)
        (self.programs, self.manifests) = (programs, manifests)
    }

    /// Plays the scenario; true when every step was ok.
    ///
    /// - Parameter hold: go on running afterwards, until the task is cancelled or the process ended.
    package func run(hold: Bool, write: @escaping @Sendable (String) -> Void) async -> Bool {
        let daemons = LabDaemons()
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await daemons.run() }
            var report = LabReport(write: write)
            if await buildNetwork(&report) {
                await report.step("the API server on \(topology.controlPlane.name)") {
                    daemons.start("api-server", network.inside(topology.controlPlane, apiServerCommand))
                    return "https://\(topology.controlPlane.address):\(LabCluster.port), with a CA of its own"
                }
                do {
                    try await LabAPI.connect(daemons) { api in
                        await play(api, daemons, &report)
                        report.end()
                        await self.hold(hold, api, write)
                    }
                } catch {
                    await report.step("the API server answers") { throw error }
                    report.end()
                }
            }
            group.cancelAll()
            return report.failures == 0
        }
    }

    private var network: LabNetwork { LabNetwork(topology: topology) }

    private func buildNetwork(_ report: inout LabReport) async -> Bool {
        let families = topology.hasIPv6 ? "192.168.57.0/24 and fd00:192:168:57::/64" : "192.168.57.0/24"
        return await report.step("a switch, a gateway and \(topology.nodes.count) nodes on \(families)") {
            try await LabFiles.prepare(topology)
            try await network.build()
            return topology.machines.map { "\($0.name) \($0.address) \($0.hardwareAddress)" }
                .joined(separator: "\n")
        }
    }

    private func play(_ api: LabAPI, _ daemons: LabDaemons, _ report: inout LabReport) async {
        var speaker: LabManifests.Workload?
        let isStarted = await report.step("the project's manifests: CRDs, roles and Pods") {
            let manifests = try LabManifests(folder: self.manifests, near: programs)
            let version = try await LabAPI.wait(for: "answer of the API server") {
                try await daemons.check("api-server")
                return try await api.version()
            }
            for object in manifests.objects { try await api.create(object) }
            for node in topology.nodes { try await api.create(LabCluster.node(node, hasIPv6: topology.hasIPv6)) }
            try await startPods(manifests, api, daemons)
            speaker = try manifests.workload("speaker")
            return "\(manifests.objects.count) objects and \(topology.nodes.count) nodes in Kubernetes \(version)"
        }
        guard isStarted, let speaker else { return }
        let proxy = LabProxy(topology: topology)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await proxy.run(api) }
            await LabScenario(lab: self, api: api, daemons: daemons, speaker: speaker).play(&report)
            group.cancelAll()
        }
    }

    /// Goes on as it is: kube-proxy too.
    private func hold(_ isHeld: Bool, _ api: LabAPI, _ write: (String) -> Void) async {
        guard isHeld else { return }
        write("held until Ctrl-C; `lbctl lab exec \(topology.gateway.name) -- sh` in another terminal gets you in")
        await LabProxy(topology: topology).run(api)
    }

    private var apiServerCommand: [String] {
        [
            "\(programs)/lbctl", "api-server", "--listen", "\(topology.controlPlane.address):\(LabCluster.port)",
            "--data-dir", LabFiles.apiData,
        ]
    }

    /// What the scheduler and the kubelets do: controllers on the first workers, a speaker and a backend on every node.
    private func startPods(_ manifests: LabManifests, _ api: LabAPI, _ daemons: LabDaemons) async throws {
        let controller = try manifests.workload("controller")
        let speaker = try manifests.workload("speaker")
        for workload in [controller, speaker] { try await api.writeCredentials(of: workload.serviceAccount) }
        for (index, node) in topology.workers.prefix(controller.replicas).enumerated() {
            let name = "\(controller.name)-\(index)"
            daemons.start(name, pod(name, of: controller, on: node, port: 7476).program)
        }
        for node in topology.nodes {
            daemons.start(
                "backend-\(node.name)",
                network.inside(
                    node,
                    ["\(programs)/lbctl", "lab-tool", "backend", node.name, topology.hasIPv6 ? "--ipv6" : "--no-ipv6"]))
            daemons.start(Self.speaker(of: node), speakerPod(speaker, on: node).program)
        }
    }

    static func speaker(of node: LabTopology.Machine) -> String { "herald-speaker-\(node.name)" }

    func speakerPod(_ workload: LabManifests.Workload, on node: LabTopology.Machine) -> LabPod {
        pod(Self.speaker(of: node), of: workload, on: node, port: 7475)
    }

    private func pod(
        _ name: String, of workload: LabManifests.Workload, on node: LabTopology.Machine, port: Int
    ) -> LabPod {
        var command = workload.command
        if let program = command.first, !program.contains("/") { command[0] = "\(programs)/\(program)" }
        // A controller shares the node's network here, so its port must be another than the speaker's.
        if port != 7475 { command.append("--metrics-address=:\(port)") }
        return LabPod(
            name: name, node: node, credentials: LabFiles.credentials(of: workload.serviceAccount),
            apiServer: topology.controlPlane, capabilities: workload.capabilities, command: command)
    }
}

import KubernetesModel

/// The main job on one machine: a LAN in network namespaces, a cluster on it, a Service, a client, a failover.
///
/// ``run(hold:write:)`` must be called inside ``LabIsolation``. It builds the network, starts the API server, the
/// controllers and one speaker per node as Pods, creates the objects and plays the scenario; each step is a line of
/// the report.
public struct Lab: Sendable {
    let topology: LabTopology
    let services: Int
    /// The folder with lbctl, lb-controller and lb-speaker.
    let programs: String
    let manifests: String?

    public init(topology: LabTopology, services: Int, programs: String, manifests: String?) {
        (self.topology, self.services, self.programs) = (topology, services, programs)
        self.manifests = manifests
    }

    /// Plays the scenario; true when every step was ok.
    ///
    /// - Parameter hold: go on running afterwards, until the task is cancelled or the process ended.
    public func run(hold: Bool, write: @escaping @Sendable (String) -> Void) async -> Bool {
        let daemons = LabDaemons()
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await daemons.run() }
            var report = LabReport(write: write)
            if let api = await start(daemons, &report) {
                let proxy = LabProxy(topology: topology)
                group.addTask { await proxy.run(api) }
                await LabScenario(lab: self, api: api, daemons: daemons).play(&report)
            }
            report.end()
            if hold {
                write(
                    "held until Ctrl-C; `lbctl lab exec \(topology.gateway.name) -- sh` in another terminal gets you in"
                )
                try? await Task.sleep(for: .seconds(86_400 * 365))
            }
            group.cancelAll()
            return report.failures == 0
        }
    }

    /// The network and the cluster: what is there before anybody asks for a Service.
    private func start(_ daemons: LabDaemons, _ report: inout LabReport) async -> LabAPI? {
        let network = LabNetwork(topology: topology)
        let families = topology.hasIPv6 ? "192.168.57.0/24 and fd00:192:168:57::/64" : "192.168.57.0/24"
        guard
            await report.step(
                "a switch, a gateway and \(topology.nodes.count) nodes on \(families)",
                {
                    try await LabFiles.prepare(topology)
                    try await network.build()
                    return topology.machines.map { "\($0.name) \($0.address) \($0.hardwareAddress)" }.joined(
                        separator: "\n")
                })
        else { return nil }

        var api: LabAPI?
        await report.step("the API server on \(topology.controlPlane.name), HTTPS with a CA of its own") {
            daemons.start("api-server", network.inside(topology.controlPlane, apiServerCommand))
            let started = try await LabAPI.start(daemons)
            api = started
            return try await
                "Kubernetes \(started.version()) at https://\(topology.controlPlane.address):\(LabCluster.port)"
        }
        guard let api else { return nil }

        let manifests: LabManifests
        do {
            manifests = try LabManifests(folder: self.manifests, near: programs)
        } catch {
            await report.step("the project's manifests") { throw error }
            return nil
        }
        let isStarted = await report.step("the project's manifests: CRDs, roles and Pods") {
            for object in manifests.objects { try await api.create(object) }
            for node in topology.nodes {
                try await api.create(LabCluster.node(node, hasIPv6: topology.hasIPv6))
            }
            try await startPods(manifests, api, daemons)
            return "\(manifests.objects.count) objects, \(topology.nodes.count) nodes"
        }
        return isStarted ? api : nil
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
                LabNetwork(topology: topology).inside(
                    node, ["\(programs)/lbctl", "lab-tool", "backend", node.name]))
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
        if port != 7475 { command.append("--metrics-listen=:\(port)") }
        return LabPod(
            name: name, node: node, credentials: LabFiles.credentials(of: workload.serviceAccount),
            apiServer: topology.controlPlane, capabilities: workload.capabilities, command: command)
    }
}

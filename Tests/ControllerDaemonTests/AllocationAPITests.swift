import AllocationKit
import EmbeddedAPIServer
import Foundation
import KubernetesClient
import KubernetesModel
import Logging
import NetworkAddresses
import Reconciliation
import Testing

@testable import ControllerDaemon

/// The rows of docs/allocation.md once more, through the API: the embedded server on one side, the controller's own
/// client, reflectors and writer on the other.
@Suite(.serialized)
struct AllocationAPITests {
    @Test("each row gives its result through the API", arguments: AllocationCase.all)
    func row(_ row: AllocationCase) async throws {
        var configuration = APIServerConfiguration()
        if row.isSingleStack { configuration.serviceRanges = ["10.96.0.0/16"] }
        try await withCluster(configuration) { server, client in
            try server.install(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "other"]])
            try await run(row.steps, server, client)
        }
    }

    @Test("an address of the cluster's own Service range is never assigned, wherever the pool begins")
    func serviceRange() async throws {
        var configuration = APIServerConfiguration()
        configuration.serviceRanges = ["10.96.0.0/30"]
        try await withCluster(configuration) { server, client in
            try server.install(
                manifest: """
                    apiVersion: lb.cluster.home/v1beta1
                    kind: IPAddressPool
                    metadata: {name: careless}
                    spec: {addresses: [10.96.0.2-10.96.0.9]}
                    ---
                    apiVersion: v1
                    kind: Service
                    metadata: {name: web, namespace: default}
                    spec: {type: LoadBalancer, ports: [{port: 80}]}
                    """)
            try await withController(client) { controller in
                try await untilAtRest(controller) { !$0.serviceCIDRs.isEmpty && !$0.services.isEmpty }
            }
            let service: Service = try await client.get(name: "web", namespace: "default")
            #expect(service.ingressTexts == ["10.96.0.4"])
        }
    }

    /// An API server with Herald's types and namespace, and a client that is not held back.
    private func withCluster(
        _ configuration: APIServerConfiguration, _ body: @Sendable (EmbeddedAPIServer, APIClient) async throws -> Void
    ) async throws {
        try await withEmbeddedAPIServer(configuration) { server in
            for name in ["ipaddresspools", "l2advertisements", "servicel2statuses"] {
                let url = Repository.root.appending(path: "manifests/crds/\(name).yaml")
                try server.install(manifest: String(contentsOf: url, encoding: .utf8))
            }
            try server.install(
                ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(ControllerPolicy().namespace)]])
            let client = try APIClient(
                APIConfiguration(
                    url: server.url, certificateAuthority: server.certificateAuthorityPEM, token: server.adminToken),
                limits: RequestLimits(rate: 1000, burst: 1000))
            try await client.closing { try await body(server, $0) }
        }
    }

    /// Each stretch between restarts has a controller of its own.
    private func run(_ steps: [Step], _ server: EmbeddedAPIServer, _ client: APIClient) async throws {
        var stretches: [(policy: ControllerPolicy, steps: [Step])] = [(ControllerPolicy(), [])]
        for step in steps {
            if case .restart(let loadBalancerClass) = step {
                stretches.append((ControllerPolicy(loadBalancerClass: loadBalancerClass), []))
            } else {
                stretches[stretches.count - 1].steps.append(step)
            }
        }
        for stretch in stretches {
            try await withController(client, stretch.policy) { controller in
                for step in stretch.steps { try await perform(step, server, client, controller) }
            }
        }
    }

    private func withController(
        _ client: APIClient, _ policy: ControllerPolicy = ControllerPolicy(),
        _ body: (Controller) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let controller = Controller(ControllerState(policy: policy, watches: Set(Watch.allCases)), logger: logger)
        let writer = PlanWriter(client, events: EventRecorder(client, component: "lb-controller"), logger: logger)
        let follower = ClusterFollower(
            client: client, controller: controller, namespace: policy.namespace, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await follower.run() }
            group.addTask { await controller.lead(with: writer) }
            defer { group.cancelAll() }
            try await body(controller)
        }
    }

    private func perform(
        _ step: Step, _ server: EmbeddedAPIServer, _ client: APIClient, _ controller: Controller
    ) async throws {
        switch step {
        case .pool(let pool):
            let version = try await put(pool, client)
            try await untilAtRest(controller) {
                $0.pools[pool.key]?.metadata.resourceVersion.isAtLeast(version) == true
            }
        case .service(let service):
            let version = try await put(service, client)
            try await untilAtRest(controller) {
                $0.services[service.key]?.metadata.resourceVersion.isAtLeast(version) == true
            }
        case .node(let node):
            try server.install(node.document)
            try await untilAtRest(controller) { $0.nodes[node.key]?.status?.addresses?.isEmpty == false }
        case .serviceRange(let range):
            try server.install(range.document)
            try await untilAtRest(controller) { $0.serviceCIDRs[range.key] != nil }
        case .namespace(let namespace):
            _ = try await put(namespace, client)
            try await untilAtRest(controller) {
                $0.namespaces[namespace.key]?.metadata.labels?.isEmpty == false
            }
        case .deletePool(let name):
            try await client.delete(IPAddressPool.self, name: name)
            try await untilAtRest(controller) { $0.pools[ObjectKey(name: name)] == nil }
        case .delete(let name):
            let key = ObjectKey(caseName: name)
            try await client.delete(Service.self, name: key.name, namespace: key.namespace)
            try await untilAtRest(controller) {
                $0.services[key]?.metadata.deletionTimestamp != nil || $0.services[key] == nil
            }
        case .status(let name, let addresses):
            let key = ObjectKey(caseName: name)
            let entries = addresses.map { JSONValue.object([IPAddress($0) == nil ? "hostname" : "ip": .string($0)]) }
            let patch: JSONValue = [
                "status": ["loadBalancer": ["ingress": entries.isEmpty ? .null : .array(entries)]]
            ]
            let written: Service = try await client.patch(
                name: key.name, namespace: key.namespace, .merge(patch), subresource: "status")
            try await untilAtRest(controller) {
                $0.services[key]?.metadata.resourceVersion.isAtLeast(written.metadata.resourceVersion) == true
            }
        case .conflict(let name, let address, let hardwareAddress, let isAnnounced):
            let report = ServiceL2Status(
                conflictOf: ObjectKey(caseName: name), address, hardwareAddress, isAnnounced: isAnnounced)
            try server.install(report.document)
            try await untilAtRest(controller) {
                $0.announcements[report.key]?.status?.addresses?.first?.address == address
            }
        case .restart: break
        case .expect(let name, let expectation):
            let key = ObjectKey(caseName: name)
            try await untilAtRest(controller) { _ in true }
            let service: Service = try await client.get(name: key.name, namespace: key.namespace)
            #expect(AllocationCase.Expectation(of: service) == expectation)
        }
    }

    private func put<Object: KubernetesObject>(_ object: Object, _ client: APIClient) async throws -> String? {
        let written: Object = try await client.patch(
            name: object.metadata.name, namespace: object.metadata.namespace,
            .apply(object.document, fieldManager: "user"))
        return written.metadata.resourceVersion
    }

    private func untilAtRest(_ controller: Controller, _ knows: (ClusterSnapshot) -> Bool) async throws {
        for _ in 0..<1500 {
            let (snapshot, isAtRest) = await controller.standing
            if isAtRest, knows(snapshot) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("the controller is not at rest after 15 s")
    }
}

enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
}

extension String? {
    /// Of two versions of one object.
    fileprivate func isAtLeast(_ other: String?) -> Bool {
        guard let mine = flatMap({ Int($0) }), let other = other.flatMap({ Int($0) }) else { return self == other }
        return mine >= other
    }
}

extension KubernetesObject {
    /// As a manifest says it.
    fileprivate var document: JSONValue {
        guard let data = try? JSONEncoder().encode(self),
            var value = try? JSONDecoder().decode(JSONValue.self, from: data)
        else { return .null }
        value["apiVersion"] = .string(Self.resource.apiVersion)
        value["kind"] = .string(Self.resource.kind)
        return value
    }
}

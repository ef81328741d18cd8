import EmbeddedAPIServer
import KubernetesModel
import Logging
import MonotonicTime
import NetworkAddresses
import Reconciliation
import Telemetry
import Testing

@testable import KubernetesClient
@testable import SpeakerDaemon

/// A peer says that an address is not this node's any more: a watch may hang, or the peer's may.
@Suite(.timeLimit(.minutes(1))) struct ClaimReaderTests {
    private static let service = ObjectKey(namespace: "default", name: "web")

    private static func service(_ metadata: ObjectMeta) -> Service {
        Service(
            metadata: metadata, spec: .init(type: "LoadBalancer"),
            status: .init(loadBalancer: .init(ingress: [.init(ip: "192.168.57.200")])))
    }

    private static func slice(_ name: String, of service: String = "web", version: String? = "1") -> EndpointSlice {
        EndpointSlice(
            metadata: ObjectMeta(
                name: name, namespace: "default", resourceVersion: version,
                labels: [EndpointSlice.serviceNameLabel: service]))
    }

    private static func list<Object: KubernetesObject>(_ objects: Object...) -> ServiceReading.Versions {
        var list = ObjectList<Object>()
        list.items = objects
        return .init(list)
    }

    private static let none = ServiceReading.Versions(ObjectList<Node>())

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var reading: ServiceReading
        var agrees: Bool

        init(
            _ text: String, _ services: ServiceReading.Versions, _ slices: ServiceReading.Versions,
            _ nodes: ServiceReading.Versions, agrees: Bool
        ) {
            (testDescription, self.agrees) = (text, agrees)
            reading = ServiceReading(
                service: ClaimReaderTests.service, services: services, endpointSlices: slices, nodes: nodes)
        }
    }

    private static let web = list(service(ObjectMeta(name: "web", namespace: "default", resourceVersion: "1")))
    private static let slices = list(slice("web-1"), slice("web-2"))
    private static let node = list(Node(metadata: ObjectMeta(name: "node-a", resourceVersion: "1")))

    static let rows: [Row] = [
        Row("all as the watches told", web, slices, node, agrees: true),
        Row("the Service is gone", none, slices, node, agrees: false),
        Row(
            "another version of the Service",
            list(service(ObjectMeta(name: "web", namespace: "default", resourceVersion: "2"))), slices, node,
            agrees: false),
        Row("a slice is gone", web, list(slice("web-1")), node, agrees: false),
        Row("one more slice", web, list(slice("web-1"), slice("web-2"), slice("web-3")), node, agrees: false),
        Row("another version of a slice", web, list(slice("web-1"), slice("web-2", version: "7")), node, agrees: false),
        Row(
            "another version of this node", web, slices, list(Node(metadata: ObjectMeta(name: "node-a"))), agrees: false
        ),
    ]

    @Test("what differs from what the watches told is found", arguments: rows)
    func agreement(_ row: Row) {
        var state = SpeakerState(node: "node-a", policy: SpeakerPolicy(), selection: LinkSelection())
        let changes: [ClusterChange] = [
            .service(.applied(Self.service(ObjectMeta(name: "web", namespace: "default", resourceVersion: "1")))),
            .endpointSlice(.applied(Self.slice("web-1"))), .endpointSlice(.applied(Self.slice("web-2"))),
            .endpointSlice(.applied(Self.slice("other-1", of: "other"))),
            .node(.applied(Node(metadata: ObjectMeta(name: "node-a", resourceVersion: "1")))),
            .node(.applied(Node(metadata: ObjectMeta(name: "node-b", resourceVersion: "1")))),
        ]
        for change in changes {
            state.apply(change, at: .init(nanoseconds: 0), wallClock: AnnouncementRecordsTests.since)
        }
        #expect(state.agrees(with: row.reading) == row.agrees)
    }

    @Test("what cannot be read is not gone")
    func unreadable() {
        var state = SpeakerState(node: "node-a", policy: SpeakerPolicy(), selection: LinkSelection())
        state.apply(
            .service(.applied(Self.service(ObjectMeta(name: "web", namespace: "default", resourceVersion: "1")))),
            at: .init(nanoseconds: 0), wallClock: AnnouncementRecordsTests.since)
        var services = ObjectList<Service>()
        let identity = ObjectIdentity(metadata: .init(name: "web", namespace: "default"))
        services.skipped = [SkippedObject(Service.resource, identity: identity, CancellationError())]
        let reading = ServiceReading(
            service: Self.service, services: .init(services), endpointSlices: Self.none, nodes: Self.none)
        #expect(state.agrees(with: reading))
    }

    @Test("a Service whose deletion the watch has missed goes")
    func missed() async throws {
        try await withEmbeddedAPIServer { server in
            try server.install([
                "apiVersion": "v1", "kind": "Service", "metadata": ["name": "other", "namespace": "default"],
                "spec": ["type": "LoadBalancer", "ports": [["port": 80]]],
                "status": ["loadBalancer": ["ingress": [["ip": "192.168.57.201"]]]],
            ])
            let client = try APIClient(
                APIConfiguration(
                    url: server.url, certificateAuthority: server.certificateAuthorityPEM, token: server.adminToken))
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let control = SpeakerControl(
                state: SpeakerState(node: "node-a", policy: SpeakerPolicy(), selection: LinkSelection()),
                events: EventRecorder(client, component: "lb-speaker"), health: HealthState(), logger: logger)
            let (requests, asks) = AsyncStream.makeStream(of: IPAddress.self)
            var watcher = ClusterWatcher(client: client, control: control, namespace: "herald-system", logger: logger)
            watcher.patience = .zero
            let reader = ClaimReader(client: client, control: control, requests: requests, logger: logger)
            for case .pool(let change) in AnnouncementRecordsTests.changes([]) { await control.apply(.pool(change)) }
            try await client.closing { _ in
                try await withThrowingTaskGroup(of: Void.self) { [watcher] group in
                    group.addTask { try await watcher.run() }
                    group.addTask { try await reader.run() }
                    defer { group.cancelAll() }
                    while await control.plan.addresses.isEmpty {
                        try await Task.sleep(for: .milliseconds(10))
                        _ = await control.newConfigurations()
                    }
                    // As if the Service had been there, and its deletion was never told.
                    for change in AnnouncementRecordsTests.changes(["web"]) { await control.apply(change) }
                    _ = await control.newConfigurations()
                    let address = AnnouncementRecordsTests.address
                    #expect(await control.plan.addresses[address]?.services == [Self.service])
                    asks.yield(address)
                    while await control.plan.addresses[address] != nil {
                        try await Task.sleep(for: .milliseconds(10))
                        _ = await control.newConfigurations()
                    }
                }
            }
        }
    }
}

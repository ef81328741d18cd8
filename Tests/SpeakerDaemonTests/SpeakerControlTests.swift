import EmbeddedAPIServer
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging
import MonotonicTime
import Reconciliation
import Synchronization
import Telemetry
import Testing

@testable import Link
@testable import SpeakerDaemon

/// What the control plane makes of what the packet thread tells, and of what the API server answers.
@Suite struct SpeakerControlTests {
    typealias World = AnnouncementRecordsTests

    /// A speaker with the link `eth0` whose plan has the Services `a` and `b` on 192.168.57.200.
    static func control(
        _ client: APIClient, log: any LogHandler = SwiftLogNoOpLogHandler()
    ) async -> SpeakerControl {
        var state = SpeakerState(node: "node-a", policy: SpeakerPolicy(), selection: LinkSelection())
        for change in World.changes(["a", "b"]) {
            state.apply(change, at: MonotonicClock.now(), wallClock: World.since)
        }
        let control = SpeakerControl(
            state: state, events: EventRecorder(client, component: "lb-speaker"), health: HealthState(),
            logger: Logger(label: "test") { _ in log })
        await control.use([SpeakerStateTests.link("eth0", "192.168.57.31", "192.168.57.0/24")])
        _ = await control.newConfigurations()
        return control
    }

    static func report() -> LinkReport {
        var report = LinkReport(interfaceName: "eth0", phase: .ready)
        report.owned = [.init(address: World.address, since: MonotonicClock.now() - .seconds(1000), term: 7)]
        return report
    }

    @Test("a report tells of the takes whose facts were lost, once, and an interface that goes takes its entries along")
    func lost() async throws {
        // Nothing is asked of the API server here.
        let client = try APIClient(try APIConfiguration(url: "http://127.0.0.1:1"))
        let control = await Self.control(client)
        #expect(await control.take(Self.report()).map(\.address) == [World.address])
        let writes = await control.dueRecords()
        #expect(writes.map(\.name) == ["default.a", "default.b"])
        for write in writes {
            let since = try #require(write.entries.first?.since)
            #expect((900...1100).contains(Date().timeIntervalSince1970 - Double(since.microseconds) / 1e6))
            await control.wrote(write)
        }
        #expect(await control.take(Self.report()).isEmpty)

        await control.use([])
        #expect(await control.take(Self.report()).isEmpty, "too late")
        // What is left to do is to take the entries back.
        #expect(await control.untilRecordsAreDue() != nil)
        await client.shutdown()
    }

    @Test("that the watches live is told once, and not again for each cable that comes back")
    func watchesTold() async throws {
        let (client, log) = (try APIClient(try APIConfiguration(url: "http://127.0.0.1:1")), Lines())
        let control = await Self.control(client, log: log)
        await control.found(cluster: "test")
        for watch in Watch.neededToBeFresh { await control.alive(watch, at: MonotonicClock.now()) }
        let link = SpeakerStateTests.link("eth0", "192.168.57.31", "192.168.57.0/24")
        for links in [[link], [], [link], [], [link]] {
            await control.use(links)
            #expect(await control.newConfigurations()?.map(\.interfaceName) == links.map(\.name))
        }
        #expect(log.all == ["the API server's watches are alive"])
        await client.shutdown()
    }

    @Test("a Service that comes to share an announced address is recorded once the plan has it")
    func shared() async throws {
        let client = try APIClient(try APIConfiguration(url: "http://127.0.0.1:1"))
        let control = await Self.control(client)
        _ = await control.take(Self.report())
        for write in await control.dueRecords() { await control.wrote(write) }
        for change in World.changes(["c"]) { await control.apply(change) }
        #expect(await control.dueRecords().isEmpty, "not planned yet")
        _ = await control.newConfigurations()
        #expect(await control.dueRecords().map(\.name) == ["default.c"])
        await client.shutdown()
    }

    @Test("what the API server forbids is neither forgotten nor tried again at once: the role may come later")
    func forbidden() async throws {
        try await write {
            try $0.issueToken(serviceAccount: "speaker", namespace: "herald-system")
        } then: {
            #expect($0, "it has answered")
            #expect(await $1.dueRecords().isEmpty)
            let wait = try #require(await $1.untilRecordsAreDue())
            #expect(wait > .seconds(30) && wait <= .seconds(60))
        }
    }

    @Test("a token that the API server does not know is no refusal: the next one may be in its file in a moment")
    func unauthorized() async throws {
        try await write { _ in
            "expired"
        } then: {
            #expect(!$0)
            let wait = try #require(await $1.untilRecordsAreDue())
            #expect(wait <= .seconds(1))
        }
    }

    /// Lets a speaker with this token write what is due, once.
    private func write(
        as token: @Sendable @escaping (EmbeddedAPIServer) throws -> String,
        then check: @Sendable @escaping (_ hasAnswered: Bool, SpeakerControl) async throws -> Void
    ) async throws {
        var configuration = APIServerConfiguration()
        configuration.enforcesRBAC = true
        try await withEmbeddedAPIServer(configuration) { server in
            try server.install(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "herald-system"]])
            let token = try token(server)
            let file = FileManager.default.temporaryDirectory.appending(path: "herald-\(UUID().uuidString)")
            try server.kubeconfig(token: token).write(to: file, atomically: true, encoding: .utf8)
            defer { try? FileManager.default.removeItem(at: file) }
            let client = try APIClient(.kubeconfig(path: file.path))
            let control = await Self.control(client)
            _ = await control.take(Self.report())
            let writer = RecordWriter(
                client: client, control: control, namespace: "herald-system",
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await check(await writer.writeAll(), control)
            await client.shutdown()
        }
    }
}

/// Keeps what is logged.
private struct Lines: LogHandler {
    private final class Store: Sendable { let lines = Mutex<[String]>([]) }

    private let store = Store()
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info
    var all: [String] { store.lines.withLock(\.self) }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { store.lines.withLock { $0.append("\(event.message)") } }
}

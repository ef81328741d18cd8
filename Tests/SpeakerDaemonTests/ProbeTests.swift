import KubernetesClient
import KubernetesModel
import Link
import Logging
import MonotonicTime
import Netlink
import NetworkAddresses
import Reconciliation
import Synchronization
import Telemetry
import Testing
import Wire

@testable import SpeakerDaemon

/// The probes tell the truth about the packet thread, and depend on the API server only until the first sync.
@Suite("Probes of the speaker")
struct ProbeTests {
    private final class HandClock: Sendable {
        private let elapsed = Mutex(Duration.zero)
        private let start = SuspendingClock.now

        var now: SuspendingClock.Instant { start + elapsed.withLock { $0 } }

        func advance(_ duration: Duration) { elapsed.withLock { $0 += duration } }
    }

    /// Hands events to the listener as the packet thread does, and returns when they have been taken.
    ///
    /// - Returns: The links that the control plane uses then.
    @discardableResult
    private func tell(
        _ events: [PacketEvent], _ health: HealthState, _ heartbeat: Heartbeat
    ) async throws -> [UsableLink] {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let state = SpeakerState(node: "node-a", policy: SpeakerPolicy(), selection: LinkSelection())
        // Nothing is asked of the API server here.
        let client = try APIClient(try APIConfiguration(url: "http://127.0.0.1:1"))
        let control = SpeakerControl(
            state: state, events: EventRecorder(client, component: "lb-speaker"), health: health, logger: logger)
        let (stream, continuation) = AsyncStream.makeStream(of: PacketEvent.self)
        let (_, refused) = AsyncStream.makeStream(of: IPAddress.self)
        for event in events { continuation.yield(event) }
        continuation.finish()
        await PacketListener(
            events: stream, control: control, refused: refused, heartbeat: heartbeat, logger: logger
        ).run()
        await client.shutdown()
        return await control.links
    }

    @Test("a link has its gateways, whichever of the two is told first, and loses them when they are gone")
    func gateways() async throws {
        let health = HealthState()
        let heartbeat = health.heartbeat("packets", limit: .seconds(60))
        let router = Gateway(interfaceIndex: 2, address: .v4(IPv4Address(10, 0, 0, 1)))
        let other = Gateway(interfaceIndex: 3, address: .v4(IPv4Address(10, 0, 0, 2)))
        let (network, gateways) = (Self.network("eth0"), PacketEvent.gateways([router, other]))
        for events in [[network, gateways], [gateways, network], [gateways, network, network]] {
            #expect(try await tell(events, health, heartbeat).map(\.gateways) == [[router.address]])
        }
        #expect(try await tell([network, gateways, .gateways([])], health, heartbeat).map(\.gateways) == [[]])
    }

    @Test("a packet thread that has stopped turning fails liveness, whatever else is heard")
    func stuck() async throws {
        let clock = HandClock()
        let health = HealthState { clock.now }
        let heartbeat = health.heartbeat("packets", limit: .seconds(60))
        try await tell([.pulse], health, heartbeat)
        clock.advance(.seconds(61))
        try await tell([.network(NetworkState()), .trouble("no socket", link: "eth0")], health, heartbeat)
        #expect(health.liveness.text.contains("packets failed: has not turned for 61 s"))
        try await tell([.pulse], health, heartbeat)
        #expect(health.liveness.isHealthy)
    }

    /// What `/readyz` says after the packet thread has told these.
    private func readiness(after events: [PacketEvent]) async throws -> String {
        let health = HealthState()
        try await tell(events, health, health.heartbeat("packets", limit: .seconds(60)))
        return health.readiness.checks.filter { $0.name != "packets" }
            .map { "\($0.name): \($0.problem ?? "ok")" }.sorted().joined(separator: "\n")
    }

    private static func network(_ names: String...) -> PacketEvent {
        var network = NetworkState()
        for (index, name) in zip(Int32(2)..., names) {
            var interface = NetworkInterface(index: index, name: name)
            interface.hardwareAddress = MACAddress(2, 0, 0, 0, 0, UInt8(index))
            (interface.isUp, interface.hasCarrier, interface.isEthernet) = (true, true, true)
            network.interfaces[index] = interface
        }
        return .network(network)
    }

    private static func report(_ name: String, _ phase: LinkPhase) -> PacketEvent {
        .report(LinkReport(interfaceName: name, phase: phase), PacketCounters())
    }

    @Test("netlink that fails for a moment keeps the speaker from being ready for that moment")
    func netlink() async throws {
        let start: [PacketEvent] = [
            Self.network("eth0"), Self.report("eth0", .ready), .netlink(problem: "no buffer"),
        ]
        #expect(try await readiness(after: start) == "link eth0: ok\nnetlink: no buffer")
        #expect(
            try await readiness(after: start + [Self.network("eth0"), .netlink(problem: nil)])
                == "link eth0: ok\nnetlink: ok")
    }

    @Test("default routes that cannot be read keep the speaker from being ready meanwhile")
    func routes() async throws {
        let start: [PacketEvent] = [
            Self.network("eth0"), Self.report("eth0", .ready), .routes(problem: "no buffer"),
        ]
        #expect(try await readiness(after: start) == "link eth0: ok\nroutes: no buffer")
        #expect(try await readiness(after: start + [.routes(problem: nil)]) == "link eth0: ok\nroutes: ok")
    }

    @Test("a lasting trouble of a link is no matter of its phase, and ends when the packet thread says so")
    func trouble() async throws {
        let start: [PacketEvent] = [
            Self.network("eth0"), Self.report("eth0", .joining), .trouble("no filter fits", link: "eth0"),
            .fact(.phase(.ready), link: "eth0"), Self.report("eth0", .ready), Self.report("eth0", .ready),
        ]
        #expect(try await readiness(after: start) == "link eth0: ok\nsockets eth0: no filter fits")
        #expect(
            try await readiness(after: start + [.trouble(nil, link: "eth0")]) == "link eth0: ok\nsockets eth0: ok")
    }

    @Test("what is told of a link that is not used any more, or never was, is not waited for")
    func dropped() async throws {
        let late: [PacketEvent] = [
            Self.report("eth1", .joining), .fact(.phase(.joining), link: "eth1"), .trouble("gone", link: "eth1"),
        ]
        let start = [Self.network("eth0", "eth1"), Self.report("eth0", .ready)] + late
        #expect(
            try await readiness(after: start)
                == "link eth0: ok\nlink eth1: listening before it takes part\nsockets eth1: gone")
        #expect(try await readiness(after: start + [Self.network("eth0")] + late) == "link eth0: ok")
        #expect(
            try await readiness(
                after: [Self.network("eth0", "docker0"), Self.report("eth0", .ready)]
                    + [Self.report("docker0", .deaf)]) == "link eth0: ok")
    }

    @Test("readiness outlives the API server: silent watches and a deleted key keep a synced speaker ready")
    func outage() throws {
        var state = SpeakerStateTests().synced()
        _ = state.take(.replaced([SpeakerStateTests.secret("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")]))
        #expect(state.syncProblem == nil)
        let later = SpeakerStateTests.start + .seconds(24 * 3600)
        #expect(state.isStale(at: later))
        #expect(state.configurations(at: later).first?.intents != nil)
        state.readFailed(at: later)
        _ = state.take(.replaced([]))
        #expect(state.syncProblem == nil)
    }

    @Test("in a rotation of three steps no speaker ever meets a signature that it does not accept")
    func rotation() throws {
        let old = "b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk"
        let new = "bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3"
        func keys(_ steps: [(String, String?)]) throws -> [HelloKeys] {
            try steps.map { current, previous in
                var secret = HelloKeySecret()
                #expect(secret.take(.applied(SpeakerStateTests.secret(current, previous: previous))) == .loaded)
                return try #require(secret.keys)
            }
        }
        let cluster = ClusterID(uid: "cluster")
        func accepts(_ reader: HelloKeys, _ writer: HelloKeys) throws -> Bool {
            let sender = HelloSender(name: "node-b", interfaceName: "eth0", addresses: [])
            let header = HelloHeader(
                cluster: cluster, node: NodeID(name: "node-b"), incarnation: 1, sequence: 1,
                hardwareAddress: MACAddress(2, 0, 0, 0, 0, 2), phase: .ready, isStale: false,
                details: EncodedSender(sender).digest)
            let bytes = HelloFrame(header: header, body: .hello(heard: [], unheard: [])).encoded(
                sender: EncodedSender(sender), key: writer.current, authenticator: HMACAuthenticator())
            return try HelloFrameView(bytes, at: 0, cluster: cluster).isAuthentic(reader, HMACAuthenticator())
        }
        // docs/security.md: publish, switch, retire. Each speaker is at most one step behind.
        let steps = try keys([(old, nil), (old, new), (new, old), (new, nil)])
        for (before, after) in zip(steps, steps.dropFirst()) {
            #expect(try accepts(before, after))
            #expect(try accepts(after, before))
        }
        let hasty = try keys([(old, nil), (new, old)])
        #expect(try !accepts(hasty[0], hasty[1]), "switching at once is refused by those who have not read it yet")
    }
}

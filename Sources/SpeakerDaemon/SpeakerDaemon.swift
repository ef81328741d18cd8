import Daemon
import KubernetesClient
import KubernetesModel
import Layer2
import Link
import Logging
import MonotonicTime
import Netlink
import NetworkAddresses
import PacketSocket
import Reconciliation
import ServiceLifecycle
import Telemetry
import UnixSignals

/// # SpeakerDaemon
///
/// One speaker: what the API says (reflectors), what the kernel says (netlink) and what the wire says (the packet
/// thread) come together in ``SpeakerControl``, which turns the first two into one `LinkConfiguration` per link. The
/// packet thread decides and answers by itself; an API outage, a slow plan or a busy process never delays it. What the
/// kernel takes its time for, joining groups and closing sockets, the packet thread leaves to the thread of chores.
///
///     reflectors ─┐                      mailbox              frames
///     netlink ────┴→ SpeakerControl ──→ LinkConfiguration ──→ packet thread ←→ links
///                          ↑ ────────── facts, reports ───────────┘
///                          └→ ServiceL2Status, Events, Lease, metrics, health
struct SpeakerDaemon {
    let settings: SpeakerSettings

    init(_ settings: SpeakerSettings) { self.settings = settings }

    func run() async throws {
        let absent = try checkNode()
        let telemetry = Telemetry.start(settings.telemetry)
        let logger = Logger(label: "speaker")
        let client: APIClient
        do {
            // What went wrong at the start is one line: an API server that must answer first is spoken of afterwards.
            client = try APIClient(
                settings.api, transport: settings.transport,
                logger: settings.mustReachAPI ? nil : Logger(label: "api"))
        } catch {
            throw StartupProblem(error.message)
        }
        if settings.mustReachAPI {
            try await reach(client)
            for warning in settings.api.warnings { logger.warning("\(warning)") }
        }
        let loop: PacketLoop<LinkSpeaker>
        do {
            loop = try PacketLoop(settings: settings.packetLoop)
            try loop.start()
        } catch {
            throw StartupProblem("\(error)")
        }
        logger.notice(
            "lb-speaker starts",
            metadata: ["node": "\(settings.node)", "namespace": "\(settings.namespace)", "version": "\(heraldVersion)"])
        for name in absent {
            logger.warning(
                "this node has no such interface; it is used as soon as it is there", metadata: ["link": "\(name)"])
        }
        var configuration = ServiceGroupConfiguration(
            services: services(telemetry, client, loop, logger).map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "lifecycle"))
        configuration.maximumGracefulShutdownDuration = .seconds(5)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// In the order of dependency; the last one is shut down first.
    private func services(
        _ telemetry: Telemetry, _ client: APIClient, _ loop: PacketLoop<LinkSpeaker>, _ logger: Logger
    ) -> [any ServiceLifecycle.Service] {
        let events = EventRecorder(client, component: "lb-speaker", host: settings.node)
        var state = SpeakerState(
            node: settings.node, policy: settings.policy, selection: settings.selection,
            speakerNodes: settings.speakerNodes)
        state.timing.layer2.framesPerSecond = settings.announceRate
        state.timing.layer2.refresh = .seconds(Int64(settings.refreshInterval))
        let control = SpeakerControl(state: state, events: events, health: telemetry.health, logger: logger)
        let (refused, refusals) = AsyncStream.makeStream(
            of: IPAddress.self, bufferingPolicy: .bufferingNewest(64))
        telemetry.health.set("synced", problem: "waiting for the API server")
        return [
            telemetry, StartCode(telemetry.health), client,
            PacketService(
                loop: loop, control: control, refused: refusals,
                heartbeat: telemetry.health.heartbeat("packets", limit: .seconds(60)), logger: logger),
            PlanService(
                loop: loop, control: control, heartbeat: telemetry.health.heartbeat("plan", limit: .seconds(60))),
            events,
            RecordWriter(client: client, control: control, namespace: settings.namespace, logger: logger),
            LeaseKeeper(
                client: client, control: control, loop: loop, node: settings.node,
                policy: settings.policy, namespace: settings.namespace, logger: logger),
            ClaimReader(client: client, control: control, requests: refused, logger: logger),
            ClusterWatcher(client: client, control: control, namespace: settings.namespace, logger: logger),
        ]
    }

    /// What this node must have, whatever the cluster is like.
    ///
    /// - Returns: The interfaces that are named and absent: a DaemonSet names those of all its nodes.
    private func checkNode() throws(StartupProblem) -> [String] {
        let present: [String]
        do {
            try PacketSocket.requireCapability()
            present = try LinkMonitor.snapshot().interfaces.values.map(\.name)
        } catch {
            throw StartupProblem("\(error)")
        }
        return try settings.selection.checked(against: present)
    }

    /// An API server that was named by hand must answer once; the pod's own may come later.
    private func reach(_ client: APIClient) async throws(StartupProblem) {
        do {
            _ = try await client.raw(.get, "/version")
        } catch {
            await client.shutdown()
            throw StartupProblem(
                "cannot use the API server \(settings.api.server): \(error.message); check \(settings.api.origin)")
        }
    }
}

extension LinkSelection {
    /// The absent ones of the named interfaces; that all of them are is a mistake.
    func checked(against present: [String]) throws(StartupProblem) -> [String] {
        let absent = only.filter { !present.contains($0) }
        guard !absent.isEmpty, absent.count == only.count else { return absent }
        let others = present.filter { $0 != "lo" }.sorted().joined(separator: ", ")
        throw StartupProblem(
            "--interfaces names \(absent.joined(separator: ", ")), and this node has \(others.isEmpty ? "none" : others)"
        )
    }
}

import Daemon
import KubernetesClient
import Link
import Logging
import Netlink
import NetworkAddresses
import ServiceLifecycle
import Telemetry

/// Keeps the packet thread's side of the process: its facts go to ``SpeakerControl`` and into metrics, and at shutdown
/// the peers are told that this speaker restarts, and it goes on answering until they do.
struct PacketService: ServiceLifecycle.Service {
    let loop: PacketLoop<LinkSpeaker>
    let control: SpeakerControl
    /// Addresses whose claim a peer refuses.
    let refused: AsyncStream<IPAddress>.Continuation
    let heartbeat: Heartbeat
    let logger: Logger

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await PacketListener(
                    events: loop.events, control: control, refused: refused, heartbeat: heartbeat, logger: logger
                ).run()
            }
            group.addTask {
                try? await gracefulShutdown()
                await loop.handOver()
            }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Takes what the packet thread tells, until it ends.
struct PacketListener {
    let events: AsyncStream<PacketEvent>
    let control: SpeakerControl
    let refused: AsyncStream<IPAddress>.Continuation
    /// Beats when the packet thread does; nothing else may make it beat.
    let heartbeat: Heartbeat
    let logger: Logger

    func run() async {
        var metrics = LinkMetrics()
        var network = NetworkState()
        var gateways: Set<Gateway> = []
        for await event in events {
            // The packet thread closes a link a little after the control plane has let go of it.
            if let link = event.link, await !control.uses(link) { continue }
            switch event {
            case .fact(let fact, let link):
                metrics.count(fact, on: link)
                if let address = await control.take(fact, on: link) { refused.yield(address) }
            case .report(let report, let counters):
                metrics.update(report, counters)
                for owned in await control.take(report) {
                    metrics.count(.took(owned.address, term: owned.term), on: report.interfaceName, at: owned.since)
                }
            case .pulse: heartbeat.beat()
            case .network(let state):
                network = state
                let links = network.usableLinks(gateways)
                await control.use(links)
                let existing = network.interfaces.values.lazy.filter { $0.master == nil }.map(\.name)
                metrics.use(Set(links.map(\.name)), of: Set(existing))
            case .gateways(let all):
                gateways = all
                await control.use(network.usableLinks(gateways))
            case .trouble(let trouble, let link): await control.take(trouble: trouble, on: link)
            case .netlink(let problem): await control.take(netlinkProblem: problem)
            case .routes(let problem): await control.take(routesProblem: problem)
            }
        }
    }
}

/// Hands new configurations over to the packet thread.
struct PlanService: ServiceLifecycle.Service {
    let loop: PacketLoop<LinkSpeaker>
    let control: SpeakerControl
    let heartbeat: Heartbeat

    /// A list of thousands of objects is a few plans, not thousands.
    static let spacing = Duration.milliseconds(20)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if let configurations = await control.newConfigurations() { loop.configure(configurations) }
                heartbeat.beat()
                try? await Task.sleep(for: Self.spacing)
                await control.planBell.wait(atMost: await control.untilReplan())
            }
            heartbeat.stop()
        }
    }
}

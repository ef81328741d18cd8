import ArgumentParser
import Foundation

/// What is done to the node that announces the address.
enum Fault: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// The switch no longer forwards for its port; the node's carrier stays.
    case switchPort = "switch-port"
    case linkDown = "link-down"
    /// Power loss: its processes and interfaces are gone at once.
    case nodeKilled = "node-killed"
    case speakerKilled = "speaker-killed"
    case speakerTerminated = "speaker-terminated"
    case speakerStopped2 = "speaker-stopped-2s"
    case speakerStopped30 = "speaker-stopped-30s"
    case drain
    case rollingRestart = "rolling-restart"
    /// Nothing: counts false failovers.
    case none

    /// The node cannot be reached any more: another one must announce.
    var isDeath: Bool { [.switchPort, .linkDown, .nodeKilled].contains(self) }

    /// Does it, watches what comes of it, and leaves the site as it should be in the middle of the observation.
    /// - Returns: When a stopped speaker went on.
    func happen(to victim: Site.Node, _ rig: Rig) async throws -> Int64? {
        var continued: Int64?
        switch self {
        case .switchPort: try shell("ip link set \(victim.port) nomaster")
        case .linkDown: try shell("ip link set \(victim.port) down")
        case .nodeKilled:
            rig.speakers.signal(victim, SIGKILL)
            try shell("ip link del \(victim.port)")
        case .speakerKilled: rig.speakers.end(victim, with: SIGKILL)
        case .speakerTerminated: rig.speakers.end(victim, with: SIGTERM)
        case .speakerStopped2: rig.speakers.signal(victim, SIGSTOP)
        case .speakerStopped30: rig.speakers.signal(victim, SIGSTOP)
        case .drain: try rig.cluster.put(victim, isDrained: true)
        case .rollingRestart, .none: break
        }
        try await Task.sleep(for: observation)
        switch self {
        case .speakerKilled, .speakerTerminated: try await restart(victim, rig)
        case .speakerStopped2, .speakerStopped30:
            continued = monotonic()
            rig.speakers.signal(victim, SIGCONT)
            try await Task.sleep(for: .seconds(3))
        case .rollingRestart:
            for node in rig.site.nodes {
                rig.speakers.end(node, with: SIGTERM)
                try await restart(node, rig)
            }
        default: break
        }
        return continued
    }

    private var observation: Duration {
        switch self {
        case .speakerStopped2: .seconds(2)
        case .speakerStopped30: .seconds(30)
        case .rollingRestart: .zero
        case .none: .seconds(10)
        // A node that is heard again within 4 s did not die: its peers would wait twice as long the next time.
        case .switchPort: .seconds(5)
        default: .seconds(2)
        }
    }

    private func restart(_ node: Site.Node, _ rig: Rig) async throws {
        try rig.speakers.start(node)
        try await rig.speakers.untilReady([node])
        try await Task.sleep(for: .seconds(1))
    }

    /// Repairs what is still broken.
    func heal(_ victim: Site.Node, _ rig: Rig) async throws {
        switch self {
        case .switchPort: try shell("ip link set \(victim.port) master lan0")
        case .linkDown: try shell("ip link set \(victim.port) up")
        case .nodeKilled:
            rig.speakers.end(victim, with: SIGKILL)
            try rig.site.plug(victim)
            try rig.speakers.start(victim)
        case .drain: try rig.cluster.put(victim)
        default: break
        }
        try await Task.sleep(for: .milliseconds(700))
        try await rig.speakers.untilReady()
        if self == .drain { try await Task.sleep(for: .seconds(1)) }
    }
}

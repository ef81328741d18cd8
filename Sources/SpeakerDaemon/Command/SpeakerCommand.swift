package import ArgumentParser
package import Daemon
import FoundationEssentials
package import KubernetesModel
import Telemetry

/// `lb-speaker`: its flags, and what they mean.
package struct SpeakerCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "lb-speaker",
        abstract: "Announces load balancer IPs on this node's links: answers ARP and Neighbor Discovery for them.",
        discussion: """
            Runs on every node, with CAP_NET_RAW and the API server's read access. Which node announces an address is \
            settled between the speakers on the link itself.
            """,
        version: heraldVersion)

    @Option(help: "The name of this node. Default: NODE_NAME, else the host name.")
    package var nodeName: String?
    @Option(
        name: [.customLong("load-balancer-class"), .customLong("lb-class")],
        help: "Serve only Services with this spec.loadBalancerClass. Default: Services without one.")
    package var loadBalancerClass: String?
    @Option(
        parsing: .singleValue,
        help: "Announce on this interface only; can be repeated, the first goes first where two are on one segment.")
    package var interfaces: [String] = []
    @Option(
        parsing: .singleValue,
        help: "Never announce on interfaces with such a name; * stands for anything; replaces the built-in list.")
    package var excludeInterfaces: [String] = []
    @Option(
        help:
            "KEY=VALUE,…: the labels of the nodes that are to have a speaker, as the DaemonSet's nodeSelector has them.",
        transform: Self.selector)
    package var nodeSelector = LabelSelector()
    @Flag(help: "Announce also from nodes labelled node.kubernetes.io/exclude-from-external-load-balancers.")
    package var ignoreExcludeLabel = false
    @Option(help: "Announcements and probes per second and interface, at most.")
    package var announceRate = 2000
    @Option(help: "Seconds between the refreshing announcements of an address; 0 switches them off.")
    package var refreshInterval = 60
    @Option(
        help: "Octets of receive buffer for IPv6 and hellos; without CAP_NET_ADMIN net.core.rmem_max is the most.")
    package var receiveBuffer = PacketLoopSettings().receiveBuffer
    @OptionGroup(title: "API server") package var api: APIOptions
    @OptionGroup(title: "Logs and metrics") package var telemetry: TelemetryOptions

    package init() {}

    package func validate() throws {
        guard (10...100_000).contains(announceRate) else {
            throw ValidationError("--announce-rate is \(announceRate); it must be 10 to 100000 frames per second")
        }
        guard refreshInterval == 0 || (5...86400).contains(refreshInterval) else {
            throw ValidationError("--refresh-interval is \(refreshInterval); it must be 0, or 5 to 86400 seconds")
        }
        guard (1 << 16...1 << 28).contains(receiveBuffer) else {
            throw ValidationError("--receive-buffer is \(receiveBuffer); it must be 65536 to 268435456 octets")
        }
    }

    package func run() async throws {
        let settings = try SpeakerSettings(self, Environment(ProcessInfo.processInfo.environment))
        try await SpeakerDaemon(settings).run()
    }
}

extension SpeakerCommand {
    private static func selector(_ text: String) throws -> LabelSelector {
        var labels: [String: String] = [:]
        for label in text.split(separator: ",") {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw ValidationError("\"\(label)\" is no label; it must be KEY=VALUE")
            }
            labels[parts[0]] = parts[1]
        }
        return LabelSelector(matchLabels: labels)
    }
}

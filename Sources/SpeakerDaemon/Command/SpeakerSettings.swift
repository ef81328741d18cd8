import Daemon
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Netlink
import Reconciliation
import Telemetry

/// What the flags and the environment say, checked.
struct SpeakerSettings: Sendable {
    var node: String
    var namespace: String
    var api: APIConfiguration
    var transport: TransportSelection.Kind?
    /// The API server was named by hand, so that one which cannot be reached is a mistake to report, not an outage.
    var mustReachAPI: Bool
    var policy: SpeakerPolicy
    var selection: LinkSelection
    var speakerNodes: LabelSelector
    var announceRate: Int
    var refreshInterval: Int
    var packetLoop = PacketLoopSettings()
    var telemetry: TelemetryConfiguration

    init(_ command: SpeakerCommand, _ environment: Environment) throws(StartupProblem) {
        node = command.nodeName ?? environment["NODE_NAME"] ?? ProcessInfo.processInfo.hostName
        guard !node.isEmpty, node.utf8.count <= 253 else {
            throw StartupProblem("\"\(node)\" is no node name; set --node-name or NODE_NAME")
        }
        api = try command.api.configuration(environment)
        namespace = command.api.namespace(api, environment)
        transport = command.api.transport
        mustReachAPI = command.api.isNamedByHand
        policy = SpeakerPolicy(
            loadBalancerClass: command.loadBalancerClass, ignoresExcludeLabel: command.ignoreExcludeLabel)
        selection = LinkSelection(
            only: command.interfaces.listed,
            excluded: command.excludeInterfaces.isEmpty
                ? NamePattern.excludedByDefault : command.excludeInterfaces.listed.map(NamePattern.init))
        speakerNodes = command.nodeSelector
        (announceRate, refreshInterval) = (command.announceRate, command.refreshInterval)
        packetLoop.receiveBuffer = command.receiveBuffer
        packetLoop.selection = selection
        telemetry = command.telemetry.configuration(component: "speaker")
    }
}

extension [String] {
    /// `--interfaces eth0,eth1` is as good as the flag twice.
    fileprivate var listed: [String] { flatMap { $0.split(separator: ",").map(String.init) } }
}

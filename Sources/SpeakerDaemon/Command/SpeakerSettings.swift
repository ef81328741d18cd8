import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging
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

    init(_ command: SpeakerCommand, environment: [String: String]) throws(StartupProblem) {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        node = command.nodeName ?? variable("NODE_NAME") ?? ProcessInfo.processInfo.hostName
        guard !node.isEmpty, node.utf8.count <= 253 else {
            throw StartupProblem("\"\(node)\" is no node name; set --node-name or NODE_NAME")
        }
        do {
            api = try .automatic(
                kubeconfig: command.kubeconfig, context: command.context, environment: environment)
        } catch {
            throw StartupProblem(error.message)
        }
        namespace =
            command.namespace ?? variable("POD_NAMESPACE")
            ?? (command.kubeconfig == nil ? api.namespace : nil) ?? HeraldObjects.defaultNamespace
        transport = command.transport
        mustReachAPI = command.kubeconfig != nil
        policy = SpeakerPolicy(
            loadBalancerClass: command.loadBalancerClass, ignoresExcludeLabel: command.ignoreExcludeLabel)
        selection = LinkSelection(
            only: command.interfaces.listed,
            excluded: command.excludeInterfaces.isEmpty
                ? NamePattern.excludedByDefault : command.excludeInterfaces.listed.map(NamePattern.init))
        speakerNodes = command.nodeSelector
        (announceRate, refreshInterval) = (command.announceRate, command.refreshInterval)
        packetLoop.receiveBuffer = command.receiveBuffer
        telemetry = TelemetryConfiguration(
            component: "speaker", logLevel: command.logLevel, logFormat: command.logFormat,
            address: command.metricsListen.address)
    }
}

extension [String] {
    /// `--interfaces eth0,eth1` is as good as the flag twice.
    fileprivate var listed: [String] { flatMap { $0.split(separator: ",").map(String.init) } }
}

/// Why the speaker cannot start: one line that says what to do.
package struct StartupProblem: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

import ArgumentParser
import Foundation
import KubernetesClient
import KubernetesModel
import Logging
import Reconciliation
import ServiceLifecycle
import Telemetry
import UnixSignals

/// The `lb-controller` program: flags in, a service group out.
struct ControllerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lb-controller",
        abstract: "Assigns load balancer IPs from IPAddressPools to Services of type LoadBalancer.",
        version: heraldVersion)

    @OptionGroup(title: "API server") var api: APIOptions
    @OptionGroup(title: "Leader election") var election: ElectionOptions
    @OptionGroup(title: "Logs and metrics") var telemetry: TelemetryOptions

    @Option(
        name: [.customLong("load-balancer-class"), .customLong("lb-class")],
        help: "Serve Services with this spec.loadBalancerClass, instead of those without one.")
    var loadBalancerClass: String?

    init() {}

    func run() async throws {
        do {
            try await runDaemon()
        } catch let error as APIError {
            throw ValidationFailure(text: error.message)
        }
    }

    private func runDaemon() async throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try APIConfiguration.automatic(kubeconfig: api.kubeconfig, context: api.context)
        let telemetry = Telemetry.start(telemetry.configuration)
        let logger = Logger(label: "controller")
        let limits = RequestLimits(rate: api.rate, burst: api.burst, concurrency: 16)
        let client = try APIClient(configuration, transport: api.transport?.kind, limits: limits)
        let namespace =
            api.namespace ?? environment["POD_NAMESPACE"] ?? (api.kubeconfig == nil ? configuration.namespace : nil)
            ?? HeraldObjects.defaultNamespace
        let check = StartCheck(client: client, namespace: namespace, logger: logger)
        if api.kubeconfig != nil {
            do { try await check.run() } catch {
                await client.shutdown()
                throw error
            }
        }
        // What went wrong at the start is one line on stderr, so this is said after it.
        client.describe(to: logger)

        let policy = ControllerPolicy(loadBalancerClass: loadBalancerClass, namespace: namespace)
        let health = telemetry.health
        health.set("synced", problem: "starting")
        let controller = Controller(
            ControllerState(policy: policy, watches: Set(Watch.allCases)), logger: logger,
            heartbeat: health.heartbeat("leading", limit: .seconds(180))
        ) { health.set("synced", problem: $0) }
        let events = EventRecorder(client, component: "lb-controller", host: environment["NODE_NAME"])
        let elector = election.elector(client, namespace: namespace, podName: environment["POD_NAME"])
        let leader = LeaderService(
            client: client, controller: controller, writer: PlanWriter(client, events: events, logger: logger),
            helloKey: HelloKeyMaker(client: client, namespace: namespace, logger: logger), elector: elector,
            logger: logger)
        let follower = ClusterFollower(client: client, controller: controller, namespace: namespace, logger: logger)
        logger.notice("starting", metadata: ["version": "\(heraldVersion)", "namespace": "\(namespace)"])
        let services: [any ServiceLifecycle.Service] = [
            telemetry, StartCode(health), client, events,
            CheckedStart(check, health: health, then: [follower, leader]),
        ]
        var lifecycle = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // Within the pod's terminationGracePeriodSeconds, also when the API server doesn't answer the last writes.
        lifecycle.maximumGracefulShutdownDuration = .seconds(5)
        try await ServiceGroup(configuration: lifecycle).run()
    }
}

/// An error whose text is the whole message on stderr.
struct ValidationFailure: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}

/// What the executable runs.
package enum ControllerProgram {
    /// Prints an error as one line that says what to do.
    ///
    /// - Returns: the exit status: 0, 1 for a failure, 64 for a wrong command line.
    package static func start(_ arguments: [String]) async -> Int32 {
        do {
            var command = try ControllerCommand.parseAsRoot(arguments)
            if let controller = command as? ControllerCommand {
                try await controller.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            let code = ControllerCommand.exitCode(for: error)
            if code.isSuccess {
                print(ControllerCommand.fullMessage(for: error))
            } else {
                let hint = code == .validationFailure ? "; see lb-controller --help" : ""
                let text = ControllerCommand.message(for: error) + hint
                let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
                try? FileHandle.standardError.write(contentsOf: Data("lb-controller: \(line)\n".utf8))
            }
            return code.rawValue
        }
    }
}

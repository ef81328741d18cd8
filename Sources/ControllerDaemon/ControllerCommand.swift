package import ArgumentParser
import Daemon
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging
import Reconciliation
import ServiceLifecycle
import Telemetry
import UnixSignals

/// The `lb-controller` program: flags in, a service group out.
package struct ControllerCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "lb-controller",
        abstract: "Assigns load balancer IPs from IPAddressPools to Services of type LoadBalancer.",
        version: heraldVersion)

    @OptionGroup(title: "API server") var api: APIOptions
    @OptionGroup(title: "API server") var requests: RequestOptions
    @OptionGroup(title: "Leader election") var election: ElectionOptions
    @OptionGroup(title: "Logs and metrics") var telemetry: TelemetryOptions

    @Option(
        name: [.customLong("load-balancer-class"), .customLong("lb-class")],
        help: "Serve Services with this spec.loadBalancerClass, instead of those without one.")
    var loadBalancerClass: String?

    package init() {}

    package func run() async throws {
        let environment = Environment(ProcessInfo.processInfo.environment)
        let configuration = try api.configuration(environment)
        let telemetry = Telemetry.start(telemetry.configuration(component: "controller"))
        let logger = Logger(label: "controller")
        let limits = RequestLimits(rate: requests.rate, burst: requests.burst, concurrency: 16)
        let client = try APIClient(configuration, transport: api.transport, limits: limits)
        let namespace = api.namespace(configuration, environment)
        let check = StartCheck(client: client, namespace: namespace, logger: logger)
        if api.isNamedByHand {
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

import CLinux
import Foundation
import Logging
import Metrics
import NIOCore
import ServiceLifecycle

/// What a daemon says about itself: logs, metrics and health.
///
/// A daemon calls ``start(_:)`` once, first of all. From then on it logs through swift-log and counts through
/// swift-metrics, and nothing else in it knows this module. What it must tell by hand is ``health``: which conditions
/// make it ready, and that its loops turn.
///
/// As a `Service` it answers `/metrics`, `/healthz`, `/readyz` and `/loglevel`. Put it first in the service group, so
/// that it is the last to stop. It never ends the daemon: an address that is taken is a warning, and a new try every
/// five seconds, because nobody's traffic should move for the sake of a scrape.
package struct Telemetry: Service {
    package let configuration: TelemetryConfiguration
    package let metrics: MetricsRegistry
    package let health: HealthState
    package let logLevel: LogLevelSetting

    /// Makes this configuration's log handler and metrics registry the process's own.
    ///
    /// Once per process, before the first `Logger`: a second call traps in swift-log.
    package static func start(_ configuration: TelemetryConfiguration) -> Telemetry {
        cl_keep_memory_small()
        // The daemons do little over HTTP; more event loops would only cost memory.
        NIOSingletons.groupLoopCountSuggestion = 1
        NIOSingletons.blockingPoolThreadCountSuggestion = 1
        let telemetry = Telemetry(configuration)
        let sink = LogSink(.standardError, format: configuration.logFormat)
        LoggingSystem.bootstrap { label in
            ProcessLogHandler(label: label, level: telemetry.logLevel, sink: sink)
        }
        MetricsSystem.bootstrap(telemetry.metrics)
        return telemetry
    }

    /// Telemetry that is not the process's own, for tests.
    package init(_ configuration: TelemetryConfiguration) {
        self.configuration = configuration
        self.metrics = MetricsRegistry(catalogue: MetricCatalogue.all)
        self.health = HealthState()
        self.logLevel = LogLevelSetting(configuration.logLevel)
        metrics.setInfo("herald_build_info", [("component", configuration.component), ("version", heraldVersion)])
        metrics.onScrape { $0.updateProcessMetrics(.current()) }
    }

    package func run() async throws {
        guard let address = configuration.address else {
            try await gracefulShutdown()
            return
        }
        let logger = Logger(label: "telemetry")
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do {
                try await serve(address, logger: logger)
                if Task.isShuttingDownGracefully || Task.isCancelled { return }
                logger.warning("the metrics address was closed; listening again in 5 s")
            } catch {
                logger.warning(
                    "cannot serve metrics and health; the next try is in 5 s: is another program on the port?",
                    metadata: ["address": "\(address)", "error": "\(error)"])
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(5)) }
        }
    }
}

package import ArgumentParser
package import Logging
package import Telemetry

/// What a daemon tells of itself, and where.
package struct TelemetryOptions: ParsableArguments {
    @Option(help: "trace, debug, info, notice, warning, error or critical.", transform: Self.level)
    package var logLevel: Logger.Level = .info

    @Option(help: "text or json.")
    package var logFormat: LogFormat = .text

    @Option(
        name: [.customLong("metrics-address"), .customLong("metrics-listen")],
        help: "Where metrics and health are served: HOST:PORT, :PORT, or off.", transform: MetricsAddress.init(parsing:)
    )
    package var metricsAddress = MetricsAddress(address: .standard)

    package init() {}

    package func configuration(component: String) -> TelemetryConfiguration {
        TelemetryConfiguration(
            component: component, logLevel: logLevel, logFormat: logFormat, address: metricsAddress.address)
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\"\(text)\" is no log level; it must be one of \(levels)")
        }
        return level
    }
}

/// `host:port`, or nowhere.
package struct MetricsAddress: Sendable, Hashable, CustomStringConvertible {
    package var address: ListenAddress?

    init(address: ListenAddress) { self.address = address }

    init(parsing text: String) throws {
        // Other controllers' flags say it with a 0.
        if text == "off" || text == "0" { return }
        guard let parsed = ListenAddress(text) else {
            throw ValidationError("\"\(text)\" is not HOST:PORT, :PORT or off")
        }
        address = parsed
    }

    package var description: String { address.map { "\($0)" } ?? "off" }
}

extension LogFormat: ExpressibleByArgument {}

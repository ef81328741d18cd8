package import Logging

/// How a daemon's telemetry is set up, from its flags.
package struct TelemetryConfiguration: Sendable {
    /// `controller` or `speaker`: the `component` label of `herald_build_info`.
    package var component: String
    package var logLevel: Logger.Level
    package var logFormat: LogFormat
    /// Where metrics and health are served; nil serves nothing.
    package var address: ListenAddress?
    /// Called once with the port that was bound.
    package var onListening: @Sendable (_ port: Int) -> Void

    package init(
        component: String, logLevel: Logger.Level = .info, logFormat: LogFormat = .text,
        address: ListenAddress? = .standard, onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) {
        (self.component, self.logLevel, self.logFormat) = (component, logLevel, logFormat)
        (self.address, self.onListening) = (address, onListening)
    }
}

package enum LogFormat: String, CaseIterable, Sendable {
    case text, json
}

/// `host:port` to listen on: `127.0.0.1:7475`, `[::1]:7475`, or `:7475` for every address of both families.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    package var host: String
    package var port: Int

    /// Beside MetalLB's 7472, so that both can run on a node during a migration.
    package static let standard = ListenAddress(host: "::", port: 7475)

    package init(host: String, port: Int) {
        (self.host, self.port) = (host, port)
    }

    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        self.init(host: host.isEmpty ? "::" : String(host), port: Int(port))
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

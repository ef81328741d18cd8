import Logging

/// The whole of the HTTP surface: a request as values in, an answer as a value out.
struct TelemetrySurface: Sendable {
    struct Answer {
        var status: Int
        var type = "text/plain; charset=utf-8"
        var text: String
    }

    /// Longer bodies are refused.
    static let bodyLimit = 64

    let metrics: MetricsRegistry
    let health: HealthState
    let logLevel: LogLevelSetting

    /// - Parameters:
    ///   - path: without the query.
    ///   - body: nil if it was longer than `bodyLimit`.
    ///   - isLocal: whether the peer is this node itself.
    func answer(method: String, path: Substring, body: String?, isLocal: Bool) -> Answer {
        switch (method, path) {
        case ("GET", "/metrics"), ("HEAD", "/metrics"):
            Answer(status: 200, type: "text/plain; version=0.0.4; charset=utf-8", text: metrics.exposition())
        case ("GET", "/healthz"), ("HEAD", "/healthz"): answer(health.liveness)
        case ("GET", "/readyz"), ("HEAD", "/readyz"): answer(health.readiness)
        case ("GET", "/loglevel"): Answer(status: 200, text: logLevel.level.rawValue + "\n")
        case ("PUT", "/loglevel"): setLogLevel(body, isLocal: isLocal)
        case (_, "/metrics"), (_, "/healthz"), (_, "/readyz"), (_, "/loglevel"):
            Answer(status: 405, text: "method not allowed\n")
        default: Answer(status: 404, text: "not found: try /metrics, /healthz, /readyz or /loglevel\n")
        }
    }

    /// Only from the node itself, which `kubectl port-forward` is: a level of trace is a load, and anybody on the LAN
    /// may reach a port of the host network.
    private func setLogLevel(_ body: String?, isLocal: Bool) -> Answer {
        guard isLocal else {
            return Answer(
                status: 403, text: "the log level can be set from 127.0.0.1 only: use kubectl port-forward\n")
        }
        let word = body?.split(whereSeparator: \.isWhitespace).first.map(String.init)
        guard let level = word.flatMap({ Logger.Level(rawValue: $0) }) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            return Answer(status: 400, text: "the body must be one of \(levels)\n")
        }
        logLevel.level = level
        return Answer(status: 200, text: level.rawValue + "\n")
    }

    private func answer(_ report: HealthReport) -> Answer {
        Answer(status: report.isHealthy ? 200 : 503, text: report.text)
    }
}

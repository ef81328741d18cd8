import Hummingbird
import Logging
import NIOCore

extension Telemetry {
    /// A scraper, a probe and a person with curl need few connections; more are left waiting in the backlog.
    static let connectionLimit = 16

    func serve(_ address: ListenAddress, logger: Logger) async throws {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            responder: TelemetryResponder(telemetry: self),
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(75),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 4096, maxHeaderListSize: 8192, maxHeaderFieldCount: 64))),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), backlog: 32,
                availableConnectionsDelegate: .maximum(Self.connectionLimit, logger: quiet)),
            onServerRunning: { [configuration] channel in
                let port = channel.localAddress?.port ?? address.port
                logger.debug("serving metrics and health", metadata: ["address": "\(address)", "port": "\(port)"])
                configuration.onListening(port)
            },
            logger: quiet)
        try await application.run()
    }
}

/// The whole of the HTTP surface.
struct TelemetryResponder: HTTPResponder {
    let telemetry: Telemetry

    /// Who is asking.
    struct Context: InitializableFromSource {
        let peer: SocketAddress?

        init(source: ApplicationRequestContextSource) { peer = source.channel.remoteAddress }

        init(peer: SocketAddress?) { self.peer = peer }
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        switch (request.method, request.uri.path) {
        case (.get, "/metrics"), (.head, "/metrics"):
            reply(.ok, telemetry.metrics.exposition(), type: "text/plain; version=0.0.4; charset=utf-8")
        case (.get, "/healthz"), (.head, "/healthz"), (.get, "/livez"):
            reply(telemetry.health.liveness)
        case (.get, "/readyz"), (.head, "/readyz"):
            reply(telemetry.health.readiness)
        case (.get, "/loglevel"):
            reply(.ok, telemetry.logLevel.level.rawValue + "\n")
        case (.put, "/loglevel"):
            try await setLogLevel(request, context: context)
        case (_, "/metrics"), (_, "/healthz"), (_, "/readyz"), (_, "/loglevel"), (_, "/livez"):
            reply(.methodNotAllowed, "method not allowed\n")
        default:
            reply(.notFound, "not found: try /metrics, /healthz, /readyz or /loglevel\n")
        }
    }

    /// Only from the node itself, which `kubectl port-forward` is: a level of trace is a load, and anybody on the LAN
    /// may reach a port of the host network.
    private func setLogLevel(_ request: Request, context: Context) async throws -> Response {
        guard context.peer?.isLoopback == true else {
            return reply(.forbidden, "the log level can be set from 127.0.0.1 only: use kubectl port-forward\n")
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: 64)
        } catch {
            return reply(.badRequest, "the body must be one of \(Self.levels)\n")
        }
        let name = String(buffer: body).trimmed
        guard let level = Logger.Level(rawValue: name) else {
            return reply(.badRequest, "the body must be one of \(Self.levels)\n")
        }
        telemetry.logLevel.level = level
        return reply(.ok, level.rawValue + "\n")
    }

    private static let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")

    private func reply(_ report: HealthReport) -> Response {
        reply(report.isHealthy ? .ok : .serviceUnavailable, report.text)
    }

    private func reply(
        _ status: HTTPResponse.Status, _ text: String, type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        return String(start.prefix { !$0.isWhitespace })
    }
}

extension SocketAddress {
    fileprivate var isLoopback: Bool {
        guard let text = ipAddress else { return false }
        return text == "::1" || text.hasPrefix("127.") || text.hasPrefix("::ffff:127.")
    }
}

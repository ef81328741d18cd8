import ChildProcess
import Logging
import Telemetry
import Testing

/// Runs a speaker's telemetry on a free port of `host` while `body` uses it.
func withTelemetry(
    host: String, _ body: @escaping @Sendable (_ telemetry: Telemetry, _ port: Int) async throws -> Void
) async throws {
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let telemetry = Telemetry(
        TelemetryConfiguration(
            component: "speaker", address: ListenAddress(host: host, port: 0),
            onListening: { continuation.yield($0) }))
    try await withThrowingTaskGroup { group in
        group.addTask { try await telemetry.run() }
        let port = try #require(await ports.first { _ in true })
        try await body(telemetry, port)
        group.cancelAll()
    }
}

struct HTTPReply {
    var status: Int
    var type: String
    var body: String
}

func curl(_ url: String, _ options: String...) async throws -> HTTPReply {
    let format = "\n%{http_code} %{content_type}"
    let program = Program(["curl", "-s", "-g", "--noproxy", "*", "-m", "10", "-w", format] + options + [url])
    let output = try await program.run().output
    let split = try #require(output.lastIndex(of: "\n"))
    let trailer = output[output.index(after: split)...].split(separator: " ", maxSplits: 1)
    return HTTPReply(
        status: Int(trailer.first ?? "") ?? 0, type: trailer.count > 1 ? String(trailer[1]) : "",
        body: String(output[..<split]))
}

/// A log that nobody reads.
struct Silent: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .critical

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {}
}

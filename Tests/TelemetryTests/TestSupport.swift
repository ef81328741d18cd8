import Dispatch
import Foundation
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

struct CommandResult {
    var status: Int32
    var output: String
}

/// Runs a program and collects what it prints, on a thread that may block.
func run(_ program: String, _ arguments: [String], input: String = "") async throws -> CommandResult {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async {
            continuation.resume(with: Result { try runBlocking(program, arguments, input: input) })
        }
    }
}

private func runBlocking(_ program: String, _ arguments: [String], input: String) throws -> CommandResult {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let (stdin, stdout) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, stdout)
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return CommandResult(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
}

struct HTTPReply {
    var status: Int
    var type: String
    var body: String
}

func curl(_ url: String, _ options: String...) async throws -> HTTPReply {
    let format = "\n%{http_code} %{content_type}"
    let result = try await run("curl", ["-s", "-g", "--noproxy", "*", "-m", "10", "-w", format] + options + [url])
    let split = try #require(result.output.lastIndex(of: "\n"))
    let trailer = result.output[result.output.index(after: split)...].split(separator: " ", maxSplits: 1)
    return HTTPReply(
        status: Int(trailer.first ?? "") ?? 0, type: trailer.count > 1 ? String(trailer[1]) : "",
        body: String(result.output[..<split]))
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

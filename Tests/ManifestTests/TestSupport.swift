import Foundation
import KubernetesModel

let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
let manifests = repository.appending(path: "manifests")

struct CommandResult {
    var status: Int32
    var output: String
    var errors: String
}

/// Runs a program on a thread that may block; nil when there is none of that name.
func run(_ program: String, _ arguments: [String], in directory: URL = repository) async throws -> CommandResult? {
    guard let path = find(program) else { return nil }
    return try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async {
            continuation.resume(with: Result { try runBlocking(path, arguments, in: directory) })
        }
    }
}

func find(_ program: String) -> URL? {
    if program.contains("/") {
        return FileManager.default.isExecutableFile(atPath: program) ? URL(filePath: program) : nil
    }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    return folders.map { URL(filePath: "\($0)/\(program)") }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }
}

private func runBlocking(_ program: URL, _ arguments: [String], in directory: URL) throws -> CommandResult {
    let process = Process()
    let errors = FileManager.default.temporaryDirectory.appending(path: "herald-\(UUID().uuidString)")
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: errors) }
    let output = Pipe()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return CommandResult(
        status: process.terminationStatus, output: String(decoding: data, as: UTF8.self),
        errors: (try? String(contentsOf: errors, encoding: .utf8)) ?? "")
}

extension Process {
    /// Ends it, and returns when it is dead. `waitUntilExit()` waits for whoever has inherited its socket, too, and holds
    /// a thread meanwhile that all tests share.
    func killNow() {
        guard isRunning else { return }
        // A child of a test thread starts with its signals blocked, so that only this one is sure to arrive.
        kill(processIdentifier, SIGKILL)
        var ended = unsafe siginfo_t()
        _ = unsafe waitid(P_PID, id_t(processIdentifier), &ended, WEXITED | WNOWAIT)
    }
}

/// Whether the kubectl here renders today's kustomizations.
func hasModernKubectl() async throws -> Bool {
    guard let version = try await run("kubectl", ["version", "--client"]) else { return false }
    let match = version.output.firstMatch(of: /v1\.(\d+)\./)
    return (match.flatMap { Int($0.1) } ?? 0) >= 27
}

/// Objects by kind and name, for comparing sets of them.
func byName(_ objects: [JSONValue]) -> [String: JSONValue] {
    Dictionary(objects.map { ("\($0.kind)/\($0.name)", $0) }) { first, _ in first }
}

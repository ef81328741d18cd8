import Foundation

/// A real etcd and kube-apiserver, started once per test run by `scripts/kube-apiserver`, which ends them with us.
package actor RealAPIServer {
    package struct Running: Sendable {
        package let url: String
        package let certificateAuthorityPEM: String
        /// Of a member of `system:masters`.
        package let token: String
        fileprivate let directory: URL
        fileprivate let output: FileHandle
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package static let shared = RealAPIServer()
    package static var assets: String? { ProcessInfo.processInfo.environment["KUBEBUILDER_ASSETS"] }

    private var running: Running?
    /// Commands to the script, which ends its servers when this pipe closes, however this process ends.
    private let commands = Pipe()

    /// - Parameter authority: a folder with the `ca.crt` and `ca.key` that sign the server; its own by default.
    package func start(authority: String? = nil) throws -> Running {
        if let running { return running }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
            "herald-kube-apiserver-\(UInt32.random(in: 0...UInt32.max))")
        let process = Process()
        process.executableURL = root.appendingPathComponent("scripts/kube-apiserver")
        process.arguments = [directory.path] + (authority.map { [$0] } ?? [])
        process.standardInput = commands
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let line = Self.line(output.fileHandleForReading)
        guard line.hasPrefix("https://") else {
            throw Failure(description: "the real API server did not start: \(line)")
        }
        func read(_ name: String) throws -> String {
            try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
        }
        let running = Running(
            url: line, certificateAuthorityPEM: try read("ca.crt"),
            token: try read("static.token").trimmingCharacters(in: .whitespacesAndNewlines), directory: directory,
            output: output.fileHandleForReading)
        self.running = running
        return running
    }

    /// Kills kube-apiserver; etcd, and thus every object, stays.
    package func stopServing() throws { try command("stop", answer: "stopped") }

    /// Starts it again on its port. What it remembered of the history of objects is gone.
    package func serveAgain() throws { try command("start", answer: "ready") }

    /// Stops kube-apiserver in its tracks: connections stay, and nothing is answered.
    package func pause() throws { try signal(SIGSTOP) }
    package func resume() throws { try signal(SIGCONT) }

    private func command(_ text: String, answer: String) throws {
        guard let running else { throw Failure(description: "there is no API server") }
        try commands.fileHandleForWriting.write(contentsOf: Data("\(text)\n".utf8))
        let line = Self.line(running.output)
        guard line == answer else { throw Failure(description: "the API server would not \(text): \(line)") }
    }

    private func signal(_ signal: Int32) throws {
        guard let running else { throw Failure(description: "there is no API server") }
        let path = running.directory.appendingPathComponent("apiserver.pid")
        let text = try String(contentsOf: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let process = pid_t(text), kill(process, signal) == 0 else {
            throw Failure(description: "there is no process \(text)")
        }
    }

    private static func line(_ handle: FileHandle) -> String {
        String(decoding: handle.availableData, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

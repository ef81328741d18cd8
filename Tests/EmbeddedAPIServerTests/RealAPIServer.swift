import Foundation

/// A real etcd and kube-apiserver, started once per test run by `scripts/kube-apiserver`, which ends them with us.
actor RealAPIServer {
    struct Running: Sendable {
        let url: String
        let certificateAuthorityPEM: String
        let token: String
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let shared = RealAPIServer()
    static var assets: String? { ProcessInfo.processInfo.environment["KUBEBUILDER_ASSETS"] }

    private var starting: Task<Running, any Error>?
    /// The script ends its servers when this pipe closes, however this process ends.
    private let lifeline = Pipe()

    func start() async throws -> Running {
        if let starting { return try await starting.value }
        let lifeline = lifeline
        let task = Task { try Self.launch(lifeline) }
        starting = task
        return try await task.value
    }

    private static func launch(_ lifeline: Pipe) throws -> Running {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
            "herald-kube-apiserver-\(UInt32.random(in: 0...UInt32.max))")
        let process = Process()
        process.executableURL = root.appendingPathComponent("scripts/kube-apiserver")
        process.arguments = [directory.path]
        process.standardInput = lifeline
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard line.hasPrefix("https://") else {
            throw Failure(description: "the real API server did not start: \(line)")
        }
        func read(_ name: String) throws -> String {
            try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
        }
        return Running(
            url: line.trimmingCharacters(in: .whitespacesAndNewlines), certificateAuthorityPEM: try read("ca.crt"),
            token: try read("static.token").trimmingCharacters(in: .whitespacesAndNewlines))
    }
}

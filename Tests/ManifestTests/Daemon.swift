import Foundation
import KubernetesModel

/// A program of the project as a process of its own, with what it says.
final class Daemon {
    private let process = Process()
    private let log: URL

    /// - Parameters:
    ///   - workload: whose command and arguments are used.
    ///   - wrapper: what goes before the command, such as `sh script`.
    init(_ workload: JSONValue, flags: [String], environment: [String: String] = [:], wrapper: [String] = []) throws {
        let container = workload.at("spec", "template", "spec", "containers", "0")
        let command = ((container?["command"]?.array ?? []) + (container?["args"]?.array ?? [])).compactMap(\.string)
        let program = try Self.products().appending(path: command.first ?? "").path
        let arguments = wrapper + [program] + command.dropFirst() + flags
        log = FileManager.default.temporaryDirectory.appending(path: "herald-\(UUID().uuidString).log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        process.executableURL = find(arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = process.standardOutput
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    var isRunning: Bool { process.isRunning }
    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    func stop() {
        process.killNow()
        try? FileManager.default.removeItem(at: log)
    }

    /// Where the build put the executables: beside the program that runs the tests.
    static func products() throws -> URL {
        URL(filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .deletingLastPathComponent()
    }
}

import Foundation

/// A folder of a test's own, and the programs that were built beside the tests.
enum Scratch {
    static func with<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = try make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(folder)
    }

    static func with<Value>(_ body: (String) throws -> Value) throws -> Value {
        let folder = try make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    private static func make() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lbctl-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    static var lbctl: String {
        get throws {
            let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            var candidates = [Bundle.main.bundlePath, URL(fileURLWithPath: program).deletingLastPathComponent().path]
            candidates += CommandLine.arguments.filter { $0.hasSuffix(".xctest") }
                .map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
            for folder in candidates where FileManager.default.isExecutableFile(atPath: "\(folder)/lbctl") {
                return "\(folder)/lbctl"
            }
            throw Missing(folders: candidates)
        }
    }

    struct Missing: Error { let folders: [String] }

    /// The repository's root.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
}

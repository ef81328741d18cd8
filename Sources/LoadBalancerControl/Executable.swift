import Foundation

/// This program's own file.
enum Executable {
    static func path() throws -> String { try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") }

    /// Where lb-controller and lb-speaker are too.
    static func folder() throws -> String { URL(fileURLWithPath: try path()).deletingLastPathComponent().path }
}

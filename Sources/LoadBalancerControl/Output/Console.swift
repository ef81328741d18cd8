import CLinux
import Foundation
import SystemPackage

/// Standard output, unbuffered: lines appear as they are written, also in a pipe.
enum Console {
    /// One line, whoever wrote what is in it.
    static func line(_ text: String) { write(text.visible + "\n") }
    static func lines(_ lines: [String]) { lines.forEach(line) }
    /// Several lines whose structure is lbctl's own: JSON, YAML, help.
    static func text(_ text: String) { write(text.visibleText + "\n") }
    /// As it is, with colours.
    ///
    /// What cannot be written ends the program: nobody is to take half of the output for all of it.
    static func write(_ text: String) {
        do {
            try FileDescriptor.standardOutput.writeAll(Array(text.utf8))
        } catch {
            // Nobody reads any more: the end that SIGPIPE makes where it is not ignored.
            if error as? Errno == .brokenPipe { exit(128 + SIGPIPE) }
            complain("cannot write the output: \(error); make room, or send it elsewhere")
            exit(1)
        }
    }

    /// One line on standard error.
    static func complain(_ message: String) {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        try? FileHandle.standardError.write(contentsOf: Data("\(ProgramName.current): \(line.visible)\n".utf8))
    }

    /// The columns of the terminal; nil when standard output is none.
    static var width: Int? {
        let columns = Int(cl_terminal_columns(1))
        return columns > 0 ? columns : nil
    }

    /// On a terminal that can, unless NO_COLOR is set (no-color.org).
    static func hasColours(
        _ environment: [String: String] = ProcessInfo.processInfo.environment, isTerminal: Bool = width != nil
    ) -> Bool {
        isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// Does `work`, and says on a terminal what it is about when it takes longer than a second.
    static func progress<Value: Sendable>(_ what: String, _ work: @Sendable () async throws -> Value) async throws
        -> Value
    {
        guard cl_terminal_columns(2) > 0 else { return try await work() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await Task.sleep(for: .seconds(1))
                try FileHandle.standardError.write(contentsOf: Data("\(what.visible) …".utf8))
                defer { try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8)) }
                try await Task.sleep(for: .seconds(86_400))
            }
            defer { group.cancelAll() }
            return try await work()
        }
    }
}

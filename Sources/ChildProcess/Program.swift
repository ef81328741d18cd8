import Foundation
package import Subprocess
import SystemPackage

/// A program and its arguments.
package struct Program: Sendable {
    package var arguments: [String]
    /// Added to this process's own environment.
    package var environment: [String: String]
    package var input: String

    /// - Parameter arguments: the program (looked up in PATH) and what follows it.
    package init(_ arguments: [String], environment: [String: String] = [:], input: String = "") {
        (self.arguments, self.environment, self.input) = (arguments, environment, input)
    }

    package struct Result: Sendable {
        package let status: Int32
        /// Standard output and standard error, in the order they were written.
        package let output: String
        package var isSuccess: Bool { status == 0 }
    }

    package struct Failure: Error, CustomStringConvertible {
        package let program: [String]
        package let status: Int32
        package let output: String

        package var description: String {
            let text = output.trimmingCharacters(in: .whitespacesAndNewlines)
            return "`\(program.joined(separator: " "))` ended with status \(status)\(text.isEmpty ? "" : ": \(text)")"
        }
    }

    /// Runs to the end, keeping up to 1 MiB of output.
    package func run() async throws -> Result {
        let result = try await Subprocess.run(
            configuration, input: .string(input), output: .string(limit: 1 << 20), error: .combinedWithOutput)
        return Result(status: result.terminationStatus.code, output: result.standardOutput)
    }

    /// Runs to the end; a status other than 0 is a ``Failure``.
    @discardableResult
    package func check() async throws -> String {
        let result = try await run()
        guard result.isSuccess else {
            throw Failure(program: arguments, status: result.status, output: result.output)
        }
        return result.output
    }

    /// Runs to the end, or for `limit`; then it is killed, with the processes that it has started.
    ///
    /// - Returns: nil when it was killed.
    package func run(within limit: Duration) async throws -> Result? {
        // A file, not a pipe: a pipe has no end before all of its writers have ended, and they may be daemons.
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("lbctl-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        var configuration = logging(to: file).configuration
        configuration.platformOptions.createSession = true
        configuration.platformOptions.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
        ]
        let bounded = configuration
        let status = try await withThrowingTaskGroup(of: Int32?.self) { group in
            group.addTask {
                try await Subprocess.run(bounded, input: .none, output: .discarded, error: .discarded)
                    .terminationStatus.code
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            let first = try await group.next()
            group.cancelAll()
            while await group.nextResult() != nil {}
            return first ?? nil
        }
        guard let status else { return nil }
        let output = FileManager.default.contents(atPath: file) ?? Data()
        return Result(status: status, output: String(decoding: output.prefix(1 << 20), as: UTF8.self))
    }

    /// The same, with its output appended to a file.
    private func logging(to file: String) -> Program {
        var logging = self
        logging.arguments = ["sh", "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", file] + arguments
        return logging
    }

    /// Runs to the end, or until the task is cancelled, with its output appended to the file `log`.
    ///
    /// - Returns: its exit status.
    package func run(log: String, started: (Int32) async -> Void) async throws -> Int32 {
        let result = try await Subprocess.run(
            logging(to: log).configuration, input: .none, output: .discarded, error: .discarded
        ) { await started($0.processIdentifier.value) }
        return result.terminationStatus.code
    }

    /// Runs to the end on this terminal.
    ///
    /// - Returns: its exit status.
    package func runInForeground() async throws -> Int32 {
        let result = try await Subprocess.run(
            configuration, input: .currentStandardInput, output: .currentStandardOutput, error: .currentStandardError)
        return result.terminationStatus.code
    }

    private static func executable(_ name: String) -> Executable {
        name.contains("/") ? .path(FilePath(name)) : .name(name)
    }

    private var configuration: Configuration {
        Configuration(
            executable: Self.executable(arguments.first ?? "true"), arguments: Arguments(Array(arguments.dropFirst())),
            environment: .inherit.updating(
                Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
            ))
    }
}

extension TerminationStatus {
    /// As a shell has it: 128 and the signal's number for a process that died of one.
    package var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}

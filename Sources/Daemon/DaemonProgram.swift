package import ArgumentParser
import Foundation
import KubernetesClient

/// Why a daemon cannot start: one line that says what to do.
package struct StartupProblem: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension AsyncParsableCommand {
    /// Parses the command line and runs. Whatever is wrong becomes one line on stderr that says what to do.
    ///
    /// - Returns: The exit status: 0, 1 for a failure, 64 for a wrong command line (`EX_USAGE`).
    package static func start(_ arguments: [String]) async -> Int32 {
        do {
            var command = try parseAsRoot(arguments)
            if var daemon = command as? Self {
                try await daemon.run()
            } else {
                try command.run()
            }
            return 0
        } catch let problem as StartupProblem {
            return fail("\(problem)", .failure)
        } catch let error as APIError {
            return fail(error.message, .failure)
        } catch {
            let code = exitCode(for: error)
            guard !code.isSuccess else {
                print(fullMessage(for: error))
                return 0
            }
            let hint = code == .validationFailure ? "; see \(configuration.commandName ?? "") --help" : ""
            return fail(message(for: error) + hint, code)
        }
    }

    private static func fail(_ text: String, _ code: ExitCode) -> Int32 {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        // Where nobody listens, the status says enough.
        try? FileHandle.standardError.write(contentsOf: Data("\(configuration.commandName ?? ""): \(line)\n".utf8))
        return code.rawValue
    }
}

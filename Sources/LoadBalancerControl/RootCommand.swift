package import ArgumentParser
import Telemetry

/// `lbctl`: shows and steers Herald; each subcommand is a file of its own.
package struct RootCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: ProgramName.current,
        abstract: "Shows and steers the load-balancer addresses of a bare-metal cluster.",
        version: heraldVersion,
        groupedSubcommands: [
            CommandGroup(
                name: "Looking",
                subcommands: [
                    PoolsCommand.self, ServicesCommand.self, SpeakersCommand.self, ExplainCommand.self,
                    HostsCommand.self, CheckCommand.self, ProbeCommand.self, DecodeCommand.self,
                ]),
            CommandGroup(name: "Steering", subcommands: [DrainCommand.self, UndrainCommand.self]),
            CommandGroup(name: "Manifests", subcommands: [ValidateCommand.self, ImportCommand.self]),
            CommandGroup(
                name: "Trying out", subcommands: [LabCommand.self, APIServerCommand.self, LabToolCommand.self]),
        ])

    package init() {}

    /// Parses and runs `arguments`; prints an error as one line that says what to do.
    ///
    /// - Returns: the exit status: 0, 1 for a failure, 64 for a wrong command line.
    package static func run(_ arguments: [String]) async -> Int32 {
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            let code = exitCode(for: error)
            if code.isSuccess {
                let message = fullMessage(for: error)
                if !message.isEmpty { Console.text(message) }
            } else {
                let message = message(for: error)
                if !message.isEmpty {
                    Console.complain(
                        code == .validationFailure ? "\(message); see `\(ProgramName.current) --help`" : message)
                }
            }
            return code.rawValue
        }
    }
}

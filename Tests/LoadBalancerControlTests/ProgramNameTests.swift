import ArgumentParser
import ChildProcess
import Foundation
import Testing

@testable import LoadBalancerControl

@Suite("the program's name")
struct ProgramNameTests {
    @Test(
        "is what was typed",
        arguments: [
            (["/usr/bin/lbctl", "pools"], "lbctl"), (["/usr/local/bin/kubectl-lb", "pools"], "kubectl lb"),
            (["kubectl-lb"], "kubectl lb"), (["kubectl-load_balancer-x"], "kubectl load-balancer x"), ([], "lbctl"),
            (["kubectl-lb", "--generate-completion-script", "bash"], "lbctl"), (["renamed"], "lbctl"),
        ])
    func name(_ arguments: [String], _ expected: String) { #expect(ProgramName.name(arguments) == expected) }

    /// Runs the program as kubectl does, by a real kubectl where there is one.
    private func plugin(_ arguments: String...) async throws -> Program.Result {
        let lbctl = try Scratch.lbctl
        return try await Scratch.with { folder in
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/kubectl-lb", withDestinationPath: lbctl)
            let path = "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
            let script = """
                if command -v kubectl >/dev/null; then exec kubectl lb "$@"; else exec kubectl-lb "$@"; fi
                """
            return try await Program(["sh", "-c", script, "sh"] + arguments, environment: ["PATH": path]).run()
        }
    }

    @Test("as a kubectl plugin, usage, errors and advice say `kubectl lb`")
    func kubectl() async throws {
        let help = try await plugin("--help")
        #expect(help.status == 0 && help.output.contains("USAGE: kubectl lb <subcommand>"), "\(help.output)")
        let pools = try await plugin("pools", "--help")
        #expect(pools.output.contains("USAGE: kubectl lb pools"), "\(pools.output)")
        #expect(!(help.output + pools.output).contains("lbctl"))
        let explain = try await plugin("explain", "--help")
        #expect(explain.output.contains("USAGE: kubectl lb explain service <name>"), "\(explain.output)")
        let wrong = try await plugin("pools", "--bogus")
        #expect(wrong.output == "kubectl lb: Unknown option '--bogus'; see `kubectl lb --help`\n")
        let missing = try await plugin("pools", "--kubeconfig", "/nonexistent")
        #expect(missing.status == 1 && missing.output.hasPrefix("kubectl lb: no kubeconfig at /nonexistent"))
    }
}

@Suite("completions")
struct CompletionTests {
    /// The command that only parses a script, for each shell.
    @Test(
        "parse in their shell, where it is installed, and offer every subcommand", arguments: ["bash", "zsh", "fish"])
    func parse(_ shell: String) async throws {
        let script = try await Program([Scratch.lbctl, "--generate-completion-script", shell]).check()
        for command in RootCommand.configuration.subcommands where command.configuration.shouldDisplay {
            #expect(script.contains(command.configuration.commandName ?? "?"))
        }
        #expect(script.contains("lbctl") && !script.contains("kubectl lb "))
        guard try await Program(["sh", "-c", "command -v \(shell)"]).run().isSuccess else { return }
        try await Scratch.with { folder in
            try script.write(toFile: "\(folder)/script", atomically: true, encoding: .utf8)
            let result = try await Program([shell, "-n", "\(folder)/script"]).run()
            #expect(result.status == 0 && result.output.isEmpty, "\(result.output)")
        }
    }
}

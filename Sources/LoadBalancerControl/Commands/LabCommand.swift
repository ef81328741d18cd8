import ArgumentParser
import Foundation
import Lab
import UnixSignals

/// `lbctl lab`: the main job on one machine, in namespaces of its own.
struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Runs a whole cluster's LAN on this machine, and shows that a client reaches a Service.",
        discussion: """
            Needs root (or unprivileged user namespaces), iproute2 and util-linux. Everything happens in PID, mount and \
            network namespaces that end with the command, however it ends.
            """,
        subcommands: [Run.self, Exec.self], defaultSubcommand: Run.self)

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Runs the lab from the switch to the failover.")

        @Flag(help: "Keep it running afterwards, for `\(ProgramName.current) lab exec`.")
        var hold = false
        @Option(help: "Worker nodes, 2 to 9.")
        var nodes = 3
        @Option(help: "Services of type LoadBalancer, 2 or more.")
        var services = 2
        @Flag(inversion: .prefixedNo, help: "Give the LAN IPv6 as well.")
        var ipv6 = true
        @Flag(inversion: .prefixedNo, help: "Cut the announcing node off, and see another take over.")
        var failover = true
        @Flag(help: "Restart the speakers one after the other while curl asks, as a new image would.")
        var restart = false
        @Flag(help: "Run dnsmasq on the gateway with the names of `\(ProgramName.current) hosts`, and ask it with dig.")
        var dns = false
        @Option(
            help: "The folder with the cluster's manifests; found beside the program's sources when absent.",
            completion: .directory)
        var manifests: String?

        func validate() throws {
            guard LabTopology.workerLimits.contains(nodes) else { throw ValidationError("--nodes must be 2 to 9") }
            guard (2...50).contains(services) else { throw ValidationError("--services must be 2 to 50") }
        }

        func run() async throws {
            if restart { try LabIsolation.require("curl", from: "curl") }
            if dns {
                try LabIsolation.require("dnsmasq", from: "dnsmasq-base")
                try LabIsolation.require("dig", from: "bind9-dnsutils")
            }
            guard LabIsolation.isInside else {
                let status = try await LabIsolation.enter(
                    arguments: Array(CommandLine.arguments.dropFirst()), executable: Executable.path(),
                    interrupted: { for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return } },
                    write: Console.text)
                throw ExitCode(status)
            }
            LabIsolation.endWithOuterProcess()
            var chapters: Lab.Chapters = []
            if failover { chapters.insert(.failover) }
            if restart { chapters.insert(.restart) }
            if dns { chapters.insert(.names) }
            let lab = Lab(
                topology: LabTopology(workers: nodes, hasIPv6: ipv6), services: services, chapters: chapters,
                programs: try Executable.folder(), manifests: manifests)
            guard await lab.run(hold: hold, write: Console.text) else { throw ExitCode.failure }
        }
    }

    struct Exec: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "exec", abstract: "Runs a command on a machine of the lab that is being held.",
            usage: "\(ProgramName.current) lab exec [--lab <process>] <node> -- <command> ...")

        @Option(name: .customLong("lab"), help: "The process id of the `lab` that is meant, when several are running.")
        var process: Int?

        @Argument(help: "gateway, k8s-control-plane-node, k8s-node2, …")
        var node: String
        @Argument(parsing: .postTerminator, help: "The command and its arguments.")
        var command: [String] = []

        func run() async throws {
            guard !command.isEmpty else { throw ValidationError("name a command after `--`") }
            throw ExitCode(try await HeldLab.find(process).run(command, on: node, programs: Executable.folder()))
        }
    }
}

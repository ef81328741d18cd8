import ArgumentParser
import KubernetesModel
import Reconciliation

/// `lbctl pools`, `lbctl pools describe NAME`.
struct PoolsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pools", abstract: "Lists the IPAddressPools: what is used, what is left, what is wrong.",
        subcommands: [List.self, Describe.self], defaultSubcommand: List.self, aliases: ["pool"])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the IPAddressPools.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var cluster: ClusterOptions

        func run() async throws { try await cluster.withReader { try await PoolView().show(output, $0) } }
    }

    struct Describe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "describe", abstract: "Shows one IPAddressPool, and who holds which of its addresses.")

        @Argument(help: "The pool's name.")
        var name: String
        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            let snapshot = try await cluster.withReader { try await $0.snapshot() }
            guard let description = PoolDescription(name, in: snapshot) else {
                let names = snapshot.pools.keys.map(\.name).sorted().joined(separator: ", ")
                throw Complaint(
                    "there is no IPAddressPool \"\(name)\"; there \(names.isEmpty ? "is none" : "are: \(names)")")
            }
            Console.lines(description.lines)
        }
    }
}

import ArgumentParser

/// Breaks a LAN of namespaces in every way there is, and measures how long an address is unreachable.
@main
struct FailoverBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover-bench",
        abstract: "Measures failover with real processes and real kernels; must run inside namespaces of its own.",
        subcommands: [Check.self, Run.self, Outage.self, Cost.self, Peers.self, Backend.self, Stream.self])
}

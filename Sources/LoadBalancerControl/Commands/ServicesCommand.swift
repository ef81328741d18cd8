import ArgumentParser

/// `lbctl services`.
struct ServicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "services",
        abstract: "Lists the Services of type LoadBalancer, and who announces their addresses.",
        aliases: ["service", "svc"])

    @OptionGroup var namespaces: NamespaceOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        try await cluster.withReader { reader in
            try await ServiceView(namespace: namespaces.scope(reader)).show(output, reader)
        }
    }
}

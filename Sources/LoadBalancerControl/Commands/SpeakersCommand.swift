import ArgumentParser

/// `lbctl speakers`.
struct SpeakersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speakers", abstract: "Lists the speakers: state, links, addresses, peers.", aliases: ["speaker"])

    @OptionGroup var output: OutputOptions
    @OptionGroup var cluster: ClusterOptions

    func run() async throws { try await cluster.withReader { try await SpeakerView().show(output, $0) } }
}

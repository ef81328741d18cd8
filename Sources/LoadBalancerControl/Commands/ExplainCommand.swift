import ArgumentParser
import KubernetesModel
import Reconciliation

/// `lbctl explain service NAME`.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Says why a Service has its addresses, who announces them, and what to do.",
        usage: "\(ProgramName.current) explain service <name> [-n <namespace>]")

    enum Subject: String, ExpressibleByArgument, CaseIterable { case service, svc }

    @Argument(help: "service")
    var subject: Subject
    @Argument(help: "The Service's name, or NAMESPACE/NAME.")
    var name: String
    @OptionGroup var namespaces: NamespaceOptions
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        try await cluster.withReader { reader in
            let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
            let key =
                parts.count == 2
                ? ObjectKey(namespace: parts[0], name: parts[1])
                : ObjectKey(namespace: namespaces.name(reader), name: name)
            let (snapshot, clock) = (try await reader.snapshot(), await reader.clock())
            guard
                let explanation = ServiceExplanation(
                    key, in: snapshot, heraldNamespace: reader.heraldNamespace, now: clock.now)
            else {
                let others = snapshot.services.keys.filter { $0.name == key.name }.map(\.description).sorted()
                throw Complaint(
                    "there is no Service \(key)"
                        + (others.isEmpty
                            ? "; `\(ProgramName.current) services -A` lists them"
                            : "; there is \(others.joined(separator: ", "))"))
            }
            Console.lines(explanation.lines)
        }
    }
}

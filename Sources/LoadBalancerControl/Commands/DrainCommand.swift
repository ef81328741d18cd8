import ArgumentParser
import KubernetesClient
import KubernetesModel

/// `lbctl drain NODE`: the node gives its addresses away, without being cordoned.
struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Lets a node give its load balancer addresses to others, and take no new ones.",
        discussion:
            "Connections to the moved addresses break, as in any move. `\(ProgramName.current) undrain NODE` takes it back."
    )

    @Argument(help: "The node.")
    var node: String
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        try await cluster.withReader { try await $0.setDrain(node, to: "true") }
        Console.line("node/\(node) draining; `\(ProgramName.current) speakers` shows its addresses leave")
    }
}

/// `lbctl undrain NODE`.
struct UndrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undrain", abstract: "Lets a drained node announce addresses again.")

    @Argument(help: "The node.")
    var node: String
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        try await cluster.withReader { try await $0.setDrain(node, to: nil) }
        Console.line("node/\(node) undrained; it takes addresses again when one is free to move")
    }
}

extension ClusterReader {
    func setDrain(_ node: String, to value: String?) async throws {
        let patch: JSONValue = [
            "metadata": ["annotations": .object([HeraldObjects.drainAnnotation: value.map { .string($0) } ?? .null])]
        ]
        do {
            try await client.patch(Node.self, name: node, .merge(patch))
        } catch {
            guard error.isNotFound else { throw error }
            throw Complaint("there is no node \(node); `kubectl get nodes` lists them")
        }
    }
}

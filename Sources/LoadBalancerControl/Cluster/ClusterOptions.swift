import ArgumentParser
import KubernetesClient
import KubernetesModel

/// Which cluster is meant.
struct ClusterOptions: ParsableArguments {
    @Option(help: "The kubeconfig file; else $KUBECONFIG, else ~/.kube/config.", completion: .file())
    var kubeconfig: String?
    @Option(help: "The kubeconfig's context to use, instead of its current one.")
    var context: String?
    @Option(help: "The namespace that Herald itself is in.")
    var heraldNamespace = HeraldObjects.defaultNamespace

    /// Opens the API for the length of `use`.
    func withReader<Value>(_ use: (ClusterReader) async throws -> Value) async throws -> Value {
        let configuration = try APIConfiguration.automatic(kubeconfig: kubeconfig, context: context)
        for warning in configuration.warnings { Console.complain("warning: \(warning)") }
        let client = try APIClient(configuration)
        do {
            return try await client.closing {
                try await use(ClusterReader(client: $0, heraldNamespace: heraldNamespace))
            }
        } catch let failure as APIError where failure.code == .transport {
            throw Complaint(
                "cannot reach the API server \(configuration.server): \(failure.message); check "
                    + "\(configuration.origin), and whether the server runs")
        } catch let failure as APIError where failure.isUnauthorized {
            throw Complaint(
                "the API server \(configuration.server) does not know you: \(failure.message) (401); renew the token or "
                    + "certificate of \(configuration.origin)")
        }
    }
}

/// Whose Services: kubectl's `-n` and `-A`.
struct NamespaceOptions: ParsableArguments {
    @Option(name: [.short, .long], help: "The namespace; else the context's, else \"default\".")
    var namespace: String?
    @Flag(name: [.customShort("A"), .long], help: "All namespaces.")
    var allNamespaces = false

    /// nil for all.
    func scope(_ reader: ClusterReader) -> String? { allNamespaces ? nil : name(reader) }

    func name(_ reader: ClusterReader) -> String { namespace ?? reader.client.configuration.namespace ?? "default" }
}

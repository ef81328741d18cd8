import ArgumentParser
import KubernetesClient
import KubernetesModel

/// Which cluster is meant.
struct ClusterOptions: ParsableArguments {
    @Option(help: "The kubeconfig file; else $KUBECONFIG, else ~/.kube/config.")
    var kubeconfig: String?
    @Option(help: "The kubeconfig's context to use, instead of its current one.")
    var context: String?
    @Option(help: "The namespace that Herald itself is in.")
    var heraldNamespace = HeraldObjects.defaultNamespace

    func reader() throws -> ClusterReader {
        let configuration = try APIConfiguration.automatic(kubeconfig: kubeconfig, context: context)
        for warning in configuration.warnings { Console.complain("warning: \(warning)") }
        return ClusterReader(client: try APIClient(configuration), heraldNamespace: heraldNamespace)
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

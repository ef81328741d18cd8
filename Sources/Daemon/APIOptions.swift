package import ArgumentParser
package import KubernetesClient
import KubernetesModel

/// How a daemon reaches the API server, and where Herald's own objects are.
package struct APIOptions: ParsableArguments {
    @Option(help: "A kubeconfig file. (default: the pod's service account, else KUBECONFIG, else ~/.kube/config)")
    package var kubeconfig: String?

    @Option(help: "The context of the kubeconfig.")
    package var context: String?

    @Option(help: "Herald's own namespace. (default: POD_NAMESPACE, the service account's, or herald-system)")
    package var namespace: String?

    @Option(help: "How to reach the API server: urlsession or async-http-client. (default: whichever can)")
    package var transport: TransportSelection.Kind?

    package init() {}

    /// An API server that was named by hand must answer at once; the pod's own may come later than the pod.
    package var isNamedByHand: Bool { kubeconfig != nil }

    package func configuration(_ environment: Environment) throws(StartupProblem) -> APIConfiguration {
        do {
            return try .automatic(kubeconfig: kubeconfig, context: context, environment: environment.variables)
        } catch {
            throw StartupProblem(error.message)
        }
    }

    /// The namespace of Herald's own objects. A kubeconfig's is where its user works.
    package func namespace(_ configuration: APIConfiguration, _ environment: Environment) -> String {
        namespace ?? environment["POD_NAMESPACE"] ?? (configuration.isOfPod ? configuration.namespace : nil)
            ?? HeraldObjects.defaultNamespace
    }
}

extension TransportSelection.Kind: ExpressibleByArgument {}

/// Environment variables, of which an empty one is as good as none.
package struct Environment: Sendable {
    package let variables: [String: String]

    package init(_ variables: [String: String]) { self.variables = variables }

    package subscript(name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }
}

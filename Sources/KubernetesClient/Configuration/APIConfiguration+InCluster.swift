import FoundationEssentials
import KubernetesModel

extension APIConfiguration {
    /// The service account that Kubernetes mounts into every pod.
    ///
    /// - Parameters:
    ///   - environment: holds `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`.
    ///   - directory: holds `token`, `ca.crt` and `namespace`.
    /// - Throws: ``APIError`` when this is no pod.
    package static func inCluster(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String = "/var/run/secrets/kubernetes.io/serviceaccount"
    ) throws(APIError) -> APIConfiguration {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty else {
            throw APIError(
                code: .configuration,
                message: "KUBERNETES_SERVICE_HOST is not set: outside of a pod, name a kubeconfig with --kubeconfig")
        }
        let port = environment["KUBERNETES_SERVICE_PORT_HTTPS"] ?? environment["KUBERNETES_SERVICE_PORT"] ?? "443"
        guard let number = Int(port), (1...65535).contains(number) else {
            throw APIError(code: .configuration, message: "KUBERNETES_SERVICE_PORT is \"\(port)\", which is no port")
        }
        for file in ["token", "ca.crt"] where !FileManager.default.isReadableFile(atPath: "\(directory)/\(file)") {
            throw APIError(
                code: .configuration,
                message: "\(directory)/\(file) cannot be read: give the pod a service account, "
                    + "and do not set automountServiceAccountToken to false")
        }
        let namespace = try? String(contentsOfFile: "\(directory)/namespace", encoding: .utf8)
        return APIConfiguration(
            server: ServerAddress(host: host, port: number), trust: .file("\(directory)/ca.crt"),
            credentials: .tokenFile("\(directory)/token"), namespace: namespace?.trimmed,
            origin: podOrigin)
    }

    private static let podOrigin = "service account of the pod"

    /// Whether this is the pod's own service account, whose namespace is the pod's.
    package var isOfPod: Bool { origin == Self.podOrigin }

    /// What a daemon uses: the kubeconfig named, else the pod's service account, else the user's kubeconfig.
    package static func automatic(
        kubeconfig: String? = nil, context: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(APIError) -> APIConfiguration {
        if kubeconfig == nil, context == nil, environment["KUBERNETES_SERVICE_HOST"] != nil,
            environment["KUBECONFIG"] == nil
        {
            return try inCluster(environment: environment)
        }
        return try Self.kubeconfig(path: kubeconfig, context: context, environment: environment)
    }
}

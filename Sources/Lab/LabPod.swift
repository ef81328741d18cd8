import ChildProcess

/// A container of the lab as the kubelet would run it: on the node's network, with the credentials of its
/// ServiceAccount mounted, the API server's address in its environment, and no capability but those it asks for.
struct LabPod {
    let name: String
    let node: LabTopology.Machine
    /// The folder with `token`, `ca.crt` and `namespace`.
    let credentials: String
    let apiServer: LabTopology.Machine
    /// As `setpriv` spells them: `net_raw`.
    let capabilities: [String]
    let command: [String]
    var environment: [String: String] = [:]

    var program: Program {
        let script = """
            mount --bind "$1" \(LabFiles.serviceAccount)
            mount --bind "$1/ca.crt" \(LabFiles.certificates)
            shift; exec "$@"
            """
        let bound = (["-all"] + capabilities.map { "+\($0)" }).joined(separator: ",")
        let variables = [
            "KUBERNETES_SERVICE_HOST": "\(apiServer.address)",
            "KUBERNETES_SERVICE_PORT": "\(LabCluster.port)",
            "NODE_NAME": node.name,
            "POD_NAME": name,
            "POD_NAMESPACE": LabCluster.namespace,
        ]
        return Program(
            ["ip", "netns", "exec", node.name, "sh", "-ec", script, name, credentials]
                + ["setpriv", "--bounding-set", bound, "--"] + command,
            environment: environment.merging(variables) { given, _ in given })
    }
}

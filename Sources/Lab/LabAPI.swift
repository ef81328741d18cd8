import Foundation
import KubernetesClient
import KubernetesModel

/// What the lab does with the API as the operator, and as the parts of a cluster that are not there: kubelet (Nodes,
/// tokens), endpoint controller and ingress controller.
struct LabAPI: Sendable {
    let client: APIClient

    init() throws { client = try APIClient(try .kubeconfig(path: LabFiles.kubeconfig)) }

    /// Waits for the API server's kubeconfig and its first answer, and gives the API to `use`.
    static func connect<Value>(_ daemons: LabDaemons, _ use: (LabAPI) async throws -> Value) async throws -> Value {
        try await wait(for: "kubeconfig of the API server") {
            try await daemons.check("api-server")
            return FileManager.default.fileExists(atPath: LabFiles.kubeconfig) ? true : nil
        }
        let api = try LabAPI()
        return try await api.client.closing { _ in try await use(api) }
    }

    func version() async throws -> String {
        try await client.raw(.get, "/version")["gitVersion"]?.string ?? "of unknown version"
    }

    /// Writes what the kubelet mounts into every Pod of a ServiceAccount.
    func writeCredentials(of serviceAccount: String) async throws {
        let folder = LabFiles.credentials(of: serviceAccount)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let token = try await token(serviceAccount: serviceAccount, namespace: LabCluster.namespace)
        let authority = try String(contentsOfFile: LabFiles.certificateAuthority, encoding: .utf8)
        for (name, text) in [("token", token), ("ca.crt", authority), ("namespace", LabCluster.namespace)] {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
    }

    /// Where objects of a kind are created, for the kinds in the project's manifests that the API server keeps.
    static let collections: [String: (plural: String, isNamespaced: Bool)] = [
        "CustomResourceDefinition": ("customresourcedefinitions", false),
        "Namespace": ("namespaces", false), "ServiceAccount": ("serviceaccounts", true),
        "ClusterRole": ("clusterroles", false), "ClusterRoleBinding": ("clusterrolebindings", false),
        "Role": ("roles", true), "RoleBinding": ("rolebindings", true), "Secret": ("secrets", true),
        "Service": ("services", true), "Node": ("nodes", false), "Ingress": ("ingresses", true),
        "EndpointSlice": ("endpointslices", true), "IPAddressPool": ("ipaddresspools", false),
        "L2Advertisement": ("l2advertisements", false),
    ]

    /// Creates an object of one of the kinds of ``collections``; one that exists already is left as it is.
    func create(_ object: JSONValue) async throws {
        let kind = object["kind"]?.string ?? ""
        guard let collection = Self.collections[kind], let version = object["apiVersion"]?.string else { return }
        var path = version.contains("/") ? "/apis/\(version)" : "/api/\(version)"
        if collection.isNamespaced {
            path += "/namespaces/\(object["metadata"]?["namespace"]?.string ?? "default")"
        }
        do {
            _ = try await client.raw(.post, "\(path)/\(collection.plural)", body: object)
        } catch  where error.isAlreadyExists {
        } catch {
            throw LabReport.Unmet("\(kind) \(object["metadata"]?["name"]?.string ?? ""): \(error)")
        }
    }

    /// A token of a ServiceAccount, as the kubelet asks for one, but for 30 days: nobody renews it in a lab that is held.
    func token(serviceAccount: String, namespace: String) async throws -> String {
        let answer = try await client.raw(
            .post, "/api/v1/namespaces/\(namespace)/serviceaccounts/\(serviceAccount)/token",
            body: [
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                "spec": ["expirationSeconds": 2_592_000],
            ])
        guard let token = answer["status"]?["token"]?.string else {
            throw LabReport.Unmet("the API server gave no token for \(serviceAccount)")
        }
        return token
    }

    /// Asks `condition` again and again until it returns a value.
    @discardableResult
    static func wait<Value: Sendable>(
        seconds: Int = 20, for what: String, _ condition: () async throws -> Value?
    ) async throws -> Value {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var problem = ""
        while ContinuousClock.now < deadline {
            do {
                if let value = try await condition() { return value }
                problem = ""
            } catch {
                problem = ": \(error)"
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw LabReport.Unmet("no \(what) after \(seconds) s\(problem)")
    }
}

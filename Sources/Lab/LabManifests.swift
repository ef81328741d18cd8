import Foundation
import KubernetesModel
import KubernetesYAML

/// The project's own manifests, read as `kubectl apply` and the kubelet would: the lab runs what a cluster runs.
struct LabManifests {
    /// In the order in which they can be created.
    private(set) var objects: [JSONValue] = []
    private(set) var workloads: [Workload] = []

    /// What a Deployment or DaemonSet says of its one container.
    struct Workload {
        let name: String
        let component: String
        let serviceAccount: String
        let replicas: Int
        let command: [String]
        /// In lower case and without CAP_, as setpriv wants them.
        let capabilities: [String]
        /// Seconds from SIGTERM to SIGKILL.
        let gracePeriod: Int
        /// Seconds that a new Pod must be ready before the next one is replaced.
        let minReadySeconds: Int
    }

    struct Missing: Error, CustomStringConvertible {
        let description = """
            the folder with the manifests is not where the program was built; name it with `--manifests DIR`
            """
    }

    /// Reads `crds` and `base` of `folder`, or of the nearest `manifests` above `program`.
    init(folder: String?, near program: String) throws {
        guard let folder = folder ?? Self.find(near: program) else { throw Missing() }
        let names = ["crds", "base"].flatMap { part -> [String] in
            let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(part)")) ?? []
            return files.filter { $0.hasSuffix(".yaml") && $0 != "kustomization.yaml" }.sorted().map { "\(part)/\($0)" }
        }
        guard !names.isEmpty else { throw Missing() }
        for name in names {
            let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            for document in try YAMLText.documents(text) {
                switch document["kind"]?.string {
                case "Deployment", "DaemonSet": workloads.append(Workload(document))
                case let kind? where LabAPI.collections[kind] != nil: objects.append(document)
                default: break
                }
            }
        }
        let order = ["CustomResourceDefinition", "Namespace", "ServiceAccount"]
        func rank(_ object: JSONValue) -> Int { order.firstIndex(of: object["kind"]?.string ?? "") ?? order.count }
        objects = objects.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .map(\.element)
    }

    func workload(_ component: String) throws -> Workload {
        guard let workload = workloads.first(where: { $0.component == component }) else { throw Missing() }
        return workload
    }

    private static func find(near program: String) -> String? {
        var folder = URL(fileURLWithPath: program)
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("manifests")
            if FileManager.default.fileExists(atPath: candidate.appendingPathComponent("crds").path) {
                return candidate.path
            }
            folder.deleteLastPathComponent()
        }
        return nil
    }
}

extension LabManifests.Workload {
    init(_ object: JSONValue) {
        func strings(_ value: JSONValue?) -> [String] { (value?.array ?? []).compactMap(\.string) }
        let pod = object["spec"]?["template"]
        let container = pod?["spec"]?["containers"]?.array?.first
        name = object["metadata"]?["name"]?.string ?? ""
        component = pod?["metadata"]?["labels"]?["app.kubernetes.io/component"]?.string ?? ""
        serviceAccount = pod?["spec"]?["serviceAccountName"]?.string ?? "default"
        replicas = Int(object["spec"]?["replicas"]?.integer ?? 1)
        command = strings(container?["command"]) + strings(container?["args"])
        capabilities = strings(container?["securityContext"]?["capabilities"]?["add"]).map { $0.lowercased() }
        gracePeriod = Int(pod?["spec"]?["terminationGracePeriodSeconds"]?.integer ?? 30)
        minReadySeconds = Int(object["spec"]?["minReadySeconds"]?.integer ?? 0)
    }
}

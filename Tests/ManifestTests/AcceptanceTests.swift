import EmbeddedAPIServer
import Foundation
import Testing

/// An API server takes what the manifests say.
@Suite("Manifests: accepted by an API server")
struct AcceptanceTests {
    /// The kinds of the Prometheus operator, whatever is in them.
    static let operatorKinds = [("PodMonitor", "podmonitors"), ("PrometheusRule", "prometheusrules")].map {
        kind, plural in
        """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: \(plural).monitoring.coreos.com}
        spec:
          group: monitoring.coreos.com
          scope: Namespaced
          names: {kind: \(kind), plural: \(plural)}
          versions:
          - name: v1
            served: true
            storage: true
            schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
        """
    }

    @Test(
        "every object of every overlay",
        arguments: ["base", "overlays/cluster-home", "overlays/ipv6", "overlays/monitoring"])
    func accepted(path: String) async throws {
        let objects = try Kustomization.render(manifests.appending(path: path))
        try await withEmbeddedAPIServer { server in
            for kind in Self.operatorKinds { try server.install(manifest: kind) }
            for object in objects {
                #expect(throws: Never.self, "\(object.kind) \(object.name)") { try server.install(object) }
            }
        }
    }

    @Test(
        "kubectl apply -k, twice, and delete -k",
        .enabled("it takes a kubectl of 1.27 or later") { try await hasModernKubectl() })
    func kubectl() async throws {
        try await withEmbeddedAPIServer { server in
            let file = FileManager.default.temporaryDirectory.appending(path: "herald-\(UUID().uuidString).kubeconfig")
            try server.writeKubeconfig(file.path)
            defer { try? FileManager.default.removeItem(at: file) }
            func kubectl(_ arguments: String...) async throws -> CommandResult {
                try #require(try await run("kubectl", ["--kubeconfig", file.path] + arguments))
            }
            let base = manifests.appending(path: "base").path
            let first = try await kubectl("apply", "-k", base)
            #expect(first.status == 0, "\(first.errors)")
            #expect(first.output.contains("daemonset.apps/herald-speaker created"))
            let home = manifests.appending(path: "overlays/cluster-home").path
            let second = try await kubectl("apply", "-k", home)
            #expect(second.status == 0, "\(second.errors)")
            #expect(second.output.contains("ipaddresspool.lb.cluster.home/cluster-home created"))
            #expect(second.output.contains("clusterrole.rbac.authorization.k8s.io/herald-speaker unchanged"))
            let third = try await kubectl("apply", "-k", home)
            // kubectl patches a PodDisruptionBudget each time: its selector is merged by replacing it.
            let changed = third.output.split(separator: "\n").filter {
                !$0.hasSuffix("unchanged") && !$0.contains("poddisruption")
            }
            #expect(third.status == 0 && changed.isEmpty, "\(changed)")
            let pools = try await kubectl("get", "ipaddresspools")
            #expect(pools.output.contains("192.168.57.200-192.168.57.254"))
            let removal = try await kubectl("delete", "-k", home, "--ignore-not-found", "--wait=false")
            #expect(removal.status == 0, "\(removal.errors)")
        }
    }
}

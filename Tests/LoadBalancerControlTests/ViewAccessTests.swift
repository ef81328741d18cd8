import ChildProcess
import EmbeddedAPIServer
import Foundation
import KubernetesClient
import KubernetesModel
import Reconciliation
import Testing

@testable import LoadBalancerControl

@Suite("who may look")
struct ViewAccessTests {
    @Test("a token that the API server does not know is told with what to do")
    func unknown() async throws {
        var configuration = APIServerConfiguration()
        configuration.enforcesRBAC = true
        try await withEmbeddedAPIServer(configuration) { server in
            try await Scratch.with { folder in
                let path = "\(folder)/kubeconfig"
                try server.kubeconfig(token: "stale").write(toFile: path, atomically: true, encoding: .utf8)
                let result = try await Program([Scratch.lbctl, "pools", "--kubeconfig", path]).run()
                #expect(result.status == 1 && result.output.hasPrefix("lbctl: the API server "), "\(result.output)")
                #expect(result.output.contains(" does not know you: "), "\(result.output)")
                #expect(result.output.contains("; renew the token or certificate of context "), "\(result.output)")
            }
        }
    }

    private static let binding = """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: people}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: herald-view}
        subjects: [{kind: ServiceAccount, name: reader, namespace: people}]
        """

    @Test("with the role herald-view alone lbctl reads all that it wants, and drains no node")
    func view() async throws {
        var configuration = APIServerConfiguration()
        configuration.enforcesRBAC = true
        try await withEmbeddedAPIServer(configuration) { server in
            let folder = "\(Scratch.root)/manifests"
            for file in ["crds/ipaddresspools", "crds/l2advertisements", "crds/servicel2statuses", "access/view"] {
                try server.install(manifest: String(contentsOfFile: "\(folder)/\(file).yaml", encoding: .utf8))
            }
            try server.install(
                manifest: World.join(
                    Self.binding, "apiVersion: v1\nkind: Namespace\nmetadata: {name: people}",
                    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: reader, namespace: people}",
                    "apiVersion: v1\nkind: Node\nmetadata: {name: n1}"))
            let token = try server.issueToken(serviceAccount: "reader", namespace: "people")
            try await Scratch.with { folder in
                let path = "\(folder)/kubeconfig"
                try server.kubeconfig(token: token).write(toFile: path, atomically: true, encoding: .utf8)
                let client = try APIClient(.kubeconfig(path: path))
                try await client.closing { client in
                    let reader = ClusterReader(client: client, heraldNamespace: "herald-system")
                    #expect(try await reader.snapshot().nodes.count == 1)
                    #expect(try await reader.serviceCIDRs() != nil)
                    let hosts = try await reader.hostObjects()
                    #expect(hosts.forbidden.isEmpty)
                    _ = await reader.surroundings()
                    await #expect(throws: APIError.self) { try await reader.setDrain("n1", to: "true") }
                }
            }
        }
    }
}

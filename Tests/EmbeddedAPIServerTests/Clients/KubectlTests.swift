import EmbeddedAPIServer
import Foundation
import KubernetesModel
import ObjectStore
import Testing

/// The real kubectl, old (Debian's) and new, does its daily work against the server.
@Suite(.serialized)
struct KubectlTests {
    struct Program: Sendable, CustomTestStringConvertible {
        let path: String
        /// Debian's 1.20 reads neither OpenAPI v3 nor the newer protobuf, and validates only what it is told not to.
        let isOld: Bool
        var testDescription: String { path }
    }

    static let programs: [Program] = [
        Program(path: Tool.clients + "/debian/usr/bin/kubectl", isOld: true),
        Program(path: "/usr/bin/kubectl", isOld: false),
        Program(path: "/usr/local/bin/kubectl", isOld: false),
    ].filter { Tool.exists($0.path) }

    struct Kubectl: Sendable {
        let tool: Tool
        let program: Program

        @discardableResult
        func callAsFunction(_ arguments: String..., input: String = "", fails: Bool = false) async throws -> String {
            let result = try await tool.run(arguments, input: input)
            let line = "kubectl \(arguments.joined(separator: " "))"
            #expect((result.status != 0) == fails, "\(line): \(result.output)\(result.errors)")
            return fails ? result.errors : result.output
        }
    }

    private func withKubectl(
        _ program: Program, _ body: @Sendable @escaping (Kubectl, EmbeddedAPIServer) async throws -> Void
    )
        async throws
    {
        var configuration = APIServerConfiguration()
        configuration.enforcesRBAC = true
        try await withEmbeddedAPIServer(configuration) { server in
            let folder = NSTemporaryDirectory() + "herald-kubectl-\(UInt32.random(in: 0...UInt32.max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try server.writeKubeconfig(folder + "/kubeconfig")
            // A home of its own: no cached discovery of another server on the same port.
            let tool = Tool(path: program.path, environment: ["KUBECONFIG": folder + "/kubeconfig", "HOME": folder])
            try await body(Kubectl(tool: tool, program: program), server)
        }
    }

    private static let pool = """
        apiVersion: lb.cluster.home/v1beta1
        kind: IPAddressPool
        metadata:
          name: home
        spec:
          addresses:
          - 192.168.57.200-192.168.57.254
        """

    private static let service = """
        apiVersion: v1
        kind: Service
        metadata:
          name: grafana
        spec:
          type: LoadBalancer
          selector: {app: grafana}
          ports:
          - {name: http, port: 80, targetPort: 3000}
        """

    @Test("manifests are applied, shown, changed and deleted", arguments: programs)
    func daily(program: Program) async throws {
        try await withKubectl(program) { kubectl, server in
            for name in ["ipaddresspools", "l2advertisements", "servicel2statuses"] {
                try await kubectl("apply", "-f", "\(Tool.root)/manifests/crds/\(name).yaml")
            }
            try await kubectl(
                "wait", "--for=condition=Established", "crd/ipaddresspools.lb.cluster.home", "--timeout=10s")
            #expect(try await kubectl("get", "services", "-A").contains("kubernetes"))
            try await kubectl("apply", "-f", "-", input: Self.pool)
            #expect(try await kubectl("apply", "-f", "-", input: Self.pool).contains("unchanged"))
            let pools = try await kubectl("get", "ipaddresspools")
            #expect(pools.contains("ADDRESSES") && pools.contains("192.168.57.200-192.168.57.254"))
            try await kubectl("apply", "-f", "-", input: Self.service)
            let more = Self.service.replacing("- {name: http", with: "- {name: https, port: 443}\n  - {name: http")
            #expect(try await kubectl("apply", "-f", "-", input: more).contains("configured"))
            #expect(try await kubectl("get", "svc", "grafana", "-o", "wide").contains("<pending>"))
            try await kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input: Self.service)
            let conflict = try await kubectl(
                "apply", "--server-side", "--field-manager=other", "-f", "-",
                input: Self.service.replacing("LoadBalancer", with: "NodePort"), fails: true)
            #expect(conflict.contains("conflict"))
            try await kubectl("patch", "svc", "grafana", "-p", #"{"metadata":{"labels":{"edited":"yes"}}}"#)
            try await kubectl("label", "svc", "grafana", "team=home")
            #expect(try await kubectl("get", "svc", "-l", "team=home,edited=yes", "-o", "name") == "service/grafana\n")
            #expect(try await kubectl("get", "svc", "grafana", "-o", "jsonpath={.spec.ports[*].port}").contains("80"))
            #expect(try await kubectl("api-resources").contains("ipaddresspools"))
            #expect(try await kubectl("delete", "svc", "grafana").contains("deleted"))
            #expect(try await kubectl("get", "svc", "grafana", fails: true).contains("NotFound"))
            try await kubectl("delete", "ipaddresspool", "home")
        }
    }

    @Test("status is replaced raw, waited for, watched and described", arguments: programs)
    func status(program: Program) async throws {
        try await withKubectl(program) { kubectl, server in
            try await kubectl("apply", "-f", "-", input: Self.service)
            var object = try JSONParser.parse(Array(try await kubectl("get", "svc", "grafana", "-o", "json").utf8))
            object.set("status", "loadBalancer", "ingress", to: [["ip": "192.168.57.200"]])
            object.set(
                "status", "conditions",
                to: [
                    [
                        "type": "Announced", "status": "True", "reason": "Tested", "message": "",
                        "lastTransitionTime": "2026-11-21T07:28:09Z",
                    ]
                ])
            let path = "/api/v1/namespaces/default/services/grafana/status"
            let file = NSTemporaryDirectory() + "herald-status-\(UInt32.random(in: 0...UInt32.max)).json"
            defer { try? FileManager.default.removeItem(atPath: file) }
            try object.jsonText.write(toFile: file, atomically: true, encoding: .utf8)
            async let watched = kubectl.tool.run(["get", "svc", "-w", "--request-timeout=10s"])
            try await kubectl("replace", "--raw", path, "-f", file)
            try await kubectl("wait", "--for=condition=Announced", "svc/grafana", "--timeout=10s")
            #expect(try await kubectl("get", "svc").contains("192.168.57.200"))
            try server.install(
                manifest: """
                    apiVersion: v1
                    kind: Event
                    metadata: {name: grafana.1}
                    involvedObject: {apiVersion: v1, kind: Service, name: grafana, namespace: default}
                    reason: AddressAssigned
                    message: "192.168.57.200 from pool home"
                    type: Normal
                    source: {component: herald}
                    """)
            let described = try await kubectl("describe", "svc", "grafana")
            #expect(described.contains("LoadBalancer Ingress:") && described.contains("192.168.57.200"))
            let events = try await kubectl("get", "events")
            #expect(events.contains("AddressAssigned"))
            let lines = try await watched.output
            #expect(lines.contains("grafana"))
        }
    }

    @Test("a schema is explained, access is asked for", arguments: programs)
    func questions(program: Program) async throws {
        try await withKubectl(program) { kubectl, server in
            try await kubectl("apply", "-f", "\(Tool.root)/manifests/crds/ipaddresspools.yaml")
            #expect(try await kubectl("explain", "services.spec.ports").contains("nodePort"))
            #expect(try await kubectl("explain", "ipaddresspools.spec").contains("autoAssign"))
            #expect(try await kubectl("version", "-o", "json").contains("herald"))
            #expect(try await kubectl("auth", "can-i", "delete", "nodes") == "yes\n")
            try await kubectl("create", "namespace", "team")
            try await kubectl("create", "configmap", "c", "-n", "team", "--from-literal=a=b")
            #expect(try await kubectl("get", "cm", "-n", "team", "-o", "name").contains("configmap/c"))
            try await kubectl("create", "deployment", "d", "-n", "team", "--image=nginx", "--replicas=2", "--port=80")
            try await kubectl("create", "service", "loadbalancer", "s", "-n", "team", "--tcp=80:web")
            #expect(
                try await kubectl("get", "svc", "s", "-n", "team", "-o", "jsonpath={.spec.ports[0].targetPort}")
                    == "web")
            try await kubectl("create", "role", "r", "-n", "team", "--verb=get,list", "--resource=services")
            try await kubectl("create", "rolebinding", "b", "-n", "team", "--role=r", "--serviceaccount=team:sa")
            try await kubectl("create", "secret", "generic", "k", "-n", "team", "--from-literal=a=b")
            #expect(try await kubectl("get", "secret", "k", "-n", "team", "-o", "jsonpath={.data.a}") == "Yg==")
            try await kubectl("delete", "namespace", "team")
        }
    }
}

import Foundation
import KubernetesModel
import KubernetesYAML
import Testing

@Suite("Manifests: rendering")
struct RenderingTests {
    static let kustomizations = [
        "access", "admission", "crds", "base", "monitoring", "overlays/cluster-home", "overlays/ipv6",
        "overlays/monitoring",
    ]

    @Test("every kustomization renders, every object once", arguments: kustomizations)
    func renders(path: String) throws {
        let objects = try Kustomization.render(manifests.appending(path: path))
        #expect(!objects.isEmpty)
        #expect(byName(objects).count == objects.count)
        // Pools and advertisements are the operator's own.
        for object in objects where object["apiVersion"] != "lb.cluster.home/v1beta1" {
            #expect(
                object.at("metadata", "labels", "app.kubernetes.io/name") == "herald", "\(object.kind) \(object.name)")
        }
    }

    @Test(
        "kubectl kustomize gives the same objects",
        .enabled("it takes a kubectl of 1.27 or later") { try await hasModernKubectl() }, arguments: kustomizations)
    func kubectl(path: String) async throws {
        let result = try #require(try await run("kubectl", ["kustomize", manifests.appending(path: path).path]))
        #expect(result.status == 0, "\(result.errors)")
        let theirs = byName(try YAMLText.documents(result.output))
        let ours = byName(try Kustomization.render(manifests.appending(path: path)))
        #expect(Set(theirs.keys) == Set(ours.keys))
        for (name, object) in ours { #expect(theirs[name] == object, "\(name)") }
    }

    @Test("the overlays hold what their names say")
    func overlays() throws {
        let home = try Kustomization.render(manifests.appending(path: "overlays/cluster-home"))
        let pool = try #require(home.first("IPAddressPool", "cluster-home"))
        #expect(pool.at("spec", "addresses") == ["192.168.57.200-192.168.57.254"])
        #expect(home.first("L2Advertisement", "cluster-home")?.at("spec", "ipAddressPools") == ["cluster-home"])
        let speaker = try #require(home.first("DaemonSet", "herald-speaker"))
        let image = speaker.at("spec", "template", "spec", "containers", "0", "image")?.string ?? ""
        #expect(image.hasPrefix("registry.cluster.home:5000/herald:"))

        let ipv6 = try Kustomization.render(manifests.appending(path: "overlays/ipv6"))
        let addresses = ipv6.first("IPAddressPool", "cluster-home")?.at("spec", "addresses")?.array ?? []
        #expect(addresses.compactMap(\.string).contains { $0.contains(":") } && addresses.count == 2)

        let monitoring = try Kustomization.render(manifests.appending(path: "overlays/monitoring"))
        #expect(monitoring.first("PrometheusRule", "herald") != nil)
        #expect(monitoring.first("ConfigMap", "herald-dashboard")?.at("data", "herald.json") != nil)
    }

    /// What the chart takes from values under other names.
    private static let renamed: Set = [
        "image: herald", "imagePullPolicy: IfNotPresent", "- --log-format=json", "containerPort: 7475",
        "hostPort: 7475", "- port: 7475",
    ]

    @Test(
        "the chart's templates are the files of the base, but for what they fill in from values",
        arguments: ["controller", "network-policy", "rbac", "speaker"])
    func templates(name: String) throws {
        func lines(_ path: String) throws -> [String] {
            try String(contentsOf: manifests.appending(path: path), encoding: .utf8)
                .replacing("{{ .Release.Namespace }}", with: "herald-system")
                .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let values = Set(try lines("helm/herald/values.yaml"))
        for change in try lines("helm/herald/templates/\(name).yaml").difference(from: lines("base/\(name).yaml")) {
            switch change {
            case .insert(_, let line, _):
                #expect(line.contains("{{") || ["labels:", "imagePullSecrets:"].contains(line), "only in the chart")
            case .remove(_, let line, _):
                #expect(values.contains(line) || Self.renamed.contains(line), "only in the base")
            }
        }
    }

    @Test(
        "the chart renders to the base and the monitoring overlay",
        .enabled(if: find("helm") != nil, "it takes a helm"),
        arguments: [
            ("base", "false"), ("overlays/monitoring", "true"),
        ])
    func helm(path: String, monitoring: String) async throws {
        let arguments = [
            "template", "herald", manifests.appending(path: "helm/herald").path, "--namespace", "herald-system",
            "--include-crds", "--set", "namespace.create=true,monitoring.enabled=\(monitoring)",
        ]
        let result = try #require(try await run("helm", arguments))
        #expect(result.status == 0, "\(result.errors)")
        let chart = byName(try YAMLText.documents(result.output))
        let ours = byName(try Kustomization.render(manifests.appending(path: path)))
        #expect(Set(chart.keys) == Set(ours.keys))
        for (name, object) in ours {
            var theirs = chart[name]
            // Helm installs the files of crds/ as they are.
            if object.kind == "CustomResourceDefinition" {
                theirs?.merge(["metadata", "labels"], object.at("metadata", "labels")?.object ?? [:])
            }
            #expect(theirs == object, "\(name)")
        }
    }
}

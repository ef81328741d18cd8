import Foundation
import KubernetesModel
import KubernetesYAML
import Testing

@testable import LoadBalancerControl

@Suite("validate")
struct ValidateTests {
    static func pool(_ spec: String, name: String = "p") -> String {
        "apiVersion: lb.cluster.home/v1beta1\nkind: IPAddressPool\nmetadata: {name: \(name)}\nspec: {\(spec)}"
    }

    static func advertisement(_ spec: String) -> String {
        "apiVersion: lb.cluster.home/v1beta1\nkind: L2Advertisement\nmetadata: {name: a}\nspec: {\(spec)}"
    }

    @Test("an empty stream is an error: what was to write it has failed", arguments: ["", "---\n", "# nothing\n---\n"])
    func empty(_ text: String) throws {
        try Scratch.with { folder in
            try text.write(toFile: "\(folder)/a", atomically: true, encoding: .utf8)
            #expect(try ManifestSet(files: ["\(folder)/a"]).validate().map(\.severity) == [.error])
        }
    }

    @Test("an unquoted hardware address or time of day is text, as it is for kubectl")
    func colons() {
        let text = """
            apiVersion: v1
            kind: Service
            metadata: {name: a, namespace: default, annotations: {mac: 52:54:00:12:34:56, at: 10:30}}
            spec: {type: LoadBalancer, ports: [{port: 80}]}
            """
        #expect(ManifestSet(text: text, source: "f").validate().filter { $0.severity == .error }.isEmpty)
    }

    @Test(
        "what is wrong is found, with its place",
        arguments: [
            (pool("addresses: [10.0.0.0/33]"), Finding.Severity.error, "prefix length"),
            (pool("addresses: [10.0.0.9-10.0.0.1]"), .error, "backward"),
            (
                pool("addresses: 10.0.0.0/24"), .error,
                "spec.addresses: Invalid value: \"10.0.0.0/24\": must be of type array: \"string\""
            ),
            (pool("autoAssign: true"), .error, "spec.addresses: Required value"),
            (pool("addresses: [10.0.0.0/24], autoAssing: false"), .error, "spec.autoAssing is no field"),
            (
                pool("addresses: [10.0.0.0/24], autoAssign: \"no\""), .error,
                "spec.autoAssign: Invalid value: \"no\": must be of type boolean: \"string\""
            ),
            (
                World.join(pool("addresses: [10.0.0.0/24]"), pool("addresses: [10.0.0.8/30]", name: "q")), .error,
                "overlaps"
            ),
            (World.join(pool("addresses: [10.0.0.0/24]"), pool("addresses: [10.0.1.0/24]")), .error, "is there twice"),
            (
                World.join(
                    pool("addresses: [192.168.57.11/32, 192.168.57.200/30]"),
                    "apiVersion: v1\n"
                        + World.node("n1", more: "status: {addresses: [{type: InternalIP, address: 192.168.57.11}]}")),
                .error, "is the address of node n1"
            ),
            (
                World.join(pool("addresses: [10.0.0.0/24]"), advertisement("ipAddressPools: [other]")), .warning,
                "names other"
            ),
            (
                World.join(
                    pool("addresses: [10.0.0.0/24]"), advertisement("ipAddressPoolSelectors: [{matchLabels: {a: b}}]")),
                .warning, "a=b matches no IPAddressPool"
            ),
            (pool("addresses: []"), .error, "spec.addresses: Invalid value: 0: should have at least 1 items"),
            (pool("addresses: []"), .error, "has no address"),
            (
                pool("addresses: [\((0...128).map { "10.0.\($0).0/32" }.joined(separator: ", "))]"), .error,
                "spec.addresses: Too many: 129: must have at most 128 items"
            ),
            (
                pool("addresses: [10.0.0.0/24, 10.0.0.0/24]"), .error,
                "spec.addresses[1]: Duplicate value: \"10.0.0.0/24\""
            ),
            (
                pool("addresses: [10.0.0.0/24], serviceAllocation: {priority: -1}"), .error,
                "spec.serviceAllocation.priority: Invalid value: -1: should be greater than or equal to 0"
            ),
            (
                advertisement("preferredNodeSelectors: [{weight: 0, preference: {}}]"), .error,
                "spec.preferredNodeSelectors[0].weight: Invalid value: 0: should be greater than or equal to 1"
            ),
            (
                advertisement("preferredNodeSelectors: [{weight: 101, preference: {}}]"), .error,
                "should be less than or equal to 100"
            ),
            (
                advertisement("interfaces: [\((0...64).map { "eth\($0)" }.joined(separator: ", "))]"), .error,
                "spec.interfaces: Too many: 65: must have at most 64 items"
            ),
            (
                advertisement("nodeSelectors: [{matchExpressions: [{key: a, operator: Has}]}]"), .error,
                "Unsupported value: \"Has\""
            ),
            (
                pool("addresses: [10.0.0.0/24]", name: "Bad_Name"), .error,
                "metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain"
            ),
            (
                "apiVersion: lb.cluster.home/v1beta1\nkind: L2Advertisement\nmetadata: {name: a}\nspecs: {}", .error,
                "specs is no field of L2Advertisement"
            ),
            ("apiVersion: lb.cluster.home/v1\nkind: IPAddressPool\nmetadata: {name: p}", .error, "is unknown"),
            ("apiVersion: lb.cluster.home/v1beta1\nkind: Pool\nmetadata: {name: p}", .error, "has no kind Pool"),
            ("metadata: {name: p}", .error, "has no kind"),
            ("a: [", .error, "did not find expected"),
            ("apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: p}", .note, "ignored by Herald"),
        ] as [(String, Finding.Severity, String)])
    func wrong(_ yaml: String, _ severity: Finding.Severity, _ text: String) {
        let findings = ManifestSet(text: yaml, source: "file.yaml").validate()
        #expect(findings.contains { $0.severity == severity && $0.evidence.contains(text) }, "\(findings)")
    }

    @Test("the schemas are those of the CRDs", arguments: ["ipaddresspools", "l2advertisements"])
    func schemas(_ name: String) throws {
        func stripped(_ value: JSONValue) -> JSONValue {
            switch value {
            case .object(let members):
                .object(
                    members.filter {
                        !["description", "x-kubernetes-validations"].contains($0.key) || $0.value.object != nil
                    }
                    .mapValues(stripped))
            case .array(let elements): .array(elements.map(stripped))
            default: value
            }
        }
        let text = try String(contentsOfFile: "\(Scratch.root)/manifests/crds/\(name).yaml", encoding: .utf8)
        let definition = try #require(try YAMLText.documents(text).first?["spec"])
        let kind = try #require(definition["names"]?["kind"]?.string)
        let source = try #require(definition["versions"]?.array?.first?["schema"]?["openAPIV3Schema"])
        let ours = try #require(CustomResourceSchema.sources[kind])
        #expect(ours["properties"]?["spec"] == stripped(source["properties"]?["spec"] ?? .null))
        #expect(ours["required"] == source["required"])
        let names = Set((source["properties"]?.object ?? [:]).keys).subtracting(["apiVersion", "kind", "metadata"])
        #expect(Set((ours["properties"]?.object ?? [:]).keys) == names)
    }

    @Test("good objects have no findings")
    func good() {
        let text = World.join(
            Self.pool("addresses: [10.0.0.0/24, fd00::/120], serviceAllocation: {priority: 1, namespaces: [a]}"),
            Self.advertisement(
                "ipAddressPools: [p], preferredNodeSelectors: [{weight: 5, preference: {matchLabels: {a: b}}}]"))
        #expect(ManifestSet(text: text, source: "file.yaml").validate() == [])
    }

    @Test(
        "ipvs without strictARP is found in kube-proxy's configuration",
        arguments: [
            ("mode: ipvs\nipvs:\n  strictARP: false", true), ("mode: \"ipvs\"\n", true), ("mode: 'ipvs'\n", true),
            ("mode: ipvs\nipvs:\n  strictARP: true", false),
            ("mode: iptables\n", false), ("# mode: ipvs\n", false),
        ])
    func kubeProxy(_ text: String, _ isFound: Bool) { #expect(ClusterCheck.isIPVSWithoutStrictARP(text) == isFound) }
}

import Foundation
import KubernetesModel
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
            (pool("addresses: 10.0.0.0/24"), .error, "spec.addresses must be a list"),
            (pool("autoAssign: true"), .error, "spec.addresses is missing"),
            (pool("addresses: [10.0.0.0/24], autoAssing: false"), .error, "spec.autoAssing is no field"),
            (pool("addresses: [10.0.0.0/24], autoAssign: \"no\""), .error, "spec.autoAssign must be true or false"),
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

import ChildProcess
import Foundation
import KubernetesModel
import KubernetesYAML
import MonotonicTime
import NetworkAddresses
import Reconciliation
import Testing

@testable import LoadBalancerControl

@Suite("import metallb")
struct ImportTests {
    /// A MetalLB configuration, the Services of the cluster, and the addresses that MetalLB gives them.
    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        let metallb: String
        var services: [String] = [World.service("web", address: nil)]
        let addresses: [String: [String]]
        var notes: [String] = []
        var testDescription: String { name }
    }

    static func pool(_ name: String, _ spec: String, labels: String = "") -> String {
        """
        apiVersion: metallb.io/v1beta1
        kind: IPAddressPool
        metadata: {name: \(name), namespace: metallb-system, labels: {\(labels)}}
        spec: {\(spec)}
        """
    }

    static let everywhere = """
        apiVersion: metallb.io/v1beta1
        kind: L2Advertisement
        metadata: {name: all, namespace: metallb-system}
        """

    static let samples: [Sample] = [
        Sample(
            name: "layer 2 with a range",
            metallb: World.join(pool("first-pool", "addresses: [192.168.1.240-192.168.1.250]"), everywhere),
            addresses: ["web": ["192.168.1.240"]]),
        Sample(
            name: "CIDR, buggy addresses avoided",
            metallb: World.join(pool("p", "addresses: [192.168.10.0/24], avoidBuggyIPs: true"), everywhere),
            addresses: ["web": ["192.168.10.1"]]),
        Sample(
            name: "a pool that is not handed out unasked",
            metallb: World.join(
                pool("cheap", "addresses: [192.168.144.0/20]"),
                pool("expensive", "addresses: [42.176.25.64/30], autoAssign: false"), everywhere),
            services: [
                World.service("web", address: nil),
                World.service("shop", address: nil, annotations: "metallb.io/address-pool: expensive"),
            ],
            addresses: ["web": ["192.168.144.0"], "shop": ["42.176.25.64"]]),
        Sample(
            name: "an address asked for with MetalLB's annotations, the deprecated one too",
            metallb: World.join(pool("p", "addresses: [192.168.1.0/24]"), everywhere),
            services: [
                World.service("web", address: nil, annotations: "metallb.io/loadBalancerIPs: 192.168.1.100"),
                World.service("old", address: nil, annotations: "metallb.universe.tf/loadBalancerIPs: 192.168.1.101"),
            ],
            addresses: ["web": ["192.168.1.100"], "old": ["192.168.1.101"]]),
        Sample(
            name: "an address shared under a key",
            metallb: World.join(pool("p", "addresses: [192.168.1.0/24]"), everywhere),
            services: [
                World.service(
                    "tcp", address: nil,
                    annotations: "metallb.io/allow-shared-ip: dns, metallb.io/loadBalancerIPs: 192.168.1.53"),
                """
                kind: Service
                metadata: {name: udp, namespace: default, uid: udp, annotations: {metallb.io/allow-shared-ip: dns, metallb.io/loadBalancerIPs: 192.168.1.53}}
                spec: {type: LoadBalancer, ipFamilies: [IPv4], ports: [{port: 53, protocol: UDP}]}
                """,
            ],
            addresses: ["tcp": ["192.168.1.53"], "udp": ["192.168.1.53"]]),
        Sample(
            name: "pools for a namespace and for Services, by priority",
            metallb: World.join(
                pool("general", "addresses: [192.168.1.0/24]"),
                pool("team", "addresses: [192.168.2.0/24], serviceAllocation: {priority: 50, namespaces: [default]}"),
                pool(
                    "gold",
                    "addresses: [192.168.3.0/24], serviceAllocation: {priority: 10, serviceSelectors: [{matchExpressions: [{key: tier, operator: In, values: [gold]}]}]}"
                ),
                everywhere),
            addresses: ["web": ["192.168.2.0"]]),
        Sample(
            name: "dual stack from one pool",
            metallb: World.join(pool("dual", "addresses: [192.168.1.0/28, fc00:f853:0ccd:e797::/124]"), everywhere),
            services: [
                """
                kind: Service
                metadata: {name: web, namespace: default, uid: web}
                spec: {type: LoadBalancer, ipFamilies: [IPv4, IPv6], ipFamilyPolicy: RequireDualStack, ports: [{port: 80}]}
                """
            ],
            // MetalLB gives fc00:f853:ccd:e797::, for which every router of that subnet answers.
            addresses: ["web": ["192.168.1.0", "fc00:f853:ccd:e797::1"]]),
        Sample(
            name: "advertisements by pool, selector, node and interface; BGP beside them",
            metallb: World.join(
                pool("p", "addresses: [192.168.1.0/24]", labels: "zone: east"),
                """
                apiVersion: metallb.io/v1beta1
                kind: L2Advertisement
                metadata: {name: example, namespace: metallb-system}
                spec:
                  ipAddressPools: [p]
                  ipAddressPoolSelectors: [{matchLabels: {zone: east}}]
                  nodeSelectors: [{matchLabels: {kubernetes.io/hostname: NodeA}}]
                  interfaces: [eth3]
                """,
                """
                apiVersion: metallb.io/v1beta1
                kind: BGPAdvertisement
                metadata: {name: local, namespace: metallb-system}
                spec: {aggregationLength: 32, localPref: 100}
                """,
                """
                apiVersion: metallb.io/v1beta2
                kind: BGPPeer
                metadata: {name: peer, namespace: metallb-system}
                spec: {myASN: 64500, peerASN: 64501, peerAddress: 10.0.0.1}
                """),
            addresses: ["web": ["192.168.1.0"]],
            notes: ["BGPAdvertisement local: BGP has no equivalent", "BGPPeer peer: BGP has no equivalent"]),
        Sample(
            name: "a pool that MetalLB announces by BGP only",
            metallb: pool("p", "addresses: [192.168.1.0/24], autoAssign: true"),
            services: [
                World.service("web", address: nil), World.service("old", address: "192.168.1.9"),
                World.service("shop", address: nil, annotations: "metallb.io/address-pool: p"),
            ], addresses: ["web": [], "old": ["192.168.1.9"], "shop": ["192.168.1.0"]],
            notes: ["IPAddressPool p: MetalLB does not announce it on layer 2"]),
        Sample(
            name: "one pool announced by its label, another by its name, a third by BGP only",
            metallb: World.join(
                pool("a", "addresses: [192.168.1.0/24]"),
                pool("b", "addresses: [192.168.2.0/24]", labels: "tier: b"),
                pool("c", "addresses: [192.168.3.0/24]", labels: "tier: c"),
                """
                apiVersion: metallb.io/v1beta1
                kind: L2Advertisement
                metadata: {name: edge, namespace: metallb-system}
                spec: {ipAddressPools: [a], ipAddressPoolSelectors: [{matchLabels: {tier: b}}], interfaces: [eth1]}
                """), addresses: ["web": ["192.168.1.0"]],
            notes: ["IPAddressPool c: MetalLB does not announce it on layer 2"]),
        Sample(
            name: "a ConfigMap that is no YAML",
            metallb: """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: config, namespace: metallb-system}
                data: {config: "address-pools: ["}
                """,
            addresses: ["web": []],
            notes: ["ConfigMap config: nothing of it is imported, because data.config is no YAML: "]),
        Sample(
            name: "the ConfigMap of MetalLB before 0.13",
            metallb: """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: config, namespace: metallb-system}
                data:
                  config: |
                    peers: [{peer-address: 10.0.0.1}]
                    address-pools:
                    - {name: default, protocol: layer2, addresses: [192.168.1.240-192.168.1.250], avoid-buggy-ips: true}
                    - {name: wan, protocol: bgp, addresses: [198.51.100.0/24]}
                """,
            addresses: ["web": ["192.168.1.240"]],
            notes: [
                "ConfigMap config: BGP peers have no equivalent", "AddressPool wan: protocol bgp has no equivalent",
            ]),
        Sample(
            name: "the AddressPool of MetalLB 0.13",
            metallb: """
                apiVersion: metallb.io/v1beta1
                kind: AddressPool
                metadata: {name: legacy, namespace: metallb-system}
                spec: {protocol: layer2, addresses: [172.18.0.100-172.18.0.255], autoAssign: true}
                """,
            addresses: ["web": ["172.18.0.100"]]),
    ]

    @Test("objects validate, and the same addresses are assigned", arguments: samples)
    func sample(_ sample: Sample) throws {
        let result = MetalLBImport(try YAMLText.documents(sample.metallb))
        let text = result.objects.map { YAMLText.text($0) }.joined(separator: "\n---\n")
        let set = ManifestSet(text: text, source: "import")
        #expect(set.validate().filter { $0.severity == .error } == [])

        var snapshot = ClusterSnapshot(of: set.objects.map(\.object))
        let world = try World(
            sample.services.joined(separator: "\n---\n") + "\n---\nkind: Namespace\nmetadata: {name: default}")
        snapshot.apply(.service(.replaced(Array(world.snapshot.services.values))))
        snapshot.apply(.namespace(.replaced(Array(world.snapshot.namespaces.values))))
        let plan = ControllerPlan(
            for: snapshot, policy: ControllerPolicy(), at: PlanTime(instant: Instant(nanoseconds: 0), wall: World.now))
        for (name, expected) in sample.addresses {
            let addresses = plan.services[ObjectKey(namespace: "default", name: name)]?.addresses.map(\.description)
            #expect(addresses == expected, "\(name)")
        }
        #expect(result.notes.count == sample.notes.count, "\(result.notes)")
        for note in sample.notes { #expect(result.notes.contains { $0.hasPrefix(note) }, "\(result.notes)") }
    }

    @Test("of two pools or advertisements of one name in two namespaces the second is left out, and told")
    func namesakes() throws {
        let both = World.join(Self.pool("p", "addresses: [192.168.1.0/24]"), Self.everywhere)
        let text = World.join(both, both.replacing("metallb-system", with: "other"))
        let result = MetalLBImport(try YAMLText.documents(text))
        #expect(result.objects.count == 2)
        #expect(
            result.notes.map { $0.prefix { $0 != ":" } } == ["IPAddressPool p", "L2Advertisement all"],
            "\(result.notes)")
    }

    @Test("what has errors prints no object: half of it would be applied")
    func errors() async throws {
        let lbctl = try Scratch.lbctl
        try await Scratch.with { folder in
            let text = World.join(
                Self.pool("good", "addresses: [192.168.1.0/24]"), Self.pool("bad", "addresses: [nonsense]"))
            try text.write(toFile: "\(folder)/metallb.yaml", atomically: true, encoding: .utf8)
            let result = try await Program([
                "sh", "-c", "\"$0\" import metallb -f \"$1\" 2>/dev/null", lbctl, "\(folder)/metallb.yaml",
            ]).run()
            #expect(result.status == 1 && result.output.isEmpty, "\(result.output)")
        }
    }

    @Test("an advertisement keeps all its fields")
    func advertisement() throws {
        let spec = """
            spec:
              ipAddressPools: [p]
              ipAddressPoolSelectors: [{matchLabels: {zone: east}}]
              nodeSelectors: [{matchLabels: {rack: one}}]
              preferredNodeSelectors: [{weight: 10, preference: {matchLabels: {disk: fast}}}]
              interfaces: [eth3]
              serviceSelectors: [{matchLabels: {app: web}}]
            """
        let result = MetalLBImport(try YAMLText.documents(Self.everywhere + "\n" + spec))
        #expect(result.notes == [])
        #expect(try result.objects.map { $0["spec"] } == YAMLText.documents(spec).map { $0["spec"] })
    }
}

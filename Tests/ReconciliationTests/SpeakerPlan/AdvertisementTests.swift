import Election
import KubernetesModel
import NetworkAddresses
import Testing

@testable import Reconciliation

@Suite struct AdvertisementTests {
    typealias Spec = L2Advertisement.Spec

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var specs: [Spec]
        var expected: [String: Int]
    }

    @Test(
        "advertisements select by pool, Service and node: OR within a list, AND across fields",
        arguments: [
            Row(testDescription: "an empty one selects all", specs: [Spec()], expected: SpeakerPlanTests.everywhere),
            Row(
                testDescription: "another pool's leaves the defaults",
                specs: [Spec(ipAddressPools: ["other"], nodeSelectors: [.label("rack", "1")])],
                expected: SpeakerPlanTests.everywhere),
            Row(
                testDescription: "pool by name or name",
                specs: [Spec(ipAddressPools: ["other", "home"], nodeSelectors: [.label("rack", "1")])],
                expected: ["node-a": 0]),
            Row(
                testDescription: "pool by label",
                specs: [Spec(ipAddressPoolSelectors: [.label("tier", "home")], nodeSelectors: [.label("rack", "1")])],
                expected: ["node-a": 0]),
            Row(
                testDescription: "pools by name and pools by label, in union: this one by its name",
                specs: [
                    Spec(
                        ipAddressPools: ["home"], ipAddressPoolSelectors: [.label("tier", "other")],
                        nodeSelectors: [.label("rack", "1")])
                ], expected: ["node-a": 0]),
            Row(
                testDescription: "this one by its label",
                specs: [
                    Spec(
                        ipAddressPools: ["other"], ipAddressPoolSelectors: [.label("tier", "home")],
                        nodeSelectors: [.label("rack", "1")])
                ], expected: ["node-a": 0]),
            Row(
                testDescription: "this one by neither",
                specs: [
                    Spec(
                        ipAddressPools: ["other"], ipAddressPoolSelectors: [.label("tier", "other")],
                        nodeSelectors: [.label("rack", "1")])
                ], expected: SpeakerPlanTests.everywhere),
            Row(
                testDescription: "a Service that none selects is announced by nobody",
                specs: [Spec(serviceSelectors: [.label("app", "other")])], expected: [:]),
            Row(
                testDescription: "selected by its label",
                specs: [
                    Spec(serviceSelectors: [.label("app", "other"), .label("app", "web")])
                ], expected: SpeakerPlanTests.everywhere),
            Row(
                testDescription: "two advertisements add their nodes",
                specs: [Spec(nodeSelectors: [.label("rack", "1")]), Spec(nodeSelectors: [.label("rack", "2")])],
                expected: ["node-a": 0, "node-b": 0]),
            Row(
                testDescription: "weights of matching preferences add up, over all advertisements that select the node",
                specs: [
                    Spec(preferredNodeSelectors: [
                        .init(weight: 10, preference: .label("rack", "1")),
                        .init(weight: 5, preference: .label("disk", "fast")),
                        .init(weight: 100, preference: .label("rack", "9")),
                    ]),
                    Spec(
                        nodeSelectors: [.label("rack", "2")],
                        preferredNodeSelectors: [.init(weight: 7, preference: .label("rack", "2"))]),
                    Spec(preferredNodeSelectors: [.init(weight: 20, preference: .label("rack", "1"))]),
                ], expected: ["node-a": 35, "node-b": 7, "node-c": 0]),
        ])
    func selection(row: Row) {
        var world = SpeakerWorld()
        world.add(pool("home", "192.168.57.200-192.168.57.254", labels: ["tier": "home"]))
        world.add(node("node-a", labels: ["rack": "1", "disk": "fast"]))
        world.add(node("node-b", labels: ["rack": "2"]))
        for (index, spec) in row.specs.enumerated() { world.advertise("adv-\(index)", spec) }
        world.serve("grafana", "192.168.57.200", labels: ["app": "web"])
        #expect(world.eligible("192.168.57.200") == row.expected)
    }

    static let eth0 = AnnouncingLink(name: "eth0", prefixes: [IPPrefix("192.168.57.0/24")].compactMap { $0 })
    static let wlan0 = AnnouncingLink(name: "wlan0", prefixes: [IPPrefix("192.168.0.0/24")].compactMap { $0 })
    static let plain = AnnouncingLink(name: "eth1", prefixes: [])

    struct LinkRow: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var specs: [Spec] = []
        var links: [AnnouncingLink]
        var selected: [String]
    }

    @Test(
        "an address is announced on the links it belongs to",
        arguments: [
            LinkRow(
                testDescription: "the one with its subnet", links: [eth0, wlan0, plain], selected: ["eth0"]),
            LinkRow(testDescription: "else all", links: [wlan0, plain], selected: ["wlan0", "eth1"]),
            LinkRow(
                testDescription: "interfaces override", specs: [Spec(interfaces: ["wlan0", "gone"])],
                links: [eth0, wlan0, plain], selected: ["wlan0"]),
            LinkRow(
                testDescription: "interfaces of one advertisement, defaults of another",
                specs: [Spec(interfaces: ["wlan0"]), Spec()], links: [eth0, wlan0, plain], selected: ["eth0", "wlan0"]),
            LinkRow(
                testDescription: "interfaces of an advertisement for other nodes do not count",
                specs: [Spec(nodeSelectors: [.label("rack", "2")], interfaces: ["wlan0"]), Spec()],
                links: [eth0, wlan0, plain], selected: ["eth0"]),
        ])
    func links(row: LinkRow) {
        var world = SpeakerWorld()
        for (index, spec) in row.specs.enumerated() { world.advertise("adv-\(index)", spec) }
        world.serve("grafana", "192.168.57.200")
        let plan = world.plan
        for link in row.links {
            let intent = plan.intents(on: link, of: row.links).first
            #expect(intent?.eligible["node-a"] == (row.selected.contains(link.name) ? 0 : nil), "\(link.name)")
            #expect(intent?.eligible["node-b"] == 0, "the others' links are theirs to judge")
        }
    }

    @Test("the record names the last owner; an address without a record is newly assigned")
    func records() throws {
        var world = SpeakerWorld()
        world.serve("grafana", "192.168.57.200")
        func intent() -> AddressIntent? { world.plan.intents(on: Self.eth0, of: [Self.eth0, Self.wlan0]).first }
        #expect(intent()?.isNewlyAssigned == true)

        func record(_ entries: [ServiceL2Status.Announced]) -> ServiceL2Status {
            ServiceL2Status(
                metadata: ObjectMeta(name: "default.grafana", namespace: "herald"),
                status: .init(serviceNamespace: "default", serviceName: "grafana", addresses: entries))
        }
        let since = Timestamp(seconds: 1)
        world.add(record([.init(address: "192.168.57.200", interface: "eth0", node: "node-c", conflict: "02::1")]))
        #expect(intent()?.isNewlyAssigned == true, "a conflict was reported, nothing announced")

        world.add(record([.init(address: "192.168.57.200", interface: "wlan0", node: "node-c", since: since)]))
        #expect(intent()?.isNewlyAssigned == false)
        #expect(intent()?.recordedOwner == nil, "the record is about the other link")

        world.add(record([.init(address: "192.168.57.200", interface: "enp1s0", node: "node-c", since: since)]))
        #expect(intent()?.recordedOwner == "node-c", "another node's name for this segment")
        world.add(
            record([
                .init(address: "192.168.57.200", interface: "enp1s0", node: "node-c", since: since),
                .init(address: "192.168.57.200", interface: "eth0", node: "node-b", since: since),
            ]))
        #expect(intent()?.recordedOwner == "node-b")
        let later = Timestamp(seconds: 2)
        world.add(
            record([
                .init(address: "192.168.57.200", interface: "eth0", node: "node-b", since: since),
                .init(address: "192.168.57.200", interface: "eth0", node: "node-c", since: later),
            ]))
        #expect(intent()?.recordedOwner == "node-c", "node-b died, and its entry is still there")
    }
}

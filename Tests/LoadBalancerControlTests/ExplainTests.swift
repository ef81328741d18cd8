import KubernetesModel
import Reconciliation
import Testing

@testable import LoadBalancerControl

@Suite("explain service")
struct ExplainTests {
    /// A cluster in which a reason holds, and what explain must say of it.
    struct Row: Sendable, CustomTestStringConvertible {
        let reason: String
        let yaml: String
        let says: String
        var testDescription: String { reason }
    }

    static let web = World.service("web")
    static let served = World.endpoint("web", on: "n1")

    /// One row for each reason of the speakers' plan; `coverage` keeps the list complete.
    static let plan: [Row] = [
        Row(
            reason: "notLoadBalancer",
            yaml: "kind: Service\nmetadata: {name: web, namespace: default}\nspec: {type: ClusterIP}",
            says: "The Service is not of type LoadBalancer."),
        Row(
            reason: "otherClass", yaml: World.join(World.pool, World.service("web", spec: "loadBalancerClass: x/y")),
            says: "loadBalancerClass \"x/y\", which these speakers do not serve"),
        Row(
            reason: "noAddress", yaml: World.service("web", address: nil),
            says: "There is no IPAddressPool yet."),
        Row(
            reason: "malformed", yaml: World.join(World.pool, World.service("web", address: "nonsense")),
            says: "is no IP address"),
        Row(
            reason: "inNoPool", yaml: World.join(World.pool, World.service("web", address: "10.0.0.9")),
            says: "It is in no IPAddressPool any more."),
        Row(
            reason: "serviceNotAdvertised",
            yaml: World.join(
                World.pool, web, served, World.node("n1"),
                "kind: L2Advertisement\nmetadata: {name: a}\nspec: {serviceSelectors: [{matchLabels: {tier: gold}}]}"),
            says: "none of them selects this Service"),
        Row(
            reason: "noServingEndpoint(Cluster)", yaml: World.join(World.pool, web, World.node("n1")),
            says: "Not one endpoint of the Service serves."),
        Row(
            reason: "networkUnavailable",
            yaml: World.join(
                World.pool, web, served,
                World.node("n1", more: "status: {conditions: [{type: NetworkUnavailable, status: \"True\"}]}")),
            says: "node n1: not eligible: its condition NetworkUnavailable is true"),
        Row(
            reason: "excludedByLabel",
            yaml: World.join(
                World.pool, web, served,
                World.node("n1", labels: "node.kubernetes.io/exclude-from-external-load-balancers: \"\"")),
            says: "node n1: not eligible: it has the label node.kubernetes.io/exclude-from-external-load-balancers"),
        Row(
            reason: "notSelected",
            yaml: World.join(
                World.pool, web, served, World.node("n1"),
                "kind: L2Advertisement\nmetadata: {name: a}\nspec: {nodeSelectors: [{matchLabels: {rack: a}}]}"),
            says: "node n1: not eligible: no L2Advertisement of this address selects it"),
        Row(
            reason: "noServingEndpoint",
            yaml: World.join(
                World.pool, World.service("web", spec: "externalTrafficPolicy: Local"), World.endpoint("web", on: "n2"),
                World.node("n1"), World.node("n2")),
            says: "node n1: not eligible: externalTrafficPolicy is Local, and no endpoint on it serves"),
        Row(
            reason: "cordoned",
            yaml: World.join(World.pool, web, served, World.node("n1", more: "spec: {unschedulable: true}")),
            says: "node n1: eligible as a last resort: it is cordoned"),
        Row(
            reason: "drained",
            yaml: World.join(World.pool, web, served, World.node("n1", annotations: "lb.cluster.home/drain: \"true\"")),
            says: "node n1: eligible as a last resort: it is drained with `lbctl drain`"),
        Row(
            reason: "onlyTerminatingEndpoints",
            yaml: World.join(
                World.pool, World.service("web", spec: "externalTrafficPolicy: Local"),
                World.endpoint("web", on: "n1", conditions: "ready: false, serving: true, terminating: true"),
                World.node("n1")),
            says: "node n1: eligible as a last resort: its endpoints are terminating"),
    ]

    @Test("says why, for every reason of the speakers' plan", arguments: plan)
    func reason(_ row: Row) throws {
        let lines = try World(row.yaml).explain("web")
        #expect(lines.contains { $0.contains(row.says) }, "\(lines.joined(separator: "\n"))")
        let advice = lines.drop { $0 != "What to do" }.dropFirst()
        #expect(!advice.isEmpty)
    }

    @Test("has a row for every reason")
    func coverage() {
        let names = Set(Self.plan.map(\.reason))
        for refusal in NodeVerdict.NodeRefusal.allCases { #expect(names.contains("\(refusal)")) }
        for reason in NodeVerdict.LastResort.allCases { #expect(names.contains("\(reason)")) }
        for refusal in Samples.services { #expect(names.contains(Samples.name(refusal))) }
        for refusal in Samples.addresses { #expect(names.contains(Samples.name(refusal))) }
    }

    @Test("says what the allocation lacks and what would help")
    func exhausted() throws {
        let world = try World(
            World.join(
                World.pool, World.service("a"), World.service("b", address: "192.168.57.201"),
                World.service("c", address: nil)))
        let lines = world.explain("c")
        #expect(lines.contains { $0.contains("pool lan: IPAddressPool \"lan\" has no free IPv4 address left") })
        #expect(lines.contains { $0.hasPrefix("  → no address: IPAddressPool \"lan\" has no free") })
        #expect(lines.last?.contains("Add addresses to spec.addresses") == true)
    }

    @Test("says who holds an address that is asked for")
    func inUse() throws {
        let world = try World(
            World.join(
                World.pool, World.service("a"),
                World.service("b", address: nil, annotations: "lb.cluster.home/addresses: 192.168.57.200")))
        let lines = world.explain("b")
        #expect(lines.contains { $0.contains("192.168.57.200 is in use by Service default/a") }, "\(lines)")
    }

    @Test("says what another pool could give")
    func otherPool() throws {
        let world = try World(
            World.join(
                World.pool, World.service("a"),
                "kind: IPAddressPool\nmetadata: {name: spare}\nspec: {addresses: [10.9.0.0/30], autoAssign: false}"))
        let lines = world.explain("a")
        #expect(lines.contains("  pool lan: has given it 192.168.57.200"))
        #expect(lines.contains { $0.contains("pool spare: gives addresses only to Services that ask for it by name") })
    }

    @Test("a node that only reports a foreign host is not among those that announce the address")
    func disputed() throws {
        let entries = [("n1", "since: \"2026-11-21T11:59:00Z\""), ("n2", "conflict: \"02:00:00:00:00:99\"")].map {
            "{address: 192.168.57.200, interface: eth0, node: \($0), \($1)}"
        }
        let world = try World(
            World.join(
                World.pool, Self.web,
                """
                kind: ServiceL2Status
                metadata: {name: default.web, namespace: herald-system}
                status: {serviceNamespace: default, serviceName: web, addresses: [\(entries.joined(separator: ", "))]}
                """))
        let line = PoolDescription("lan", in: world.snapshot)?.lines.last
        #expect(line?.split(separator: " ") == ["192.168.57.200", "default/web", "n1"])
    }

    @Test("an address that is announced, and claimed by a foreign host, is both")
    func claimed() throws {
        let record = """
            kind: ServiceL2Status
            metadata: {name: default.web, namespace: herald-system}
            status:
              serviceNamespace: default
              serviceName: web
              addresses:
              - address: 192.168.57.200
                interface: eth0
                node: n1
                since: "2026-11-21T11:59:00Z"
                conflict: "02:00:00:00:00:99"
            """
        let world = try World(
            World.join(World.pool, Self.web, Self.served, World.node("n1"), World.lease("speaker-n1"), record))
        let lines = world.explain("web")
        #expect(
            lines.contains(
                "  → announced by n1 on eth0, but a foreign host (02:00:00:00:00:99) claims the address, too"),
            "\(lines)")
        #expect(lines.contains { $0.contains("Find the host with 02:00:00:00:00:99") })
    }

    @Test("names the announcer, its MAC and since when")
    func announced() throws {
        let world = try World(
            World.join(
                World.pool, Self.web, Self.served, World.node("n1"), World.lease("speaker-n1"), Self.record))
        let lines = world.explain("web")
        #expect(lines.contains("  node n1: eligible; announces it on eth0 (02:00:00:00:00:01) for 60s"))
        #expect(lines.contains("  → announced by n1 on eth0"))
        #expect(lines.last?.hasPrefix("  Nothing.") == true, "\(lines)")
    }

    static let record = """
        kind: ServiceL2Status
        metadata: {name: default.web, namespace: herald-system}
        status:
          serviceNamespace: default
          serviceName: web
          addresses: [{address: 192.168.57.200, interface: eth0, node: n1, hardwareAddress: "02:00:00:00:00:01", since: "2026-11-21T11:59:00Z"}]
        """

    static let announced = World.service("web").replacing(
        "status: {",
        with: "status: {conditions: [\(["Allocated", "Announced"].map(condition).joined(separator: ", "))], ")

    static func condition(_ type: String) -> String {
        "{type: lb.cluster.home/\(type), status: \"True\", reason: Done, message: done, lastTransitionTime: \"2026-11-21T11:59:00Z\"}"
    }

    @Test(
        "a recorded announcer whose speaker does not run is told as such, by explain and in the list",
        arguments: [
            (
                World.join(World.node("n1"), World.lease("speaker-n1", renewed: "2026-11-21T11:59:00.000000Z")),
                "its speaker has been silent since 2026-11-21T11:59:00Z"
            ),
            (World.node("n1"), "it has no speaker"),
            (World.join(World.node("n2"), World.lease("speaker-n1")), "the node is gone"),
            (World.join(World.node("n1"), World.lease("speaker-n1")), nil),
        ] as [(String, String?)])
    func silentAnnouncer(_ cluster: String, _ silence: String?) throws {
        let world = try World(World.join(World.pool, Self.announced, Self.served, Self.record, cluster))
        let lines = world.explain("web")
        let row = try #require(ServiceView(namespace: nil).rows(of: world.snapshot, now: World.now).first)
        guard let silence else {
            #expect(lines[0] == "Service default/web: Announced")
            #expect(lines.last?.hasPrefix("  Nothing.") == true)
            #expect(row.object["state"] == "Announced" && row.cells[5].text == "60s")
            return
        }
        #expect(lines[0] == "Service default/web: Silent")
        #expect(lines.contains("  → recorded as announced by n1 on eth0, but node n1: \(silence)"), "\(lines)")
        if cluster.contains("Node\nmetadata: {name: n1") {
            #expect(lines.contains { $0.contains("for 60s, but \(silence)") }, "\(lines)")
        }
        let advice = lines.drop { $0 != "What to do" }
        #expect(advice.contains { $0.contains("lbctl probe 192.168.57.200") }, "\(lines)")
        #expect(advice.contains { $0.contains("kubectl get pods -n herald-system") })
        #expect(row.object["state"] == "Silent" && row.object["reason"] == .string("node n1: \(silence)"))
        #expect(row.cells[5].text == "60s?")
    }

    private static func advertisement(_ name: String, _ spec: String) -> String {
        "kind: L2Advertisement\nmetadata: {name: \(name)}\nspec: {\(spec)}"
    }

    private static func lease(_ node: String, links: String) -> String {
        World.lease("speaker-\(node)", annotations: "lb.cluster.home/interfaces: \"\(links)\"")
    }

    @Test(
        "an interface that the speakers do not have is named, with those that they have",
        arguments: [
            ("eth0", "interfaces: [eno7]", "has no link eno7 (it has eth0)", true),
            ("eth0,eth1", "interfaces: [eno7, eno8]", "has no link eno7 or eno8 (it has eth0, eth1)", true),
            ("", "interfaces: [eno7]", "has no link that can announce", false),
            ("eth0,eno7", "interfaces: [eno7]", nil, false), ("eth0", "interfaces: [eno7, eth0]", nil, true),
            ("eth0", "", nil, false),
        ] as [(String, String, String?, Bool)])
    func links(_ links: String, _ spec: String, _ refusal: String?, _ isTold: Bool) throws {
        let world = try World(
            World.join(
                World.pool, Self.web, Self.served, World.node("n1"), Self.lease("n1", links: links),
                Self.advertisement("a", spec)))
        let lines = world.explain("web")
        #expect(lines.contains("  node n1: eligible" + (refusal.map { "; \($0)" } ?? "")), "\(lines)")
        #expect(lines.contains("  → not announced: no link for it on n1") == (refusal != nil))
        #expect(lines.contains("  → not announced yet, though n1 could") == (refusal == nil))
        let findings = CrossCheck.findings(world.snapshot).filter { $0.subject == "L2Advertisement a" }
        #expect(findings.contains { $0.evidence.contains("interfaces names eno7, which no speaker has") } == isTold)
        if refusal != nil {
            #expect(lines.last?.contains("L2Advertisement a") == true, "\(lines)")
        }
    }

    @Test("each node has the interfaces of the advertisements that select it")
    func linksByNode() throws {
        let world = try World(
            World.join(
                World.pool, Self.web, Self.served, World.node("n1", labels: "rack: a"),
                World.node("n2", labels: "rack: b"), Self.lease("n1", links: "eth0"), Self.lease("n2", links: "eth0"),
                Self.advertisement("a", "nodeSelectors: [{matchLabels: {rack: a}}], interfaces: [eth0]"),
                Self.advertisement("b", "nodeSelectors: [{matchLabels: {rack: b}}], interfaces: [eno7]")))
        let lines = world.explain("web")
        #expect(
            lines.contains("  node n1: eligible, on interface eth0, as the L2Advertisement says"), "\(lines)")
        #expect(lines.contains { $0.hasPrefix("  node n2: ") && $0.hasSuffix("; has no link eno7 (it has eth0)") })
        #expect(lines.contains("  → not announced yet, though n1 could"))
    }

    @Test("where no serviceSelectors match, nothing says that every node may announce; check says it, too")
    func unselected() throws {
        let world = try World(
            World.join(
                World.pool, Self.web, Self.served, World.node("n1"),
                Self.advertisement("a", "serviceSelectors: [{matchLabels: {tier: gold}}]")))
        #expect(!world.explain("web").contains { $0.contains("every eligible node") })
        #expect(
            CrossCheck.findings(world.snapshot).contains {
                $0.severity == .warning && $0.evidence.contains("serviceSelectors: tier=gold matches no Service")
            })
    }

    @Test("what the controller has not given yet, it would give; the advice names the Service and its namespace")
    func future() throws {
        let waiting = try World(World.join(World.pool, World.service("web", address: nil))).explain("web")
        #expect(waiting.contains("  pool lan: would give it 192.168.57.200"), "\(waiting)")
        let unserved = try World(World.join(World.pool, Self.web, World.node("n1"))).explain("web")
        #expect(unserved.last?.hasSuffix("endpointslices -n default -l kubernetes.io/service-name=web") == true)
    }

    @Test("apiSeen is an RFC 3339 time; a speaker that says nothing has no links")
    func speakerObject() throws {
        let world = try World(World.join(World.node("n1"), World.lease("speaker-n1")))
        let row = try #require(SpeakerView().rows(of: world.snapshot, now: World.now).first)
        #expect(row.object["apiSeen"] == "2026-11-21T11:59:55Z" && row.object["links"] == .array([]))
    }

    @Test(
        "a speaker on a cordoned or drained node runs; a silent or absent one does not",
        arguments: [
            ("spec: {unschedulable: true}", "", World.lease("speaker-n1"), true),
            ("", "lb.cluster.home/drain: \"true\"", World.lease("speaker-n1"), true),
            ("", "", World.lease("speaker-n1"), true), ("", "", World.lease("speaker-n2"), false),
            ("", "", World.lease("speaker-n1", renewed: "2026-11-21T11:59:00.000000Z"), false),
        ])
    func running(_ more: String, _ annotations: String, _ lease: String, _ isRunning: Bool) throws {
        let world = try World(
            World.join(
                World.pool, Self.web, Self.served, World.node("n1", annotations: annotations, more: more), lease))
        let lines = world.explain("web")
        #expect(lines.contains("  → not announced: no speaker runs on n1") != isRunning, "\(lines)")
        #expect(lines.contains("  → not announced yet, though n1 could") == isRunning, "\(lines)")
        let node = try #require(lines.first { $0.hasPrefix("  node n1: eligible") })
        #expect((node.contains(", but it has no speaker") || node.contains(", but its speaker")) != isRunning)
    }

    @Test("speakers that ignore the exclude label say so on their Leases", arguments: [true, false])
    func excludeLabel(_ ignores: Bool) throws {
        let policy = SpeakerPolicy(loadBalancerClass: nil, ignoresExcludeLabel: ignores)
        let annotations = policy.annotations.map { "\($0.key): \"\($0.value)\"" }.joined(separator: ", ")
        let node = World.node("n1", labels: "\(SpeakerPolicy.excludeLabel): \"\"")
        let world = try World(
            World.join(
                World.pool, Self.web, Self.served, node, World.lease("speaker-n1", annotations: annotations)))
        #expect(world.explain("web").contains("  node n1: eligible") == ignores)
        let row = try #require(SpeakerView().rows(of: world.snapshot, now: World.now).first)
        #expect((row.object["eligible"] == "yes") == ignores)
    }

    @Test("what a speaker does is read from its Lease as it was written", arguments: [nil, "x/y"], [true, false])
    func policy(_ name: String?, _ ignores: Bool) {
        let policy = SpeakerPolicy(loadBalancerClass: name, ignoresExcludeLabel: ignores)
        #expect(SpeakerPolicy(Lease(metadata: ObjectMeta(name: "l", annotations: policy.annotations))) == policy)
    }

    @Test(
        "which loadBalancerClass is served is known from the speakers' Leases",
        arguments: [
            ("loadBalancerClass: x/y", "x/y", true), ("loadBalancerClass: x/y", "", false), ("", "x/y", false),
            ("", "", true),
        ])
    func servedClass(spec: String, served: String, isOurs: Bool) throws {
        let world = try World(
            World.join(
                World.pool, World.service("web", spec: spec), World.node("n1"),
                """
                kind: Lease
                metadata: {name: speaker-n0, namespace: herald-system, annotations: {lb.cluster.home/load-balancer-class: old}}
                spec: {renewTime: "2026-11-21T11:00:00.000000Z"}
                """,
                """
                kind: Lease
                metadata: {name: speaker-n1, namespace: herald-system, annotations: {lb.cluster.home/load-balancer-class: "\(served)"}}
                spec: {renewTime: "2026-11-21T12:00:00.000000Z"}
                """))
        let lines = world.explain("web")
        #expect(lines.contains("Allocation") == isOurs, "\(lines)")
        #expect(lines.contains("Service default/web: OtherClass") != isOurs)
        let service = try #require(world.snapshot.services.values.first)
        let (state, _) = ServiceView.state(of: service, servedClass: world.snapshot.policy.loadBalancerClass)
        #expect((state.text == ServiceView.otherClass) != isOurs)
    }
}

/// One value of each case. The switches have no default: a new case does not compile until it is named here. Give it a
/// value, too: then ``ExplainTests/coverage()`` wants its row.
enum Samples {
    static let services: [ServiceRefusal] = [.notLoadBalancer, .otherClass("x/y"), .noAddress]

    static func name(_ refusal: ServiceRefusal) -> String {
        switch refusal {
        case .notLoadBalancer: "notLoadBalancer"
        case .otherClass: "otherClass"
        case .noAddress: "noAddress"
        }
    }

    static let addresses: [AddressRefusal] = [
        .malformed("x"), .inNoPool, .serviceNotAdvertised(pool: "lan"), .noServingEndpoint,
    ]

    static func name(_ refusal: AddressRefusal) -> String {
        switch refusal {
        case .malformed: "malformed"
        case .inNoPool: "inNoPool"
        case .serviceNotAdvertised: "serviceNotAdvertised"
        case .noServingEndpoint: "noServingEndpoint(Cluster)"
        }
    }
}

import Election
import KubernetesModel
import Testing

@testable import Reconciliation

@Suite struct SpeakerPlanTests {
    static let everywhere = ["node-a": 0, "node-b": 0, "node-c": 0]

    @Test("an address of a pool that no advertisement selects is announced from every eligible node")
    func defaults() throws {
        var world = SpeakerWorld()
        world.serve("grafana", "192.168.57.200")
        let planned = try #require(world.planned("192.168.57.200"))
        #expect(planned.eligible == Self.everywhere)
        #expect(planned.pool == "home")
        #expect(planned.allocation == AllocationID(serviceUID: "uid-grafana"))
        #expect(planned.links == LinkChoice(usesDefault: true))
    }

    struct NodeRow: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var node: Node
        var ignores = false
        var expected: NodeVerdict
    }

    @Test(
        "a node's own object decides whether it may announce",
        arguments: [
            NodeRow(
                testDescription: "network unavailable",
                node: node("node-a", conditions: [.init(type: "NetworkUnavailable", status: "True")]),
                expected: .refused(.networkUnavailable)),
            NodeRow(
                testDescription: "network available",
                node: node("node-a", conditions: [.init(type: "NetworkUnavailable", status: "False")]),
                expected: .eligible(weight: 0)),
            NodeRow(
                testDescription: "not ready in the API is not for us to judge: the wire does",
                node: node("node-a", conditions: [.init(type: "Ready", status: "False")]),
                expected: .eligible(weight: 0)),
            NodeRow(
                testDescription: "exclude label, whatever its value",
                node: node("node-a", labels: [SpeakerPolicy.excludeLabel: "false"]),
                expected: .refused(.excludedByLabel)),
            NodeRow(
                testDescription: "exclude label ignored by flag",
                node: node("node-a", labels: [SpeakerPolicy.excludeLabel: ""]), ignores: true,
                expected: .eligible(weight: 0)),
            NodeRow(
                testDescription: "cordoned", node: node("node-a", cordoned: true), expected: .lastResort(.cordoned)),
            NodeRow(
                testDescription: "drained", node: node("node-a", annotations: [HeraldObjects.drainAnnotation: "true"]),
                expected: .lastResort(.drained)),
        ])
    func nodeVerdicts(row: NodeRow) throws {
        var world = SpeakerWorld()
        world.policy.ignoresExcludeLabel = row.ignores
        world.add(row.node)
        world.serve("grafana", "192.168.57.200")
        let key = ObjectKey(namespace: "default", name: "grafana")
        let explained = try #require(SpeakerPlan.explain(key, in: world.snapshot, policy: world.policy))
        #expect(explained.addresses.first?.nodes.first { $0.name == "node-a" }?.verdict == row.expected)
        #expect(world.eligible("192.168.57.200")?["node-a"] == row.expected.weight)
    }

    struct EndpointRow: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var policy = "Local"
        var endpoints: [EndpointSlice.Endpoint]
        var expected: [String: Int]
    }

    @Test(
        "endpoints decide where a Service can be announced",
        arguments: [
            EndpointRow(
                testDescription: "Local: only nodes with an endpoint", endpoints: [.ready("node-b")],
                expected: ["node-b": 0]),
            EndpointRow(
                testDescription: "Local: a ready endpoint goes before a terminating one",
                endpoints: [.ready("node-b"), .terminating("node-c")], expected: ["node-b": 0, "node-c": -2]),
            EndpointRow(
                testDescription: "Local: ready and terminating on one node is ready",
                endpoints: [.terminating("node-b"), .ready("node-b")], expected: ["node-b": 0]),
            EndpointRow(
                testDescription: "Local: a terminating endpoint that no longer serves does not count",
                endpoints: [.terminating("node-c", serving: false)], expected: [:]),
            EndpointRow(
                testDescription: "Local: an endpoint without a node helps no node", endpoints: [.ready(nil)],
                expected: [:]),
            EndpointRow(
                testDescription: "Local: an endpoint on an unknown node", endpoints: [.ready("node-z")], expected: [:]),
            EndpointRow(
                testDescription: "Cluster: any serving endpoint is enough", policy: "Cluster",
                endpoints: [.notReady("node-a"), .terminating("node-c")], expected: everywhere),
            EndpointRow(
                testDescription: "Cluster: an endpoint outside the cluster is enough", policy: "Cluster",
                endpoints: [.ready(nil)], expected: everywhere),
            EndpointRow(
                testDescription: "Cluster: no serving endpoint, nobody announces", policy: "Cluster",
                endpoints: [.notReady("node-a")], expected: [:]),
        ])
    func endpoints(row: EndpointRow) {
        var world = SpeakerWorld()
        world.serve("grafana", "192.168.57.200", policy: row.policy, endpoints: row.endpoints)
        #expect(world.eligible("192.168.57.200") == row.expected)
    }

    @Test("endpoints of the other address family do not count")
    func families() {
        var world = SpeakerWorld()
        world.add(pool("six", "fd00:57::/120"))
        world.serve("dual", "192.168.57.200", "fd00:57::10", endpoints: [])
        world.add(slice("dual", [.ready("node-b")], type: "IPv4"))
        #expect(world.eligible("192.168.57.200") == Self.everywhere)
        #expect(world.eligible("fd00:57::10") == [:])
    }

    @Test("a Service that is not for this speaker is not in the plan")
    func otherServices() {
        var world = SpeakerWorld()
        for (service, refusal) in [
            (service("a", ["192.168.57.200"], type: "NodePort"), ServiceRefusal.notLoadBalancer),
            (service("b", ["192.168.57.201"], class: "kube-vip.io/x"), .otherClass("kube-vip.io/x")),
            (service("c", []), .noAddress),
        ] {
            world.snapshot.apply(.service(.applied(service)))
            #expect(SpeakerPlan.explain(service.key, in: world.snapshot)?.refusal == refusal)
        }
        #expect(world.plan.addresses.isEmpty)
        world.policy.loadBalancerClass = "kube-vip.io/x"
        world.add(slice("b", [.ready("node-b")]))
        #expect(world.eligible("192.168.57.201") == Self.everywhere)
    }

    @Test("an address that a refused pool lists is announced: the controller lets its Service keep it")
    func refusedPool() {
        var world = SpeakerWorld()
        world.add(
            pool(
                "refused", "10.0.0.0/24",
                ready: Condition(type: "Ready", status: .false, reason: "Overlaps", message: "")))
        world.serve("grafana", "10.0.0.7")
        #expect(world.eligible("10.0.0.7") == Self.everywhere)
    }

    @Test("an address outside every pool is not in the plan, and the explanation says why")
    func pools() {
        var world = SpeakerWorld()
        world.serve("grafana", "10.1.1.1", "nonsense")
        let explained = SpeakerPlan.explain(ObjectKey(namespace: "default", name: "grafana"), in: world.snapshot)
        #expect(explained?.addresses.map(\.refusal) == [.inNoPool, .malformed("nonsense")])
        #expect(world.plan.addresses.isEmpty)
    }

    @Test("a shared address is announced from the nodes that all its Services can use")
    func shared() throws {
        var world = SpeakerWorld()
        world.serve(
            "young", "192.168.57.200", policy: "Local", age: 1, endpoints: [.ready("node-b"), .ready("node-c")])
        world.serve("old", "192.168.57.200", policy: "Local", age: 9, endpoints: [.ready("node-a"), .ready("node-b")])
        var planned = try #require(world.planned("192.168.57.200"))
        #expect(planned.eligible == ["node-b": 0])
        #expect(planned.services.map(\.name) == ["old", "young"])
        #expect(planned.allocation == AllocationID(serviceUID: "uid-old"))
        #expect(!planned.isSharedApart)

        world.add(slice("young", [.ready("node-c")]))
        planned = try #require(world.planned("192.168.57.200"))
        #expect(planned.eligible == ["node-a": 0, "node-b": 0], "the oldest Service's nodes")
        #expect(planned.isSharedApart)

        world.add(slice("young", []))
        planned = try #require(world.planned("192.168.57.200"))
        #expect(planned.eligible == ["node-a": 0, "node-b": 0], "a Service without endpoints silences nobody")
        #expect(!planned.isSharedApart)
    }
}

import KubernetesModel
import SeededRandom
import Testing

@testable import Reconciliation

@Suite struct SpeakerPlannerTests {
    @Test("after any changes the kept plan equals one made from nothing", arguments: 0..<40)
    func equalsFullPlan(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var planner = SpeakerPlanner(node: "node-1")
        for step in 0..<60 {
            planner.apply(Self.change(using: &random))
            guard Bool.random(using: &random) else { continue }
            let before = planner.plan
            let changed = planner.update()
            #expect(planner.plan == SpeakerPlan(for: planner.snapshot, node: "node-1"), "seed \(seed), step \(step)")
            #expect(changed == (before != planner.plan), "seed \(seed), step \(step)")
        }
    }

    static func change(using random: inout SeededGenerator) -> ClusterChange {
        let number = Int.random(in: 0..<4, using: &random)
        let name = "s\(number)"
        let nodeName = "node-\(Int.random(in: 0..<4, using: &random))"
        let isDeleted = Int.random(in: 0..<5, using: &random) == 0
        func step<Object>(_ object: Object) -> ObjectChange<Object> { isDeleted ? .deleted(object) : .applied(object) }
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2:
            let address = "192.168.57.\(200 + Int.random(in: 0..<3, using: &random))"
            return .service(
                step(
                    service(
                        name, [address], policy: Bool.random(using: &random) ? "Local" : "Cluster",
                        labels: ["app": nodeName], age: Int64(number))))
        case 3...5:
            return .endpointSlice(
                step(slice(name, Bool.random(using: &random) ? [.ready(nodeName)] : [.terminating(nodeName)])))
        case 6:
            return .node(step(node(nodeName, labels: ["rack": name], cordoned: Bool.random(using: &random))))
        case 7:
            return .pool(step(pool("p\(number)", "192.168.57.\(200 + number)-192.168.57.203")))
        case 8:
            return .advertisement(
                step(
                    L2Advertisement(
                        metadata: ObjectMeta(name: name),
                        spec: .init(
                            ipAddressPools: ["p\(number)"], nodeSelectors: [.label("rack", name)],
                            interfaces: ["eth\(number)"]))))
        default:
            return .announcement(
                step(
                    ServiceL2Status(
                        metadata: ObjectMeta(name: "default.\(name)"),
                        status: .init(
                            addresses: [
                                .init(
                                    address: "192.168.57.200", interface: "eth0", node: nodeName,
                                    since: Timestamp(seconds: 1))
                            ]))))
        }
    }

    @Test("a heartbeat of a node changes nothing")
    func heartbeat() {
        var world = SpeakerWorld()
        world.serve("grafana", "192.168.57.200")
        var planner = SpeakerPlanner(node: "node-a", snapshot: world.snapshot)
        let first = planner.update()
        #expect(first)
        var beat = node("node-a", conditions: [.init(type: "Ready", status: "True")])
        beat.metadata.resourceVersion = "7"
        planner.apply(.node(.applied(beat)))
        let second = planner.update()
        #expect(!second)
    }
}

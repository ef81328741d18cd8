import AllocationKit
import KubernetesModel
import Testing

/// Two leaders: one was paused with decisions in its hands, and its writes arrive when another one leads.
struct PausedLeaderTests {
    private let api = FakeAPI()

    private func put(_ steps: [Step]) {
        for step in steps {
            switch step {
            case .pool(let pool): api.put(pool)
            case .service(let service): api.put(service)
            default: break
            }
        }
    }

    private func held(_ name: String) -> [String] { api.addresses(of: ObjectKey(caseName: name)) }

    @Test("the late write for a Service that the new leader has served conflicts, and changes nothing")
    func sameService() throws {
        put([AllocationCase.lan, .service("a")])
        let paused = FakeController.leading(api)
        paused.decide()
        api.put(ServiceCIDR(metadata: ObjectMeta(name: "r"), spec: .init(cidrs: ["192.168.57.200/32"])))
        let leader = FakeController.leading(api)
        #expect(try leader.settle() && held("a") == ["192.168.57.201"])
        try paused.performHeld()
        #expect(try leader.settle() && held("a") == ["192.168.57.201"])
    }

    @Test(
        "the late write gives a young Service an old one's address: the young one gets another at once, and is told why"
    )
    func duplicate() throws {
        put([AllocationCase.lan, .service("old") { $0.spec?.type = "ClusterIP" }, .service("young")])
        let paused = FakeController.leading(api)
        paused.decide()
        put([.service("old")])
        let leader = FakeController.leading(api)
        leader.decide()
        try paused.performHeld()
        // Its own write for the young one is made from the version before, and conflicts.
        try leader.performHeld()
        #expect(
            held("old") == ["192.168.57.200"] && held("young") == ["192.168.57.200"], "the duplicate is really there")
        #expect(try leader.settle())
        #expect(held("old") == ["192.168.57.200"] && held("young") == ["192.168.57.201"])
        let reason = "It replaces 192.168.57.200, which is in use by Service default/old."
        #expect(leader.told.contains { $0.contains(reason) }, "\(leader.told)")
    }
}

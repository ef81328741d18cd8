import AllocationKit
import KubernetesModel
import NetworkAddresses
import Reconciliation
import Testing

/// Somebody writes a younger Service's address into the status of an older one, which then has no use for it.
struct GiveBackTests {
    private let api = FakeAPI()
    private let lan = ["192.168.57.200"]

    /// What the older Service asks for: neither can be met by one IPv4 address of `lan`.
    enum Wish: CaseIterable {
        case bothFamilies
        case otherPool
    }

    private func put(_ name: String, pool: String? = nil, _ families: [String] = ["IPv4"]) {
        api.putService(key(name), pool.map { ["lb.cluster.home/pool": $0] } ?? [:], families: families)
    }

    private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "default", name: name) }

    private func held(_ name: String) -> [String] { api.addresses(of: key(name)) }

    /// `older`, and `younger` with the only address of `lan`.
    private func begin(_ wish: Wish) throws -> FakeController {
        api.putPool("lan", "192.168.57.200/32")
        api.putPool("other", "192.168.57.210-192.168.57.211", "fd00::10-fd00::11")
        switch wish {
        case .bothFamilies: put("older", ["IPv4", "IPv6"])
        case .otherPool: put("older", pool: "other")
        }
        put("waiting", pool: "none")
        let controller = FakeController.leading(api)
        #expect(try controller.settle())
        put("younger")
        #expect(try controller.settle() && held("younger") == lan)
        return controller
    }

    @Test("the younger one keeps its address and hears nothing of it", arguments: Wish.allCases)
    func forged(wish: Wish) throws {
        let controller = try begin(wish)
        let (had, version) = (held("older"), api.services[key("younger")]?.metadata.resourceVersion)
        api.setStatus(key("older"), addresses: lan)
        #expect(try controller.settle())
        #expect(held("younger") == lan && held("older").count == had.count && held("older") != lan)
        #expect(api.services[key("younger")]?.metadata.resourceVersion == version, "nothing was written")
    }

    @Test("one that waits for the address does not get it instead, though it is older", arguments: Wish.allCases)
    func waiting(wish: Wish) throws {
        let controller = try begin(wish)
        put("waiting", pool: "lan")
        #expect(try controller.settle() && held("waiting") == [])
        api.setStatus(key("older"), addresses: lan)
        #expect(try controller.settle() && held("younger") == lan && held("waiting") == [])
    }

    @Test("planned from scratch, it is the same", arguments: Wish.allCases)
    func scratch(wish: Wish) throws {
        let controller = try begin(wish)
        let planner = try #require(controller.planner)
        api.setStatus(key("older"), addresses: lan)
        let plan = scratch(planner)
        #expect(plan.services[key("younger")]?.addresses.map(\.description) == lan)
        #expect(plan.services[key("older")]?.addresses.map(\.description) != lan)
    }

    @Test("half of what RequireDualStack needs is kept by who had it, but taken from nobody", arguments: [false, true])
    func half(isRestarted: Bool) throws {
        api.putPool("lan", "192.168.57.200/32")
        put("older", ["IPv4", "IPv6"])
        put("younger")
        var controller = FakeController.leading(api)
        #expect(try controller.settle() && held("older") == [] && held("younger") == lan)
        api.setStatus(key("older"), addresses: lan)
        if isRestarted {
            controller = FakeController.leading(api)
        }
        #expect(try controller.settle() && held("older") == [] && held("younger") == lan)
        put("younger", ["IPv4", "IPv6"])
        #expect(try controller.settle() && held("younger") == lan)
    }

    @Test("an older one that can make use of the address takes it over")
    func used() throws {
        api.putPool("lan", "192.168.57.200-192.168.57.202")
        put("older")
        put("younger")
        let controller = FakeController.leading(api)
        #expect(try controller.settle() && held("younger") == ["192.168.57.201"])
        api.setStatus(key("older"), addresses: ["192.168.57.201"])
        #expect(try controller.settle() && held("older") == ["192.168.57.201"] && held("younger") == ["192.168.57.202"])
    }

    // MARK: Addresses that a foreign host uses

    /// A foreign host uses the address of `younger`, which wants none but `lan`'s only one.
    private func dispute(_ controller: FakeController) throws {
        put("younger", pool: "lan")
        api.put(ServiceL2Status(conflictOf: key("younger"), lan[0], "02:00:00:00:00:99"))
        #expect(try controller.settle() && held("younger") == lan)
    }

    private func scratch(_ planner: ControllerPlanner) -> ControllerPlan {
        ControllerPlan(for: api.snapshot, policy: planner.policy, memory: planner.memory, at: api.now)
    }

    @Test("a disputed address goes back, too, also after a restart", arguments: Wish.allCases, [false, true])
    func disputed(wish: Wish, isRestarted: Bool) throws {
        var controller = try begin(wish)
        try dispute(controller)
        let (had, version) = (held("older"), api.services[key("younger")]?.metadata.resourceVersion)
        api.setStatus(key("older"), addresses: lan)
        if isRestarted {
            controller = FakeController.leading(api)
        }
        #expect(try controller.settle())
        #expect(held("younger") == lan && held("older").count == had.count && held("older") != lan)
        #expect(api.services[key("younger")]?.metadata.resourceVersion == version, "nothing was written")
    }

    @Test("an older one that can make use of a disputed address takes it over, planned from scratch or not")
    func disputedAndUsed() throws {
        api.putPool("lan", "192.168.57.200/32", autoAssign: false)
        put("older")
        put("younger", pool: "lan")
        let controller = FakeController.leading(api)
        #expect(try controller.settle() && held("older") == [])
        try dispute(controller)
        var planner = try #require(controller.planner)
        api.setStatus(key("older"), addresses: lan)
        let full = scratch(planner)
        planner.apply(.service(.applied(try #require(api.services[key("older")]))), at: api.now)
        #expect(planner.plan == full)
        #expect(full.services[key("older")]?.conditions?.allocated.reason == "AddressConflict")
        #expect(try controller.settle() && held("older") == lan && held("younger") == [])
    }
}

import AllocationKit
import ControllerDaemon
import Foundation
import KubernetesModel
import MonotonicTime
import NetworkAddresses
import Reconciliation
import Testing

/// When a leader begins, what it may write, and what it remembers of writes that failed.
struct ControllerStateTests {
    private let api = FakeAPI()
    private let pool = IPAddressPool(
        metadata: ObjectMeta(name: "lan"), spec: .init(addresses: ["192.168.57.200-192.168.57.203"]))

    private func put(_ name: String, _ annotations: [String: String] = [:]) { api.putService(key(name), annotations) }

    private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "default", name: name) }

    private func held(_ name: String) -> [String] { api.addresses(of: key(name)) }

    private func reason(_ name: String) -> String? { api.condition(ConditionType.allocated, of: key(name))?.reason }

    /// Writes of `name` are refused until the returned value is called.
    private func refuse(_ name: String) -> () -> Void {
        api.fault = { work in
            if case .service(let object, _) = work, object.name == name { .failed } else { nil }
        }
        return { [api] in api.fault = { _ in nil } }
    }

    /// Works for a while, without waiting for what is refused.
    private func work(_ controller: FakeController) throws {
        for _ in 0..<10 {
            controller.deliver()
            controller.decide()
            try controller.performHeld()
        }
    }

    private let wish = "lb.cluster.home/addresses"

    @Test("a list of something else that comes before a write's echo does not make it be written again")
    func otherList() throws {
        api.put(pool)
        put("a")
        let controller = FakeController.leading(api)
        controller.decide()
        try controller.performHeld()
        #expect(held("a") == ["192.168.57.200"])
        var state = controller.state
        for list in api.lists where list.listed != .services {
            state.apply(list, at: api.now)
            while let work = state.next(at: api.now) {
                if case .service(let object, _) = work { Issue.record("\(object.name ?? "") is written again") }
                state.finished(work, .written, at: api.now.instant)
            }
        }
    }

    @Test("an address is given away only when the last holder's status has let go of it")
    func release() throws {
        api.put(pool)
        put("x", [wish: "192.168.57.200"])
        put("y", [wish: "192.168.57.200"])
        let controller = FakeController.leading(api)
        #expect(try controller.settle() && held("x") == ["192.168.57.200"] && held("y") == [])
        let end = refuse("x")
        put("x", [wish: "192.168.57.201"])
        try work(controller)
        #expect(held("x") == ["192.168.57.200"] && held("y") == [] && reason("y") == "AddressInUse")
        end()
        #expect(try controller.settle())
        #expect(held("x") == ["192.168.57.201"] && held("y") == ["192.168.57.200"])
    }

    @Test("while a release is refused, the address is chosen for nobody, however long it takes")
    func automatic() throws {
        api.put(pool)
        put("x", [wish: "192.168.57.200"])
        let controller = FakeController.leading(api)
        #expect(try controller.settle())
        let end = refuse("x")
        put("x", [wish: "192.168.57.203"])
        try work(controller)
        api.advance(.seconds(200))
        put("y")
        try work(controller)
        #expect(held("x") == ["192.168.57.200"] && held("y") == ["192.168.57.201"])
        end()
        #expect(try controller.settle() && held("x") == ["192.168.57.203"])
    }

    @Test("two Services whose addresses were swapped get their own back, and never both have one")
    func swap() throws {
        api.put(pool)
        put("x", [wish: "192.168.57.200"])
        put("y", [wish: "192.168.57.201"])
        let controller = FakeController.leading(api)
        #expect(try controller.settle())
        // Somebody writes each one's address into the other.
        api.setStatus(key("x"), addresses: ["192.168.57.201"])
        api.setStatus(key("y"), addresses: ["192.168.57.200"])
        var shared = 0
        #expect(try controller.settle(performed: { _ in if held("x") == held("y"), held("x") != [] { shared += 1 } }))
        #expect(held("x") == ["192.168.57.200"] && held("y") == ["192.168.57.201"] && shared == 0)
    }

    @Test("of one object one write is under way; what it says meanwhile is written next, and at once")
    func oneWrite() throws {
        api.put(pool)
        put("a", [wish: "192.168.57.200"])
        let controller = FakeController.leading(api)
        #expect(try controller.settle())
        for address in ["192.168.57.201", "192.168.57.202"] {
            put("a", [wish: address])
            controller.deliver()
            controller.decide()
            #expect(controller.held.count == 1)
        }
        try controller.performHeld()
        #expect(held("a") == ["192.168.57.200"], "it was made from an older version")
        controller.decide()
        try controller.performHeld()
        #expect(held("a") == ["192.168.57.202"])
    }

    @Test("a new leader plans nothing before each of its lists is younger than its election", arguments: Watch.allCases)
    func lists(last: Watch) throws {
        api.put(pool)
        var standby = ControllerState(policy: ControllerPolicy(), watches: Set(Watch.allCases))
        for list in api.lists { standby.apply(list, at: api.now) }
        // Its watches say no more; the leader serves a Service from a pool that is newer than what they said last.
        api.putPool("new", "10.70.0.0/29")
        put("z", ["lb.cluster.home/pool": "new"])
        #expect(try FakeController.leading(api).settle() && held("z") == ["10.70.0.0"])
        standby.becameLeader()
        for list in api.lists where list.listed != last { standby.apply(list, at: api.now) }
        #expect(standby.missingWatches == [last] && standby.planner == nil && standby.next(at: api.now) == nil)
        for list in api.lists where list.listed == last { standby.apply(list, at: api.now) }
        #expect(standby.planner?.plan(for: key("z"))?.addresses.map(\.description) == ["10.70.0.0"])
        while let work = standby.next(at: api.now) { Issue.record("nothing is to be written, but \(work)") }
    }

    @Test("ipMode Proxy is put right, without an Event; a missing one is what an old API server makes of it")
    func proxyMode() throws {
        api.put(pool)
        put("a")
        let controller = FakeController.leading(api)
        #expect(try controller.settle())
        let told = controller.told
        for (mode, after) in [("Proxy", "VIP"), (nil, nil)] {
            api.setStatus(key("a"), addresses: ["192.168.57.200"], ipMode: mode)
            #expect(try controller.settle())
            #expect(api.services[key("a")]?.status?.loadBalancer?.ingress?.map(\.ipMode) == [after])
        }
        #expect(controller.told == told)
    }

    @Test("ipMode Proxy of another class's load balancer stays")
    func othersProxyMode() throws {
        api.put(pool)
        put("a")
        #expect(try FakeController.leading(api).settle())
        api.setStatus(key("a"), addresses: ["192.168.57.200"], ipMode: "Proxy")
        let other = FakeController.leading(api, policy: ControllerPolicy(loadBalancerClass: "example.com/other"))
        #expect(try other.settle() && api.condition(ConditionType.allocated, of: key("a")) == nil)
        #expect(api.services[key("a")]?.status?.loadBalancer?.ingress?.map(\.ipMode) == ["Proxy"])
    }

    @Test("a new leader gives nobody what the one before it has assigned meanwhile")
    func freshness() throws {
        api.put(pool)
        put("a")
        var standby = ControllerState(policy: ControllerPolicy(), watches: Set(Watch.allCases))
        for list in api.lists { standby.apply(list, at: api.now) }
        #expect(standby.isSynced)
        // Its watch says no more; the leader serves one Service more.
        put("older", [wish: "192.168.57.201"])
        let leader = FakeController.leading(api)
        #expect(try leader.settle() && held("a") == ["192.168.57.200"] && held("older") == ["192.168.57.201"])
        standby.becameLeader()
        #expect(!standby.isSynced && standby.next(at: api.now) == nil)
        for list in api.lists { standby.apply(list, at: api.now) }
        #expect(standby.planner?.plan(for: key("older"))?.addresses.map(\.description) == ["192.168.57.201"])
    }

    @Test("an object that a list could not read keeps its address, and nobody else gets it")
    func unreadable() throws {
        api.put(pool)
        put("a")
        let controller = FakeController.leading(api)
        #expect(try controller.settle())
        var state = controller.state
        state.apply(.service(.replaced([], unreadable: [key("a")])), at: api.now)
        #expect(state.planner?.plan(for: key("a"))?.addresses.map(\.description) == ["192.168.57.200"])
        #expect(state.planner?.leftovers == [])
    }

    @Test("any condition that somebody has written can be read, and is written back as it was")
    func condition() throws {
        let text = #"{"type": "example.com/Odd", "status": "Maybe"}"#
        let condition = try JSONDecoder().decode(Condition.self, from: Data(text.utf8))
        #expect(condition.status.rawValue == "Maybe" && condition.reason == "" && condition.message == "")
        let again = try JSONDecoder().decode(Condition.self, from: JSONEncoder().encode(condition))
        #expect(again == condition)
    }

    @Test("a pool's status is written only to the version that it was made from")
    func poolVersion() throws {
        api.put(pool)
        let controller = FakeController.leading(api)
        controller.decide()
        api.put(pool)
        let writes = api.writes
        try controller.performHeld()
        #expect(api.writes > writes && api.pools[pool.key]?.status == nil, "the write conflicts")
        #expect(try controller.settle() && api.pools[pool.key]?.status?.availableIPv4 == 4)
    }

    @Test("an address that a foreign host uses is not counted as free")
    func conflictCount() throws {
        api.putPool("lan", "192.168.57.200/32")
        api.put(Node(metadata: ObjectMeta(name: "worker-1")))
        put("a")
        let controller = FakeController.leading(api)
        #expect(try controller.settle() && held("a") == ["192.168.57.200"])
        api.put(ServiceL2Status(conflictOf: key("a"), "192.168.57.200", "02:00:00:00:00:99"))
        #expect(try controller.settle() && held("a") == ["192.168.57.200"] && reason("a") == "AddressConflict")
        #expect(api.pools[pool.key]?.status?.assignedIPv4 == 1 && api.pools[pool.key]?.status?.availableIPv4 == 0)
        api.deleteService(key("a"))
        put("b")
        #expect(try controller.settle() && held("b") == [])
        let status = try #require(api.pools[pool.key]?.status)
        #expect(status.assignedIPv4 == 0 && status.availableIPv4 == 0)
        put("a", [wish: "192.168.57.200"])
        #expect(try controller.settle() && held("a") == ["192.168.57.200"])
        #expect(api.pools[pool.key]?.status?.assignedIPv4 == 1 && api.pools[pool.key]?.status?.availableIPv4 == 0)
    }

    @Test("what a host used is free for others ten minutes after that host was last reported, wherever")
    func conflictEnd() throws {
        api.put(pool)
        put("a")
        let controller = FakeController.leading(api)
        #expect(try controller.settle())
        let report = ServiceL2Status(conflictOf: key("a"), "192.168.57.200", "02:00:00:00:00:99")
        api.put(report)
        #expect(try controller.settle() && held("a") == ["192.168.57.201"])
        api.put(ServiceL2Status(conflictOf: key("a"), "192.168.57.201", "02:00:00:00:00:99"))
        #expect(try controller.settle() && held("a") == ["192.168.57.202"])
        // The report of .201 lasts, so .200 is not forgotten either.
        api.advance(.seconds(1000))
        put("b")
        #expect(try controller.settle() && held("b") == ["192.168.57.203"])
        api.deleteAnnouncement(report.key)
        for _ in 0..<12 {
            api.advance(.seconds(60))
            #expect(try controller.settle())
        }
        put("c")
        #expect(try controller.settle() && held("c") == ["192.168.57.200"])
        #expect(api.pools[pool.key]?.status?.conflicts?.isEmpty ?? true)
    }

    @Test("while every write that may be under way is, nothing is due: an end of one wakes the loop")
    func saturated() throws {
        api.put(pool)
        for name in ["a", "b", "c"] { put(name) }
        var state = ControllerState(policy: ControllerPolicy(), watches: Set(Watch.allCases), concurrency: 2)
        state.becameLeader()
        for list in api.lists { state.apply(list, at: api.now) }
        let work = (0..<3).map { _ in state.next(at: api.now) }
        #expect(work.compactMap { $0 }.count == 2)
        api.advance(.seconds(5))
        #expect(state.next(at: api.now) == nil && state.idle(at: api.now.instant) == nil)
        state.finished(try #require(work[0]), .failed, at: api.now.instant)
        #expect(state.idle(at: api.now.instant) != nil)
    }

    @Test("a conflict whose time lies ahead ends ten minutes from now, like any other")
    func futureConflict() throws {
        var stamped = pool
        let ahead = Timestamp(seconds: api.now.wall.microseconds / 1_000_000 + 1_000_000)
        stamped.status = .init(
            conflicts: [.init(address: "192.168.57.200", hardwareAddress: "02:00:00:00:00:99", seen: ahead)])
        var snapshot = ClusterSnapshot()
        snapshot.apply(.pool(.replaced([stamped])))
        let planner = ControllerPlanner(snapshot, policy: ControllerPolicy(), at: api.now)
        #expect(planner.plan(forPool: "lan")?.conflicts.first?.seen.map { $0 <= api.now.wall } == true)
    }
}

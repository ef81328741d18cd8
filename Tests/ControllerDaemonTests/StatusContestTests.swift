import AllocationKit
import ControllerDaemon
import KubernetesModel
import MonotonicTime
import Reconciliation
import Testing

/// Another controller that writes the status of the same Services.
struct StatusContestTests {
    private let key = ObjectKey(namespace: "default", name: "web")
    private let api = FakeAPI()

    private var held: [String] { api.addresses(of: key) }

    private var allocated: Condition? { api.condition(ConditionType.allocated, of: key) }

    private func begin() throws -> FakeController {
        let controller = FakeController.leading(api)
        api.putPool("lan", "192.168.57.200/30")
        api.putService(key)
        #expect(try controller.settle() && held == ["192.168.57.200"])
        return controller
    }

    /// The rival answers each write of Herald's at once, for some seconds.
    private func fight(_ controller: FakeController, seconds: Int) throws {
        for _ in 0..<seconds {
            for _ in 0..<20 {
                controller.deliver()
                controller.decide()
                try controller.performHeld()
                if held != ["10.0.0.3"] { api.setStatus(key, addresses: ["10.0.0.3"]) }
            }
            api.advance(.seconds(1))
        }
    }

    @Test("two controllers of one Service do not write at the pace of the API server, and the Service says so")
    func brake() throws {
        let controller = try begin()
        let before = api.writes
        try fight(controller, seconds: 600)
        #expect(api.writes - before > 5 && api.writes - before < 25)
        #expect(allocated?.status == .false && allocated?.reason == "StatusOverwritten")
        #expect(allocated?.message.contains("10.0.0.3") == true)
        #expect(controller.told.contains { $0.contains("writes over this Service's addresses") })
        #expect(controller.state.idle(at: api.now.instant).map { $0 <= .seconds(64) } == true)
        // It is stopped.
        #expect(try controller.settle() && held == ["192.168.57.200"])
        #expect(allocated?.status == .true && controller.state.isAtRest)
    }

    @Test("who removes the conditions again and again is answered less and less often, too")
    func conditions() throws {
        let controller = try begin()
        let before = api.writes
        for _ in 0..<600 {
            for _ in 0..<20 {
                controller.deliver()
                controller.decide()
                try controller.performHeld()
                if allocated != nil { api.editStatus(key) { $0.conditions = nil } }
            }
            api.advance(.seconds(1))
        }
        #expect(api.writes - before > 5 && api.writes - before < 25)
        #expect(controller.told.contains { $0.contains("removes Herald's conditions") })
        #expect(try controller.settle() && allocated?.reason == "Allocated" && controller.state.isAtRest)
    }

    @Test("who removes the annotation again and again, as an operator that owns the Service may, is braked as well")
    func annotation() throws {
        let controller = try begin()
        let before = api.writes
        for _ in 0..<60 {
            for _ in 0..<20 {
                controller.deliver()
                controller.decide()
                try controller.performHeld()
                api.removeAnnotation(ServiceAnnotation.allocatedFrom, of: key)
            }
            api.advance(.seconds(1))
        }
        #expect(api.writes - before > 3 && api.writes - before < 15)
        #expect(allocated?.reason == "StatusOverwritten")
        #expect(try controller.settle() && allocated?.reason == "Allocated" && controller.state.isAtRest)
        #expect(api.services[key]?.metadata.annotations?[ServiceAnnotation.allocatedFrom] == "lan")
    }

    @Test("who gives an address to a Service that Herald has none for is braked as well")
    func noAddress() throws {
        let controller = FakeController.leading(api)
        api.putService(key)
        #expect(try controller.settle() && allocated?.reason == "NoPools")
        let before = api.writes
        try fight(controller, seconds: 60)
        #expect(api.writes - before > 3 && api.writes - before < 15)
        #expect(allocated?.message.contains("it last wrote 10.0.0.3.") == true, "\(String(describing: allocated))")
        #expect(try controller.settle() && held == [] && allocated?.reason == "NoPools")
    }

    @Test("an announcement that comes and goes is no contest, however often")
    func flapping() throws {
        let controller = try begin()
        let entry = ServiceL2Status.Announced(
            address: "192.168.57.200", interface: "eth0", node: "worker-1", since: Timestamp(seconds: 1))
        for _ in 0..<20 {
            for entries in [[entry], []] {
                api.put(ServiceL2Status(of: key, entries))
                controller.deliver()
                controller.decide()
                api.put(ServiceL2Status(of: key, [entry]))
                controller.deliver()
                try controller.performHeld()
                controller.deliver()
                api.advance(.seconds(4))
            }
        }
        #expect(!controller.told.contains { $0.contains("Another controller") } && !controller.state.isRetrying)
    }

    @Test("an Event says what a write replaces, once, and gives no advice about what another controller wrote")
    func told() throws {
        let controller = try begin()
        api.setStatus(key, addresses: ["fd00:9::"])
        #expect(try controller.settle() && held == ["192.168.57.200"])
        let first = try #require(controller.told.last)
        #expect(first.hasSuffix("It replaces fd00:9::, which is not of the Service's families."), "\(first)")
        api.putService(key, ["lb.cluster.home/addresses": "192.168.57.202"])
        #expect(try controller.settle() && held == ["192.168.57.202"])
        let second = try #require(controller.told.last)
        #expect(second.hasSuffix("as requested. It replaces 192.168.57.200."), "\(second)")
        api.setStatus(key, addresses: [])
        #expect(try controller.settle() && held == ["192.168.57.202"])
        #expect(controller.told.last == "Assigned 192.168.57.202 from IPAddressPool \"lan\"")
    }

    @Test("who writes over the addresses once or twice sees them put right at once")
    func twice() throws {
        let controller = try begin()
        for _ in 0..<2 {
            api.setStatus(key, addresses: ["10.0.0.3"])
            let then = api.now.instant
            for _ in 0..<3 {
                controller.deliver()
                controller.decide()
                try controller.performHeld()
            }
            #expect(held == ["192.168.57.200"] && allocated?.status == .true && api.now.instant == then)
        }
    }
}

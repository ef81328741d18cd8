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

import AllocationKit
import ControllerDaemon
import KubernetesModel
import MonotonicTime
import Reconciliation
import Testing

/// What a Service's `Announced` says while its address goes from one speaker to another.
struct HandoverPauseTests {
    private let key = ObjectKey(namespace: "default", name: "web")
    private let api = FakeAPI()

    /// A Service with an address that `n1` announces.
    private func announced() throws -> FakeController {
        let controller = FakeController.leading(api)
        for name in ["n1", "n2"] { api.put(Node(metadata: ObjectMeta(name: name))) }
        api.putPool("lan", "192.168.57.200/30")
        api.putService(key)
        #expect(try controller.settle())
        try report("n1", controller)
        #expect(condition?.status == .true)
        return controller
    }

    private func report(_ node: String?, _ controller: FakeController) throws {
        let address = api.addresses(of: key).first ?? ""
        let entries = node.map { [ServiceL2Status.Announced(address: address, interface: "eth0", node: $0)] } ?? []
        api.put(ServiceL2Status(of: key, entries))
        _ = try controller.settle()
    }

    private var condition: Condition? { api.condition(ConditionType.announced, of: key) }

    @Test("Announced stays true when one speaker's record goes a moment before the next one's comes")
    func failover() throws {
        let controller = try announced()
        let before = condition?.lastTransitionTime
        let writes = api.writes
        api.advance(.seconds(100))
        try report(nil, controller)
        #expect(condition?.status == .true && api.writes == writes)
        api.advance(.milliseconds(900))
        try report("n2", controller)
        #expect(condition?.status == .true && condition?.lastTransitionTime == before)
        #expect(condition?.message.contains("n2") == true)
        api.advance(.seconds(10))
        #expect(try controller.settle())
        #expect(condition?.status == .true && api.writes == writes + 1)
    }

    @Test("silence that lasts is told after three seconds, once")
    func silence() throws {
        let controller = try announced()
        try report(nil, controller)
        #expect(condition?.status == .true)
        #expect(controller.state.idle(at: api.now.instant).map { $0 <= .seconds(3) } == true)
        api.advance(.seconds(3))
        #expect(try controller.settle())
        #expect(condition?.status == .false && condition?.reason == "NotAnnounced")
        let writes = api.writes
        api.advance(.seconds(30))
        #expect(try controller.settle() && api.writes == writes)
    }

    @Test("a foreign host on the address is told at once")
    func conflict() throws {
        let controller = try announced()
        let had = api.addresses(of: key)
        api.put(ServiceL2Status(conflictOf: key, had.first ?? "", "02:00:00:00:00:99"))
        _ = try controller.settle()
        #expect(api.addresses(of: key) != had && condition?.status == .false)
    }
}

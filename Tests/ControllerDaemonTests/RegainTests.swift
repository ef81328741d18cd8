import AllocationKit
import KubernetesModel
import MonotonicTime
import Testing

/// What is lost with a pool, or with a part of one, and comes back with it.
struct RegainTests {
    private let api = FakeAPI()
    private let v4 = "192.168.57.200-192.168.57.207"
    private let v6 = "fd00:57::200-fd00:57::207"

    private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "default", name: name) }

    private func held(_ name: String) -> [String] { api.addresses(of: key(name)) }

    private func put(
        _ name: String, policy: String, families: [String] = ["IPv4", "IPv6"], _ annotations: [String: String] = [:]
    ) {
        api.put(
            Service(
                metadata: ObjectMeta(name: name, namespace: "default", annotations: annotations),
                spec: .init(
                    type: "LoadBalancer", ports: [.init(port: 80)], ipFamilies: families, ipFamilyPolicy: policy)))
    }

    /// `a` and `b`, each with both families.
    private func begin(_ policy: String) throws -> FakeController {
        api.putPool("both", v4, v6)
        for name in ["a", "b"] { put(name, policy: policy) }
        let controller = FakeController.leading(api)
        #expect(try controller.settle())
        #expect(held("a") == ["192.168.57.200", "fd00:57::200"] && held("b") == ["192.168.57.201", "fd00:57::201"])
        return controller
    }

    private static let policies = ["PreferDualStack", "RequireDualStack"]

    @Test(
        "a pool that loses one family, and has it again, gives each Service its own address back", arguments: policies)
    func family(policy: String) throws {
        let controller = try begin(policy)
        api.putPool("both", v4)
        #expect(try controller.settle() && held("a") == ["192.168.57.200"] && held("b") == ["192.168.57.201"])
        put("c", policy: policy)
        #expect(try controller.settle())
        api.putPool("both", v4, v6)
        #expect(try controller.settle())
        #expect(held("a") == ["192.168.57.200", "fd00:57::200"] && held("b") == ["192.168.57.201", "fd00:57::201"])
    }

    @Test("long after, too, and before others choose")
    func late() throws {
        let controller = try begin("PreferDualStack")
        api.deleteService(key("a"))
        api.putPool("both", v4)
        #expect(try controller.settle() && held("b") == ["192.168.57.201"])
        api.advance(.seconds(600))
        put("c", policy: "SingleStack", families: ["IPv6"])
        api.putPool("both", v4, v6)
        #expect(try controller.settle())
        #expect(held("b") == ["192.168.57.201", "fd00:57::201"] && held("c") == ["fd00:57::200"])
    }

    @Test("a pool that is deleted, and comes back in two steps, gives each Service its own addresses back")
    func steps() throws {
        let controller = try begin("PreferDualStack")
        api.deletePool("both")
        #expect(try controller.settle() && held("a") == [] && held("b") == [])
        api.putPool("both", v4)
        #expect(try controller.settle() && held("a") == ["192.168.57.200"] && held("b") == ["192.168.57.201"])
        api.putPool("both", v4, v6)
        #expect(try controller.settle())
        #expect(held("a") == ["192.168.57.200", "fd00:57::200"] && held("b") == ["192.168.57.201", "fd00:57::201"])
    }

    @Test("one family lost after the other comes back as it was")
    func bothInTurn() throws {
        let controller = try begin("RequireDualStack")
        api.putPool("both", v4)
        #expect(try controller.settle() && held("b") == ["192.168.57.201"])
        api.putPool("both", "192.168.58.0/32")
        #expect(try controller.settle() && held("b") == [])
        api.putPool("both", v4)
        #expect(try controller.settle() && held("b") == [], "one of two is nothing")
        api.putPool("both", v4, v6)
        #expect(try controller.settle())
        #expect(held("a") == ["192.168.57.200", "fd00:57::200"] && held("b") == ["192.168.57.201", "fd00:57::201"])
    }

    @Test("a family that the Service itself has given up is not given back")
    func givenUp() throws {
        let controller = try begin("PreferDualStack")
        api.putPool("both", v4)
        #expect(try controller.settle())
        put("b", policy: "SingleStack", families: ["IPv4"])
        api.putPool("both", v4, v6)
        #expect(try controller.settle() && held("b") == ["192.168.57.201"])
        api.deleteService(key("a"))
        #expect(try controller.settle())
        api.advance(.seconds(120))
        put("b", policy: "PreferDualStack")
        #expect(try controller.settle() && held("b") == ["192.168.57.201", "fd00:57::200"])
    }
}

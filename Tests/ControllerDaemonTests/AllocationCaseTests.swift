import AllocationKit
import Foundation
import KubernetesModel
import Reconciliation
import Testing

/// The rows of docs/allocation.md on the planner, without any server.
struct AllocationCaseTests {
    @Test("each row gives its result", arguments: AllocationCase.all)
    func row(_ row: AllocationCase) throws {
        let api = FakeAPI()
        var controller = FakeController.leading(api)
        for step in row.steps {
            switch step {
            case .pool(let pool): api.put(pool)
            case .deletePool(let name): api.deletePool(name)
            case .service(let service): api.put(service)
            case .delete(let name): api.deleteService(key(name))
            case .node(let node): api.put(node)
            case .serviceRange(let range): api.put(range)
            case .namespace(let namespace): api.put(namespace)
            case .status(let name, let addresses): api.setStatus(key(name), addresses: addresses)
            case .conflict(let name, let address, let hardwareAddress, let isAnnounced):
                api.put(ServiceL2Status(conflictOf: key(name), address, hardwareAddress, isAnnounced: isAnnounced))
            case .restart(let loadBalancerClass):
                controller = FakeController.leading(api, policy: ControllerPolicy(loadBalancerClass: loadBalancerClass))
            case .expect(let name, let expectation):
                let service = try #require(api.services[key(name)])
                #expect(AllocationCase.Expectation(of: service) == expectation)
            }
            #expect(try controller.settle(), "the controller never comes to rest")
        }
        let writes = api.writes
        let other = FakeController.leading(api)
        #expect(try other.settle() && api.writes == writes, "a new leader has nothing to change")
    }

    @Test("the table of docs/allocation.md has exactly these rows")
    func documentation() throws {
        let page = try String(contentsOf: Repository.root.appending(path: "docs/allocation.md"), encoding: .utf8)
        let table = page.components(separatedBy: "## Cases").last ?? ""
        let rows = table.split(separator: "\n").filter { $0.hasPrefix("| ") }.map(String.init)
        let expected = AllocationCase.all.map(\.row)
        for row in expected where !rows.contains(row) { Issue.record("missing in the page:\n\(row)") }
        #expect(rows.count == expected.count + 1, "one row each, and the head")
    }

    private func key(_ name: String) -> ObjectKey { ObjectKey(caseName: name) }
}

extension ObjectKey {
    /// `name` in default, or `namespace/name`.
    init(caseName: String) {
        let parts = caseName.split(separator: "/").map(String.init)
        self.init(namespace: parts.count > 1 ? parts[0] : "default", name: parts[parts.count - 1])
    }
}

extension AllocationCase.Expectation {
    init(of service: Service) {
        self.init(
            addresses: (service.status?.loadBalancer?.ingress ?? []).compactMap { $0.ip ?? $0.hostname },
            pool: service.metadata.annotations?[ServiceAnnotation.allocatedFrom],
            reason: service.status?.conditions?.first { $0.type == ConditionType.allocated }?.reason ?? "")
    }
}

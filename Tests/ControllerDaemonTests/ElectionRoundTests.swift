import KubernetesClient
import KubernetesModel
import Logging
import Reconciliation
import Testing

@testable import ControllerDaemon

/// What a reflector says that began before an election.
struct ElectionRoundTests {
    @Test("a list that was asked for before an election is not taken in after it", .timeLimit(.minutes(1)))
    func outdated() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let controller = Controller(ControllerState(policy: ControllerPolicy(), watches: [.pools]), logger: logger)
        let nowhere = APIConfiguration(
            server: try ServerAddress("http://127.0.0.1:1"), trust: .system, credentials: .token("t"))
        try await APIClient(nowhere).closing { client in
            let writer = PlanWriter(client, events: EventRecorder(client, component: "lb-controller"), logger: logger)
            let before = await controller.round
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await controller.lead(with: writer) }
                await controller.waitUntilStale()
                let pool = IPAddressPool(metadata: ObjectMeta(name: "lan"), spec: .init(addresses: ["10.60.0.0/32"]))
                await controller.apply(.pool(.replaced([pool])), of: before)
                #expect(await controller.standing.snapshot.pools.isEmpty)
                await controller.apply(.pool(.replaced([pool])), of: controller.round)
                #expect(await controller.standing.snapshot.pools.count == 1)
                group.cancelAll()
            }
        }
    }
}

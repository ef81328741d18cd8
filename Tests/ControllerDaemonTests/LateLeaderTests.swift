import KubernetesModel
import Logging
import Reconciliation
import Synchronization
import Testing

@testable import ControllerDaemon
@testable import KubernetesClient

/// A leader that has slept through the end of its time, and does not know yet.
struct LateLeaderTests {
    /// An API server that never answers, and a leader's time.
    private final class World: APITransport {
        struct State {
            var isLeading = false
            /// Of each request, whether it was sent in that time.
            var sent: [Bool] = []
        }
        let state = Mutex(State())

        func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
            state.withLock { $0.sent.append($0.isLeading) }
            throw .failed("out of reach")
        }

        func makeWatchChannel() -> any WatchChannel { fatalError("nothing is watched") }
        func shutdown() async {}
    }

    @Test("it writes nothing, though it has work", .timeLimit(.minutes(1)))
    func silence() async throws {
        let world = World()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let configuration = try APIConfiguration(url: "http://127.0.0.1:1")
        let client = try APIClient(
            configuration, selection: try TransportSelection(for: configuration, preference: nil),
            limits: RequestLimits()
        ) { _ in world }
        let writer = PlanWriter(client, events: EventRecorder(client, component: "lb-controller"), logger: logger)
        let controller = Controller(
            ControllerState(policy: ControllerPolicy(), watches: [.pools, .services]), logger: logger)
        let reign = LeaderElector.Reign { world.state.withLock(\.isLeading) }
        await LeaderElector.$reign.withValue(reign) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await controller.lead(with: writer) }
                await controller.waitUntilStale()
                let round = await controller.round
                let pool = IPAddressPool(metadata: ObjectMeta(name: "lan"), spec: .init(addresses: ["10.60.0.0/32"]))
                let service = Service(
                    metadata: ObjectMeta(name: "web", namespace: "default", uid: "1", resourceVersion: "1"),
                    spec: .init(type: "LoadBalancer", ports: [.init(port: 80)], ipFamilies: ["IPv4"]))
                await controller.apply(.pool(.replaced([pool])), of: round)
                await controller.apply(.service(.replaced([service])), of: round)
                try? await Task.sleep(for: .milliseconds(300))
                #expect(world.state.withLock(\.sent).isEmpty)
                world.state.withLock { $0.isLeading = true }
                while world.state.withLock(\.sent).isEmpty { try? await Task.sleep(for: .milliseconds(20)) }
                #expect(world.state.withLock(\.sent).allSatisfy { $0 })
                group.cancelAll()
            }
        }
    }
}

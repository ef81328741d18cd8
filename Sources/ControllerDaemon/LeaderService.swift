import KubernetesClient
import Logging
import ServiceLifecycle

/// Stands for election, and leads while elected.
struct LeaderService: ServiceLifecycle.Service {
    let client: APIClient
    let controller: Controller
    let writer: PlanWriter
    let helloKey: HelloKeyMaker
    /// `nil`: there is no other controller, lead at once.
    let elector: LeaderElector?
    let logger: Logger

    func run() async throws {
        guard let elector else {
            return await cancelWhenGracefulShutdown { await lead() }
        }
        try await elector.run { [logger] change in
            switch change {
            case .becameLeader: break
            case .lostLeadership: logger.warning("no longer leading")
            case .failed(let reason): logger.warning("cannot hold the Lease", metadata: ["error": "\(reason)"])
            case .follows(let holder): logger.info("standing by", metadata: ["leader": "\(holder)"])
            }
        } lead: {
            await lead()
        }
    }

    private func lead() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await helloKey.run() }
            group.addTask { await controller.lead(with: writer) }
        }
    }
}

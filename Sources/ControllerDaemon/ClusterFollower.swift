import KubernetesClient
import KubernetesModel
import Logging
import Reconciliation
import ServiceLifecycle

/// Runs the reflectors of all resource types that a controller follows.
struct ClusterFollower: ServiceLifecycle.Service {
    let client: APIClient
    let controller: Controller
    /// Herald's own.
    let namespace: String
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let round = await controller.round
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await followAll(round) }
                    group.addTask { await controller.waitUntilStale() }
                    await group.next()
                    group.cancelAll()
                }
            }
        }
    }

    private func followAll(_ round: Int) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await follow(.services, round) { .service($0) } }
            group.addTask { await follow(.pools, round) { .pool($0) } }
            group.addTask { await follow(.nodes, round) { .node($0) } }
            group.addTask { await follow(.namespaces, round) { .namespace($0) } }
            group.addTask { await follow(.announcements, round, in: namespace) { .announcement($0) } }
            group.addTask { await follow(.leases, round, in: namespace) { .lease($0) } }
            group.addTask { await followServiceRanges(round) }
        }
    }

    private func follow<Object: KubernetesObject>(
        _ watch: Watch, _ round: Int, in namespace: String? = nil,
        as wrap: @escaping @Sendable (ObjectChange<Object>) -> ClusterChange
    ) async {
        await client.reflect(Object.self, namespace: namespace, pace: .relaxed) { [controller, logger] event in
            switch event {
            case .change(let change): await controller.apply(wrap(change), of: round)
            case .alive: break
            case .problem(let problem):
                logger.warning("\(problem)", metadata: ["api.watch": "\(watch.rawValue)"])
            }
        }
    }

    /// The cluster's Service ranges, where the API server tells them (Kubernetes 1.33).
    private func followServiceRanges(_ round: Int) async {
        while !Task.isCancelled {
            do {
                _ = try await client.list(ServiceCIDR.self)
                return await follow(.serviceCIDRs, round) { .serviceCIDR($0) }
            } catch {
                guard error.isNotFound || error.isForbidden else {
                    try? await Task.sleep(for: .seconds(2))
                    continue
                }
                logger.info(
                    "the cluster's Service ranges are not known: no pool should contain them",
                    metadata: ["error": "\(error)"])
                return await controller.ignore(.serviceCIDRs, of: round)
            }
        }
    }
}

import Daemon
import KubernetesClient
import KubernetesModel
import Logging
import Reconciliation
import ServiceLifecycle

/// Runs the reflectors of all resource types that a speaker follows, and hands what they say to ``SpeakerControl``.
struct ClusterWatcher: ServiceLifecycle.Service {
    let client: APIClient
    let control: SpeakerControl
    /// Herald's own.
    let namespace: String
    let logger: Logger
    /// A list of a large cluster must have time to arrive before it is asked for again.
    var patience = Duration.seconds(10)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await followDoubtable() }
                group.addTask { await follow(.pools) { .pool($0) } }
                group.addTask { await follow(.advertisements) { .advertisement($0) } }
                group.addTask { await follow(.announcements, in: namespace) { .announcement($0) } }
                group.addTask { await follow(.leases, in: namespace) { .lease($0) } }
                group.addTask { await followKey() }
                group.addTask { await identifyCluster() }
            }
        }
    }

    /// What a claim rests on. It is listed and watched anew when ``ClaimReader`` finds that a watch hangs.
    private func followDoubtable() async {
        while !Task.isCancelled {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await follow(.services) { .service($0) } }
                group.addTask { await follow(.endpointSlices) { .endpointSlice($0) } }
                group.addTask { await follow(.nodes) { .node($0) } }
                group.addTask { [control, patience] in
                    try? await Task.sleep(for: patience)
                    await control.doubtBell.wait()
                }
                await group.next()
                group.cancelAll()
            }
        }
    }

    private func follow<Object: KubernetesObject>(
        _ watch: Watch, in namespace: String? = nil,
        as wrap: @escaping @Sendable (ObjectChange<Object>) -> ClusterChange
    ) async {
        // Only a watch whose silence makes a speaker stale must prove every few seconds that it lives.
        let pace = Watch.neededToBeFresh.contains(watch) ? WatchPace.prompt : .relaxed
        await client.reflect(Object.self, namespace: namespace, pace: pace) { [control, logger] event in
            switch event {
            case .change(let change): await control.apply(wrap(change))
            case .alive(let instant): await control.alive(watch, at: instant)
            case .problem(let problem):
                logger.warning("\(problem)", metadata: ["api.watch": "\(watch.rawValue)"])
            }
        }
    }

    /// Only the one Secret is listed and watched, so that a role can be restricted to it by name.
    private func followKey() async {
        await client.reflect(
            Secret.self, namespace: namespace, fieldSelector: "metadata.name=\(HeraldObjects.helloKeySecret)",
            pace: .relaxed
        ) { [control, logger] event in
            switch event {
            case .change(let change): await control.apply(change)
            case .alive: break
            case .problem(let problem):
                logger.warning("\(problem)", metadata: ["api.watch": "\(Watch.helloKey.rawValue)"])
            }
        }
    }

    /// Frames carry the identity of the cluster, so that two clusters on one segment do not mix: the UID of the
    /// namespace kube-system, which every cluster has and none changes.
    private func identifyCluster() async {
        var delay = Duration.milliseconds(500)
        while !Task.isCancelled {
            do {
                let found = try await client.list(Namespace.self, fieldSelector: "metadata.name=kube-system")
                if let uid = found.items.first?.metadata.uid {
                    await control.found(cluster: uid)
                    return await checkVersion()
                }
                logger.warning("the cluster has no namespace kube-system; trying again")
            } catch {
                if Task.isCancelled { return }
                logger.warning("cannot identify the cluster; trying again", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: delay)
            delay = min(delay * 2, .seconds(10))
        }
    }

    private func checkVersion() async {
        guard let version = try? await client.raw(.get, "/version"), let problem = ServerVersion(version)?.problem
        else { return }
        logger.warning("\(problem)")
    }
}

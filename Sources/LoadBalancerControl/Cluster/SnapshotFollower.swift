import KubernetesClient
import KubernetesModel
import Reconciliation

/// Keeps a ``ClusterSnapshot`` up to date and tells of it, for `-w`.
actor SnapshotFollower {
    private let reader: ClusterReader
    private let troubles = Troubles()
    private var snapshot = ClusterSnapshot()
    /// Types whose first list has not come yet.
    private var missing: Set<String> = []
    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation

    init(_ reader: ClusterReader) {
        self.reader = reader
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Calls `show` with the whole snapshot, and again after every change, until cancelled. Changes that come together
    /// are told together.
    func follow(_ show: @Sendable (ClusterSnapshot) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            add(Service.self, to: &group) { .service($0) }
            add(IPAddressPool.self, to: &group) { .pool($0) }
            add(L2Advertisement.self, to: &group) { .advertisement($0) }
            add(Node.self, to: &group) { .node($0) }
            add(Namespace.self, to: &group) { .namespace($0) }
            add(EndpointSlice.self, to: &group) { .endpointSlice($0) }
            add(ServiceL2Status.self, namespace: reader.heraldNamespace, to: &group) { .announcement($0) }
            add(Lease.self, namespace: reader.heraldNamespace, to: &group) { .lease($0) }
            if try await reader.serviceCIDRs() != nil { add(ServiceCIDR.self, to: &group) { .serviceCIDR($0) } }
            for await _ in changes where missing.isEmpty {
                try await show(snapshot)
                try await Task.sleep(for: .milliseconds(200))
            }
            group.cancelAll()
        }
    }

    private func add<Object: KubernetesObject>(
        _ type: Object.Type, namespace: String? = nil, to group: inout ThrowingTaskGroup<Void, any Error>,
        _ wrap: @escaping @Sendable (ObjectChange<Object>) -> ClusterChange
    ) {
        missing.insert(Object.resource.plural)
        group.addTask { [reader, troubles] in
            await reader.client.reflect(type, namespace: namespace) { event in
                await troubles.take(event)
                if case .change(let change) = event { await self.take(wrap(change), of: Object.resource.plural) }
            }
        }
    }

    private func take(_ news: ClusterChange, of plural: String) {
        snapshot.apply(news)
        missing.remove(plural)
        change.yield()
    }
}

import KubernetesClient
import KubernetesModel

/// Makes a ``HostTable`` anew whenever an object that it is made of changes.
struct HostsFollower: Sendable {
    let reader: ClusterReader

    init(_ reader: ClusterReader) { self.reader = reader }

    /// Until cancelled. Changes that come within a quarter of a second are one.
    ///
    /// - Parameter show: false when the same table is to be shown again at the next look.
    func follow(_ show: @Sendable (HostTable) async -> Bool) async throws {
        let (changes, change) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watch(Service.self, change) }
            group.addTask { await watch(Ingress.self, change) }
            // The Gateway API may not be there: no watch, but a look from time to time.
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(30))
                    change.yield()
                }
            }
            var last: HostTable?
            for await _ in changes {
                try await Task.sleep(for: .milliseconds(250))
                // While the API server cannot be asked, the names stay as they are; the watch tells when to ask again.
                guard let objects = try? await reader.hostObjects() else { continue }
                let table = HostTable(objects)
                if table != last { last = await show(table) ? table : nil }
            }
            group.cancelAll()
        }
    }

    private func watch<Object: KubernetesObject>(_ type: Object.Type, _ change: AsyncStream<Void>.Continuation) async {
        await reader.client.reflect(type) { event in
            if case .change = event { change.yield() }
        }
    }
}

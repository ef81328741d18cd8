import KubernetesClient
import KubernetesModel

/// Reads anew what a ``HostTable`` is made of, whenever an object of it changes.
struct HostsFollower: Sendable {
    let reader: ClusterReader
    let troubles: Troubles

    init(_ reader: ClusterReader, troubles: Troubles = Troubles()) { (self.reader, self.troubles) = (reader, troubles) }

    /// Until cancelled. Changes that come within a quarter of a second are one.
    ///
    /// - Parameters:
    ///   - table: what is to be shown of the objects.
    ///   - show: false when the same table is to be shown again at the next look.
    func follow(_ table: @Sendable (HostObjects) -> HostTable, _ show: @Sendable (HostTable) async -> Bool) async throws
    {
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
            var last: HostObjects?
            var shown: HostTable?
            for await _ in changes {
                try await Task.sleep(for: .milliseconds(250))
                // While the API server cannot be asked, the names stay as they are; the watch tells when to ask again.
                guard let objects = await look(last) else { continue }
                last = objects
                let table = table(objects)
                if table != shown { shown = await show(table) ? table : nil }
            }
            group.cancelAll()
        }
    }

    private func look(_ last: HostObjects?) async -> HostObjects? {
        let attempt = "look"
        do {
            var objects = try await reader.hostObjects()
            if let error = last.flatMap({ objects.keep($0) }) {
                await troubles.failed(attempt, "\(error)")
            } else {
                await troubles.succeeded(attempt)
            }
            return objects
        } catch {
            if !Task.isCancelled { await troubles.failed(attempt, "\(error)") }
            return nil
        }
    }

    private func watch<Object: KubernetesObject>(_ type: Object.Type, _ change: AsyncStream<Void>.Continuation) async {
        await reader.client.reflect(type) { event in
            await troubles.take(event)
            if case .change = event { change.yield() }
        }
    }
}

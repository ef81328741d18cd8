import FoundationEssentials
package import KubernetesModel
import MonotonicTime
import ServiceLifecycle
import Synchronization

/// Writes Kubernetes Events, without ever making anybody wait.
///
/// ``record(_:reason:message:regarding:)`` only counts; ``run()`` writes, a few requests at a time, and gives up on a write
/// that fails: an Event is worth no retry, because the next repetition carries the count.
package final class EventRecorder: ServiceLifecycle.Service {
    package enum Kind: String, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    /// How many requests are under way at most.
    private static let lanes = 4

    private let client: APIClient
    private let state: Mutex<EventAggregation>
    private let signal: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - component: `lb-controller` or `lb-speaker`.
    ///   - host: the node.
    package init(_ client: APIClient, component: String, host: String? = nil) {
        self.client = client
        state = Mutex(EventAggregation(component: component, host: host))
        (signal, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package func record(_ kind: Kind, reason: String, message: String, regarding object: ObjectReference) {
        let key = EventAggregation.Key(object: object, type: kind.rawValue, reason: reason)
        // The API server refuses notes of more than 1,024 bytes.
        let message = String(decoding: message.utf8.prefix(1000), as: UTF8.self)
        let acceptance = state.withLock {
            $0.record(
                key, message: message, at: client.now(), wall: .now, suffix: UInt64.random(in: 0...UInt64.max))
        }
        if acceptance == .dropped { client.metrics.eventDropped() }
        wake.yield()
    }

    /// Writes until graceful shutdown or cancellation.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in self.signal { await self.writeWhatIsDue() } }
                group.addTask { await self.writeRepetitions() }
                await group.next()
                group.cancelAll()
            }
        }
        await writeWhatIsDue(isLast: true)
    }

    /// Counts that grew while they were kept back.
    private func writeRepetitions() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: EventAggregation.quiet.duration)
            await writeWhatIsDue()
        }
    }

    private func writeWhatIsDue(isLast: Bool = false) async {
        var due = state.withLock { $0.due(at: client.now(), isLast: isLast) }[...]
        await withDiscardingTaskGroup { group in
            while !due.isEmpty {
                let share = due.prefix(max(1, (due.count + Self.lanes - 1) / Self.lanes))
                due = due.dropFirst(share.count)
                group.addTask { await self.write(share) }
            }
        }
    }

    private func write(_ share: ArraySlice<(EventAggregation.Key, EventAggregation.Write)>) async {
        for (key, write) in share {
            let result = await perform(write)
            state.withLock { $0.finished(key, result, at: client.now()) }
        }
    }

    private func perform(_ write: EventAggregation.Write) async -> EventAggregation.Result {
        do {
            switch write {
            case .create(let event): try await client.submit(event)
            case .update(let event):
                let patch: JSONValue = [
                    "count": .integer(Int64(event.count ?? 1)), "message": .string(event.message ?? ""),
                    "lastTimestamp": event.lastTimestamp.map { .string($0.seconds) } ?? nil,
                ]
                try await client.submit(
                    .merge(patch), to: Event.resource, name: event.metadata.name, namespace: event.metadata.namespace)
            }
            return .written
        } catch {
            if error.isCancelled { return .interrupted }
            return error.isNotFound && write.isUpdate ? .vanished : .failed
        }
    }
}

extension EventAggregation.Write {
    fileprivate var isUpdate: Bool { if case .update = self { true } else { false } }
}

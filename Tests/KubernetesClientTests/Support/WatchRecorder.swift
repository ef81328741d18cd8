import KubernetesClient
import KubernetesModel
import MonotonicTime
import Synchronization
import Testing

/// A strict consumer of a reflector: it keeps what a snapshot would, and notes every repetition.
final class WatchRecorder: Sendable {
    struct State {
        var services: [ObjectKey: Service] = [:]
        var lists = 0
        var applied = 0
        var deleted = 0
        var repeated: [String] = []
        var alive: [Instant] = []
        var problems: [ReflectorProblem] = []
        /// Resource versions that were applied since the last list.
        var seen: Set<String> = []
    }
    private let state = Mutex(State())

    var current: State { state.withLock { $0 } }

    /// What `reflect` calls.
    var handle: @Sendable (ReflectorEvent<Service>) async -> Void { { self.take($0) } }

    private func take(_ event: ReflectorEvent<Service>) {
        state.withLock { state in
            switch event {
            case .change(.replaced(let all, _)):
                state.lists += 1
                state.services = Dictionary(all.map { ($0.key, $0) }) { _, last in last }
                state.seen = Set(all.compactMap(\.metadata.resourceVersion))
            case .change(.applied(let service)):
                state.applied += 1
                let version = service.metadata.resourceVersion ?? ""
                if !state.seen.insert(version).inserted { state.repeated.append("\(service.key)@\(version)") }
                state.services[service.key] = service
            case .change(.deleted(let service)):
                state.deleted += 1
                if state.services.removeValue(forKey: service.key) == nil { state.repeated.append("-\(service.key)") }
            case .alive(let instant): state.alive.append(instant)
            case .problem(let problem): state.problems.append(problem)
            }
        }
    }

    /// Waits until the condition holds.
    func wait(
        _ what: Comment, seconds: Double = 20, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: (State) -> Bool
    ) async throws {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        while !condition(current) {
            guard clock.now < end else {
                let state = current
                Issue.record(
                    "not within \(seconds) s: \(what); \(state.services.count) services, \(state.lists) lists, \(state.problems)",
                    sourceLocation: sourceLocation)
                throw CancellationError()
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func revision(_ name: String) -> String? {
        current.services[ObjectKey(namespace: "contract", name: name)]?.metadata.annotations?["revision"]
    }
}

/// Runs `body` while a reflector feeds a recorder.
func whileReflecting(
    _ client: APIClient, pace: WatchPace = WatchPace(seconds: 1...2),
    _ body: @Sendable @escaping (WatchRecorder) async throws -> Void
) async throws {
    let recorder = WatchRecorder()
    try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
            await client.reflect(Service.self, namespace: "contract", pace: pace, handle: recorder.handle)
            return false
        }
        group.addTask {
            try await body(recorder)
            return true
        }
        defer { group.cancelAll() }
        while try await group.next() == false {}
    }
}

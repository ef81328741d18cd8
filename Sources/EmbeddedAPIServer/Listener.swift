import Synchronization

/// Whether the server should listen, and whether it does.
final class Listener: Sendable {
    private struct State {
        var isWanted = true
        /// Never again: the service shuts down.
        var hasEnded = false
        var isListening = false
        var port: Int?
        var failure: (any Error)?
        var observers: [Int: AsyncStream<Void>.Continuation] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    var port: Int? { state.withLock { $0.port } }

    func didStart(port: Int) {
        change { state in
            state.port = port
            state.isListening = true
        }
    }

    func didStop() { change { $0.isListening = false } }
    func fail(_ error: any Error) { change { $0.failure = error } }

    func end() {
        change { state in
            state.isWanted = false
            state.hasEnded = true
        }
    }

    /// Returns when the wish has come true.
    func setWanted(_ isWanted: Bool) async {
        change { $0.isWanted = isWanted }
        guard !isWanted else { return }
        await until { (!$0.isListening && $0.port != nil) || $0.failure != nil }
    }

    func untilListening() async throws {
        await until { $0.isListening || $0.failure != nil }
        if let failure = state.withLock({ $0.isListening ? nil : $0.failure }) { throw failure }
        try Task.checkCancellation()
    }

    func untilUnwanted() async { await until { !$0.isWanted } }

    /// One element each time that listening is wanted and does not happen; ends when it never will again.
    func wishes() -> AsyncStream<Void> {
        let changes = observe()
        return AsyncStream { [self] in
            for await _ in changes {
                let (isDue, hasEnded) = state.withLock { ($0.isWanted && !$0.isListening, $0.hasEnded) }
                if hasEnded { return nil }
                if isDue { return () }
            }
            return nil
        }
    }

    private func until(_ condition: @Sendable (State) -> Bool) async {
        for await _ in observe() where state.withLock({ condition($0) }) { return }
    }

    private func observe() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.next += 1
            state.observers[state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in self?.remove(id) }
        continuation.yield()
        return stream
    }

    private func remove(_ id: Int) { state.withLock { _ = $0.observers.removeValue(forKey: id) } }

    private func change(_ body: (inout sending State) -> Void) {
        let observers = state.withLock { state in
            body(&state)
            return Array(state.observers.values)
        }
        for observer in observers { observer.yield() }
    }
}

import MonotonicTime
import Synchronization

/// Lets short requests through at the rate and the concurrency that ``RequestLimits`` allow.
final class RequestGate: Sendable {
    private struct State {
        var bucket: TokenBucket
        var inFlight = 0
        var nextWaiter = 0
        /// In order of arrival.
        var waiters: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var cancelled: Set<Int> = []
    }
    private let state: Mutex<State>
    private let limit: Int
    private let now: @Sendable () -> Instant

    init(_ limits: RequestLimits, now: @escaping @Sendable () -> Instant) {
        state = Mutex(State(bucket: TokenBucket(limits, at: now())))
        limit = max(limits.concurrency, 1)
        self.now = now
    }

    /// - Returns: how long the request was held back by the rate.
    func enter() async throws(TransportError) -> Interval {
        let delay = state.withLock { $0.bucket.take(at: now()) }
        if delay > .zero {
            do { try await Task.sleep(for: delay.duration) } catch {
                state.withLock { $0.bucket.giveBack() }
                throw .cancelled
            }
        }
        guard await acquire() else { throw .cancelled }
        return delay
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.waiters.isEmpty else {
                state.inFlight -= 1
                return nil
            }
            return state.waiters.removeFirst().continuation
        }
        next?.resume(returning: true)
    }

    private func acquire() async -> Bool {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        defer { state.withLock { _ = $0.cancelled.remove(id) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let admitted = state.withLock { state -> Bool? in
                    if state.cancelled.remove(id) != nil { return false }
                    guard state.inFlight >= limit else {
                        state.inFlight += 1
                        return true
                    }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let admitted { continuation.resume(returning: admitted) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiters.remove(at: index).continuation
            }
            waiter?.resume(returning: false)
        }
    }
}

import Synchronization

/// Wakes the one loop that waits for it: calls that come while it works are one call.
final class WakeSignal: Sendable {
    private struct State {
        var isSet = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func wake() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.isSet = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when woken, after `limit`, or when the task is cancelled.
    func wait(atMost limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { if (try? await Task.sleep(for: limit)) != nil { self.wake() } }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isSet = state.withLock { state in
                        defer { state.isSet = false }
                        if !state.isSet { state.waiter = continuation }
                        return state.isSet
                    }
                    if isSet { continuation.resume() }
                }
            } onCancel: {
                wake()
            }
            group.cancelAll()
        }
    }
}

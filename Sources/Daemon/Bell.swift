package import MonotonicTime
import Synchronization

/// Wakes the one loop that waits for it: rings that come while it works are one ring.
package final class Bell: Sendable {
    private struct State {
        var isSet = false
        var waiter: CheckedContinuation<Void, Never>?
        /// The next alarm that somebody sleeps for.
        var alarm: Instant?
    }

    private let state = Mutex(State())

    package init() {}

    package func ring() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.isSet = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns at the next ring, or when the task is cancelled.
    package func wait() async {
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
            ring()
        }
    }

    /// Returns at the next ring, after `limit`, or when the task is cancelled.
    package func wait(atMost limit: Duration?) async {
        guard let limit else { return await wait() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { if (try? await Task.sleep(for: limit)) != nil { self.ring() } }
            await wait()
            group.cancelAll()
        }
    }

    /// Whether the caller must sleep until `due` and then call ``rang(_:)``.
    ///
    /// Not when an alarm is set already that comes no later: it wakes the loop, which then asks again. So a loop that
    /// is woken a thousand times in a second does not leave a thousand timers behind.
    package func needsAlarm(by due: Instant, at now: Instant) -> Bool {
        state.withLock { state in
            if let alarm = state.alarm, alarm > now, alarm <= due { return false }
            state.alarm = due
            return true
        }
    }

    package func rang(_ due: Instant) {
        state.withLock { if $0.alarm == due { $0.alarm = nil } }
        ring()
    }
}

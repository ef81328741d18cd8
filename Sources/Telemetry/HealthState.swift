import Synchronization

/// Whether the daemon is ready, and alive, with the reasons.
///
/// *Ready* is a list of named conditions that the daemon sets: synced, sockets open, link ready; until the first is
/// set, the daemon is not ready. *Alive* is a list of heartbeats: each loop beats when it turns, and a loop that has
/// not for its limit makes the process not alive, so that the kubelet restarts it. Neither may depend on the API server
/// being up: an outage must not restart a speaker.
package final class HealthState: Sendable {
    private struct State {
        var conditions: [(name: String, problem: String?)] = []
        var heartbeats: [Heartbeat] = []
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> SuspendingClock.Instant

    /// - Parameter now: the clock, replaced in tests. It stands still while the machine sleeps, so that nothing
    ///   counts as stuck after a resume.
    package init(now: @escaping @Sendable () -> SuspendingClock.Instant = { SuspendingClock.now }) {
        self.now = now
    }

    /// Sets a condition of readiness: a problem, in words for `/readyz`, or nil when it is met.
    package func set(_ name: String, problem: String?) {
        state.withLock { state in
            if let index = state.conditions.firstIndex(where: { $0.name == name }) {
                state.conditions[index].problem = problem
            } else {
                state.conditions.append((name, problem))
            }
        }
    }

    /// Drops a condition, such as that of a link that is gone.
    package func remove(_ name: String) {
        state.withLock { $0.conditions.removeAll { $0.name == name } }
    }

    /// A loop that promises to turn at least once in `limit`; it counts from its first beat.
    package func heartbeat(_ name: String, limit: Duration) -> Heartbeat {
        let heartbeat = Heartbeat(name: name, limit: limit, now: now)
        state.withLock { $0.heartbeats.append(heartbeat) }
        return heartbeat
    }

    package var readiness: HealthReport {
        let conditions = state.withLock { $0.conditions }
        let start = conditions.isEmpty ? [HealthReport.Check(name: "start", problem: "still starting")] : []
        let named = conditions.map { HealthReport.Check(name: $0.name, problem: $0.problem) }
        return HealthReport(checks: start + named + liveness.checks)
    }

    package var liveness: HealthReport {
        let heartbeats = state.withLock { $0.heartbeats }
        return HealthReport(checks: heartbeats.map { HealthReport.Check(name: $0.name, problem: $0.problem) })
    }
}

/// The pulse of one loop: wait-free, so a packet thread may call it.
package final class Heartbeat: Sendable {
    package let name: String
    private let limit: Duration
    private let now: @Sendable () -> SuspendingClock.Instant
    private let start: SuspendingClock.Instant
    /// Nanoseconds after `start` of the last beat; -1 before the first, or while stopped.
    private let last = Atomic<Int64>(-1)

    fileprivate init(name: String, limit: Duration, now: @escaping @Sendable () -> SuspendingClock.Instant) {
        (self.name, self.limit, self.now, self.start) = (name, limit, now, now())
    }

    package func beat() {
        last.store(nanosecondsSinceStart, ordering: .relaxed)
    }

    /// The loop has ended on purpose.
    package func stop() {
        last.store(-1, ordering: .relaxed)
    }

    var problem: String? {
        let beat = last.load(ordering: .relaxed)
        guard beat >= 0 else { return nil }
        let silence = Duration.nanoseconds(nanosecondsSinceStart - beat)
        return silence <= limit ? nil : "has not turned for \(silence.components.seconds) s"
    }

    private var nanosecondsSinceStart: Int64 {
        let (seconds, attoseconds) = start.duration(to: now()).components
        return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
    }
}

/// The answer of `/healthz` or `/readyz`, in the API server's own style.
package struct HealthReport: Sendable, Hashable {
    package struct Check: Sendable, Hashable {
        package var name: String
        package var problem: String?
    }

    package var checks: [Check]

    package var isHealthy: Bool { checks.allSatisfy { $0.problem == nil } }

    package var text: String {
        var text = ""
        for check in checks {
            text += check.problem.map { "[-]\(check.name) failed: \($0)\n" } ?? "[+]\(check.name) ok\n"
        }
        return text + (isHealthy ? "ok\n" : "failed\n")
    }
}

import KubernetesModel
import MonotonicTime
import Reconciliation

/// Slows down where somebody writes over what Herald says in a Service each time that it has been written: another
/// controller that serves the same Services, or owns them. The two would go on at the pace of the API server for ever.
struct StatusContests: Sendable {
    private struct Contest: Sendable {
        /// How often it was written over, each time less than a minute after Herald's write.
        var count: Int
        var contested: ContestedStatus
        /// Nothing is written before.
        var pauseEnd: Instant
        var isPaused: Bool
        /// It is over, unless it happens again before.
        var end: Instant

        var isTold: Bool { count >= StatusContests.limit }
    }

    private var contests: [ObjectKey: Contest] = [:]

    /// What is more often was no slip of a hand.
    static let limit = 3
    static let memory = Interval.seconds(60)
    private static let firstPause = Interval.seconds(1)

    /// Whether a Service waits, or is said to be contested.
    var isAny: Bool { contests.values.contains(where: \.isTold) }

    /// When ``takeDue(at:)`` is worth asking.
    var nextDue: Instant? { contests.values.lazy.map { $0.isPaused ? $0.pauseEnd : $0.end }.min() }

    /// Somebody has written over what Herald had in the Service.
    mutating func overwritten(_ key: ObjectKey, _ contested: ContestedStatus, at now: Instant) {
        let count = (contests[key].map { now < $0.end ? $0.count : 0 } ?? 0) + 1
        let isPaused = count >= Self.limit
        let pause = isPaused ? Self.firstPause * (1 << min(count - Self.limit, 6)) : .zero
        contests[key] = Contest(
            count: count, contested: contested, pauseEnd: now + pause, isPaused: isPaused,
            end: now + pause + Self.memory)
    }

    func isPaused(_ key: ObjectKey, at now: Instant) -> Bool { contests[key].map { now < $0.pauseEnd } ?? false }

    /// The plan with a word about the contest.
    func tell(_ plan: ServicePlan, for key: ObjectKey) -> ServicePlan {
        guard let contest = contests[key], contest.isTold, plan.conditions != nil else { return plan }
        var plan = plan
        plan.conditions?.allocated = .overwritten(contest.contested)
        return plan
    }

    /// The Services whose pause or contest has ended since the last call: to be looked at again.
    mutating func takeDue(at now: Instant) -> [ObjectKey] {
        var due: [ObjectKey] = []
        for (key, contest) in contests {
            if contest.end <= now {
                contests[key] = nil
                if contest.isTold { due.append(key) }
            } else if contest.isPaused, contest.pauseEnd <= now {
                contests[key]?.isPaused = false
                due.append(key)
            }
        }
        return due
    }

    mutating func forget(_ key: ObjectKey) { contests[key] = nil }
}

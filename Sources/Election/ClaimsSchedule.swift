import MonotonicTime

/// When the whole list of claims is sent: every period, in a burst after a change, and soon when a peer needs it.
struct ClaimsSchedule: Sendable {
    private var periodic: Instant
    private var repeats: [Instant] = []
    private var soon: Instant?
    private var lastSent: Instant?

    init(now: Instant) { periodic = now }

    var due: Instant {
        var due = periodic
        if let soon, soon < due { due = soon }
        for instant in repeats where instant < due { due = instant }
        return due
    }

    /// What is owned, offered or helped has changed.
    mutating func changed(at now: Instant, _ timing: ElectionTiming) {
        repeats = timing.claimsRepeats.map { now + $0 }
    }

    /// A peer should hear the list soon; one of many `parts` not too often.
    mutating func request(at now: Instant, _ timing: ElectionTiming, parts: Int = 0) {
        let spacing = max(timing.claimsSpacing, timing.partSpacing * parts)
        let earliest = lastSent.map { max(now, $0 + spacing) } ?? now
        soon = min(soon ?? earliest, earliest)
    }

    mutating func sent(at now: Instant, _ timing: ElectionTiming) {
        lastSent = now
        repeats.removeAll { $0 <= now }
        if let soon, soon <= now { self.soon = nil }
        periodic = now + timing.claimsPeriod
    }
}

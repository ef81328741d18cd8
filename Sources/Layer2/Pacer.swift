package import MonotonicTime

/// Bounds a rate with a small burst: the generic cell rate algorithm (ITU-T I.371).
package struct Pacer: Sendable, Hashable {
    private let spacing: Interval
    private let burst: Int
    /// When the next unit would be due if units came evenly.
    private var due: Instant?

    /// - Parameters:
    ///   - perSecond: units per second; below 1 counts as 1.
    ///   - burst: units that may go back to back after a pause.
    package init(perSecond: Int, burst: Int) {
        spacing = Interval(nanoseconds: 1_000_000_000 / Int64(max(perSecond, 1)))
        self.burst = max(burst, 1)
    }

    package func allows(at now: Instant) -> Bool { due.map { $0 - now <= spacing * (burst - 1) } ?? true }

    /// Takes one unit, allowed or not: what cannot wait makes the rest wait longer.
    package mutating func charge(at now: Instant) { due = max(due ?? now, now) + spacing }

    /// When half a burst is free again. Waiting for half a burst makes few wake-ups of many frames.
    package func next(at now: Instant) -> Instant { max(now, (due ?? now) - spacing * (burst / 2)) }
}

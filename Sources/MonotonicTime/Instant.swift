/// A reading of CLOCK_MONOTONIC, or of a test's virtual clock.
///
/// The core never reads a clock: every decision takes the instant as an argument. Wall-clock time is never used for
/// liveness, because it jumps (a Raspberry Pi without a real-time clock boots into the past).
public struct Instant: Sendable, Hashable, Comparable {
    /// Nanoseconds since an arbitrary origin, the same for the whole process.
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
    public static func + (instant: Instant, interval: Interval) -> Instant {
        Instant(nanoseconds: instant.nanoseconds.addingSaturated(interval.nanoseconds))
    }
    public static func - (instant: Instant, interval: Interval) -> Instant {
        Instant(nanoseconds: instant.nanoseconds.subtractingSaturated(interval.nanoseconds))
    }
    public static func - (a: Instant, b: Instant) -> Interval {
        Interval(nanoseconds: a.nanoseconds.subtractingSaturated(b.nanoseconds))
    }

    /// How long to sleep from here until `deadline`: not at all when that has passed, however long ago.
    public func remaining(until deadline: Instant) -> Interval { max(deadline - self, .zero) }
}

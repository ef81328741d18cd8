package import MonotonicTime

/// Exponential backoff with jitter; the randomness is the caller's.
///
/// The cap is low on purpose: when the API server returns, every watch is back within it. Jitter over half of each delay
/// keeps a cluster of speakers from coming back at once.
package struct Backoff: Sendable, Hashable {
    package static let first = Interval.milliseconds(500)
    package static let cap = Interval.seconds(6)

    package private(set) var failures = 0

    package init() {}

    package mutating func reset() { failures = 0 }

    /// The delay before the next attempt: between half and all of 0.5, 1, 2, 4, 6, 6, … seconds.
    package mutating func next(using random: inout some RandomNumberGenerator) -> Interval {
        let full = min(Self.first * (1 << min(failures, 10)), Self.cap)
        failures = min(failures + 1, 1000)
        return full / 2 + Interval(nanoseconds: Int64.random(in: 0...(full / 2).nanoseconds, using: &random))
    }
}

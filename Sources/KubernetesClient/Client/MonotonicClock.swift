package import MonotonicTime

/// Reads CLOCK_MONOTONIC: the same origin as every other reader of that clock in the process.
package enum MonotonicClock {
    package static func now() -> Instant {
        let clock = SuspendingClock()
        let (seconds, attoseconds) = clock.systemEpoch.duration(to: clock.now).components
        return Instant(nanoseconds: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

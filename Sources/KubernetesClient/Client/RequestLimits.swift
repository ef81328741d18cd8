package import MonotonicTime

/// How hard one client may press the API server with short requests. Watches are not counted.
package struct RequestLimits: Sendable, Hashable {
    /// Requests per second in the long run.
    package var rate: Double
    /// How many may be sent at once after a pause.
    package var burst: Int
    /// How many may be in flight.
    package var concurrency: Int

    package init(rate: Double = 20, burst: Int = 40, concurrency: Int = 8) {
        (self.rate, self.burst, self.concurrency) = (rate, burst, concurrency)
    }
}

/// A token bucket that may be overdrawn: who comes too early is told how long to wait, and keeps its turn.
package struct TokenBucket: Sendable {
    private let rate: Double
    private let burst: Double
    private var tokens: Double
    private var updated: Instant

    package init(_ limits: RequestLimits, at now: Instant) {
        rate = max(limits.rate, 0.001)
        burst = Double(max(limits.burst, 1))
        (tokens, updated) = (burst, now)
    }

    /// Takes one token.
    ///
    /// - Returns: how long to wait before acting on it.
    package mutating func take(at now: Instant) -> Interval {
        if now > updated {
            tokens = min(burst, tokens + (now - updated).seconds * rate)
            updated = now
        }
        tokens -= 1
        guard tokens < 0 else { return .zero }
        return Interval(nanoseconds: Int64(-tokens / rate * 1e9))
    }

    /// Gives a token back that was taken and not used.
    package mutating func giveBack() { tokens = min(burst, tokens + 1) }
}

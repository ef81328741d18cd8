package import Layer2
package import Link
package import MonotonicTime

extension LinkSpeaker: LinkCore {
    /// Draws the incarnation: the one random number that a link's speaker needs.
    package init(_ configuration: LinkConfiguration, at now: Instant) {
        self.init(
            configuration, incarnation: UInt64.random(in: 1 ... .max), layer2: configuration.timing.layer2, at: now)
    }

    package func nextDeadline(at now: Instant) -> Instant? {
        let deadline: Instant = nextDeadline(at: now)
        return deadline
    }

    package mutating func wokeUpLate(by lateness: Interval, at now: Instant) -> LateWakeUp {
        wokeUpLate(by: lateness, at: now) ? .flushSockets : .proceed
    }

    package var packetCounters: Layer2Counters { layer2.counters }
}

package import Layer2
package import Link
package import MonotonicTime

extension LinkSpeaker: LinkCore {
    /// Draws the incarnation: the one random number that a link's speaker needs.
    package init(_ configuration: LinkConfiguration, at now: Instant) {
        self.init(configuration, incarnation: UInt64.random(in: 1 ... .max), at: now)
    }

    package var packetCounters: Layer2Counters { layer2.counters }
}

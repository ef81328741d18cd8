package import Wire

/// Monotonic counters of one link's packets.
package struct Layer2Counters: Sendable, Hashable {
    package var arpReplies: UInt64 = 0
    package var advertisements: UInt64 = 0
    /// Frames sent to announce: two per IPv4 announcement, one per IPv6 announcement.
    package var announcements: UInt64 = 0
    package var probes: UInt64 = 0
    /// Claims, by foreign hosts or nodes, of an address that is answered for or probed here: each frame.
    package var conflicts: UInt64 = 0
    package var defences: UInt64 = 0
    package var drops = DropCounters()

    package init() {}
}

/// One counter per ``DropReason``.
package struct DropCounters: Sendable, Hashable {
    private var counts = [UInt64](repeating: 0, count: DropReason.allCases.count)

    package init() {}

    package subscript(reason: DropReason) -> UInt64 {
        get { counts[Int(reason.rawValue)] }
        set { counts[Int(reason.rawValue)] = newValue }
    }

    package var total: UInt64 { counts.reduce(0, +) }
}

package import MonotonicTime

/// When announcements, probes and defences are sent.
package struct Layer2Timing: Sendable, Hashable {
    /// Offsets from the moment of taking an address. Repeats cover frame loss, and hosts whose neighbour entry was
    /// locked or being resolved just then (Linux `locktime`, 1 s).
    package var announcements: [Interval] = [
        .zero, .milliseconds(200), .milliseconds(1100), .milliseconds(2200), .milliseconds(4400),
    ]
    /// Between announcements after the last of those; zero switches the refresh off.
    package var refresh: Interval = .seconds(60)
    /// Announcements and probes per second on one interface; storm control of common switches begins above this.
    package var framesPerSecond = 2000
    /// Probes before an address is free (RFC 5227 §1.1 PROBE_NUM).
    package var probes = 3
    package var probeInterval: Interval = .milliseconds(150)
    /// RFC 5227 §1.1 DEFEND_INTERVAL: between two defences of one address, and between two reports of one conflict.
    package var defence: Interval = .seconds(10)
    /// Two cluster nodes may announce one address for this long: a handover, or a false death that is being settled.
    package var handover: Interval = .seconds(1)
    /// Two claims by one node that are further apart have nothing to do with each other.
    package var claimMemory: Interval = .seconds(150)
    /// Reports of conflicts per second, over all addresses.
    package var conflictReportsPerSecond = 100
    /// Defences per second, over all addresses: of two frames each, a twentieth of the pace.
    package var defencesPerSecond: Int { max(framesPerSecond / 40, 1) }

    package init() {}
}

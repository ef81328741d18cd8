package import Layer2
package import Link
package import MonotonicTime
package import NetworkAddresses

/// The part of one link that decides: what ``PacketLoop`` drives on the packet thread, and the only thing that it
/// knows about a link. `LinkSpeaker` is the real one; a test may put Layer2 alone behind it.
///
/// All calls come from one thread. None may block, and none but `configure` may take time that grows with the number
/// of addresses.
package protocol LinkCore: Sendable {
    /// Made when the control plane configures an interface for the first time.
    init(_ configuration: LinkConfiguration, at now: Instant)

    /// The fast path, for ARP and Neighbor Discovery frames: no allocation.
    mutating func answer(_ frame: Span<UInt8>, into reply: inout MutableSpan<UInt8>) -> FastAnswer

    /// A whole Ethernet frame that is no plain question: ARP and Neighbor Discovery as `answer` said, all Hello frames,
    /// and IPv4 or IPv6 with UDP to the port of the unicast carrier.
    mutating func receive(frame: Span<UInt8>, at now: Instant) -> [LinkEffect]

    /// Does what is due.
    mutating func poll(at now: Instant) -> [LinkEffect]

    /// When `poll` is wanted next: `now` when it is at once, also right after `poll`. Waking up later than this is lateness,
    /// so that it is never long before anything could be due.
    func nextDeadline(at now: Instant) -> Instant

    mutating func configure(_ configuration: LinkConfiguration, at now: Instant) -> [LinkEffect]

    /// The interface's state as netlink tells it, ahead of the control plane.
    mutating func interfaceChanged(hardwareAddress: MACAddress, isUp: Bool, at now: Instant) -> [LinkEffect]

    /// The thread is this much later than it asked for, be it ever so little: it woke up late, or what it did since took so
    /// long. Called before a socket is drained, and before `poll`.
    mutating func wokeUpLate(by lateness: Interval, at now: Instant) -> LateWakeUp

    /// The process is about to end and to be started again: say so to the peers, and go on answering.
    mutating func announceRestart(at now: Instant) -> [LinkEffect]

    /// Whether the process may exit after `announceRestart`: peers answer in its place, or nobody can.
    func mayEnd(at now: Instant) -> Bool

    /// Which frames must arrive; looked at again only when `interestVersion` has changed.
    var interest: FrameInterest { get }
    var interestVersion: UInt64 { get }

    var packetCounters: Layer2Counters { get }
    func report(at now: Instant) -> LinkReport
}

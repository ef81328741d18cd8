public import MonotonicTime

/// The constants of liveness on a link (`docs/failover.md` has the reasons and the measured costs).
public struct MembershipTiming: Sendable, Hashable {
    /// Between two Hello frames; also the unit in which a peer's silence is counted.
    public var hello: Interval = .milliseconds(100)
    /// The unit in which silence is counted on a wireless link, where beacons clump multicast by 100–300 ms.
    public var wirelessInterval: Interval = .milliseconds(400)
    /// Silent intervals until a peer is suspected, and its kernel asked.
    public var suspectIntervals = 3
    /// Silent intervals until a peer is declared dead.
    public var deadIntervals = 5
    /// Between two questions to a kernel.
    public var kernelAsk: Interval = .milliseconds(50)
    /// Nodes of the record that a joining speaker asks for at once: 150 of them are asked within the listening time.
    public var recordAsks = 16
    /// Unanswered questions until an absent peer is declared dead.
    public var unansweredAsks = 10
    /// How long an absent peer that cannot be asked is believed after it said that it restarts.
    public var blindRestart: Interval = .seconds(5)
    /// A process that restarts has said so three times after this long,
    public var farewell: Interval = .milliseconds(100)
    /// and waits at most this long for peers to answer in its place.
    public var handOver: Interval = .milliseconds(500)
    /// How long an absent peer's addresses are kept for it.
    public var hold: Interval = .seconds(120)
    /// Listening time of a joining speaker, counted from the first foreign frame.
    public var listen: Interval = .milliseconds(600)
    /// The API snapshot must have been held for this long before a speaker is ready.
    public var snapshotSettling: Interval = .milliseconds(200)
    /// The longest listening time, whatever is missing.
    public var listenLimit: Interval = .seconds(2)
    /// A speaker that knows no other speaker, and hears nothing at all, is ready after this long.
    public var loneListen: Interval = .seconds(2)
    /// The silence of an own-name rival after which a speaker in conflict tries again.
    public var conflictRetry: Interval = .seconds(3)
    /// Frames in a row, each with a higher sequence number, that prove that a rival is no recording.
    public var namesakeFrames = 3
    /// Rivals, and own earlier incarnations, that are remembered.
    public var namesakeLimit = 64
    /// The largest dead interval that false deaths double a peer to.
    public var longestDeadInterval: Interval = .seconds(4)
    /// Half of what false deaths added is forgotten after this long.
    public var falseDeathHalving: Interval = .seconds(6 * 3600)
    /// A wake-up later than this is a pause: peers get the time back.
    public var lateness: Interval = .milliseconds(50)
    /// A peer that a Lease names, unheard for this long, gets the same frames as unicast UDP.
    public var unicastAfter: Interval = .seconds(3)
    /// A dead peer is forgotten after this long.
    public var forget: Interval = .seconds(600)
    /// Speakers on one link, at most: the heard list of a Hello must fit one frame.
    public var peerLimit = 150

    public init() {}
}

public import MonotonicTime
public import NetworkAddresses
public import Wire

/// The whole state of one link's speaker at one instant, for metrics, the Lease, readiness and the API record.
public struct LinkReport: Sendable, Hashable {
    public var interfaceName: String
    public var phase: LinkPhase
    /// One for each peer that is known.
    public var peers: [PeerCondition] = []
    public var owned: [Owned] = []
    /// How many addresses are answered for in place of absent nodes.
    public var helped = 0
    /// Speakers that a Lease names, that live, and whose multicast does not arrive.
    public var filteredPeers = 0
    public var counters = LinkCounters()

    public init(interfaceName: String, phase: LinkPhase) { (self.interfaceName, self.phase) = (interfaceName, phase) }

    public struct Owned: Sendable, Hashable {
        public var address: IPAddress
        public var since: Instant
        public var term: UInt32
    }
}

/// Monotonic counters of one link.
public struct LinkCounters: Sendable, Hashable {
    public var hellosSent: UInt64 = 0
    public var claimsSent: UInt64 = 0
    public var refusesSent: UInt64 = 0
    public var framesAccepted: UInt64 = 0
    /// Hello, Claims and Refuse frames that were dropped.
    public var framesDropped: [HelloDropReason: UInt64] = [:]
    public var kernelAsks: UInt64 = 0
    public var falseDeaths: UInt64 = 0
    public var deaths: UInt64 = 0
    public var pauses: UInt64 = 0

    public init() {}
}

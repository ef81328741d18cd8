public import MonotonicTime
public import NetworkAddresses

/// The whole state of one link's speaker at one instant, for `lbctl`, metrics and the API record.
public struct LinkReport: Sendable, Hashable {
    public var interfaceName: String
    public var phase: LinkPhase
    public var incarnation: UInt64
    public var peers: [Peer] = []
    public var owned: [Owned] = []
    public var helped: [Helped] = []
    /// Speakers that a Lease names, whose kernel answers, and whose multicast does not arrive.
    public var filteredPeers = 0
    /// Addresses nobody is known to announce, with the time since when.
    public var vacant: [Vacant] = []
    public var counters = LinkCounters()

    public init(interfaceName: String, phase: LinkPhase, incarnation: UInt64) {
        (self.interfaceName, self.phase, self.incarnation) = (interfaceName, phase, incarnation)
    }

    public struct Peer: Sendable, Hashable {
        public var name: String
        public var condition: PeerCondition
        public var hardwareAddress: MACAddress?
        public var addresses: [IPAddress]
        public var isStale: Bool
        public var isLeaving: Bool
        public var lastHeard: Instant
        /// Doubled by each false death.
        public var deadInterval: Interval
    }

    public struct Owned: Sendable, Hashable {
        public var address: IPAddress
        public var since: Instant
        public var term: UInt32
        /// The node that the address is offered to.
        public var offeredTo: String?
    }

    public struct Helped: Sendable, Hashable {
        public var address: IPAddress
        public var node: String
        public var hardwareAddress: MACAddress
    }

    public struct Vacant: Sendable, Hashable {
        public var address: IPAddress
        public var since: Instant
    }
}

/// Monotonic counters of one link.
public struct LinkCounters: Sendable, Hashable {
    public var hellosSent: UInt64 = 0
    public var claimsSent: UInt64 = 0
    public var refusesSent: UInt64 = 0
    public var framesAccepted: UInt64 = 0
    /// Hello, Claims and Refuse frames that were dropped, by reason (`HelloDropReason.allCases` order).
    public var framesDropped: [UInt64] = []
    public var kernelAsks: UInt64 = 0
    public var falseDeaths: UInt64 = 0
    public var deaths: UInt64 = 0
    public var pauses: UInt64 = 0
    public var takes: UInt64 = 0
    public var yields: UInt64 = 0

    public init() {}
}

public import NetworkAddresses

/// One frame of the speakers' own protocol: Hello, Claims or Refuse (`docs/failover.md` has the layout).
///
/// The same bytes travel as an Ethernet payload (EtherType 0x88B5, group `groupAddress`) and as a UDP payload (port
/// 7473). A frame is a fixed header, then type-length-value fields, then a tag of 16 bytes over all before it. Fields of
/// unknown type are skipped, so that a later release can add some.
public struct HelloFrame: Sendable, Hashable {
    public var header: HelloHeader
    public var body: Body

    public enum Body: Sendable, Hashable {
        /// The peers that the sender hears directly, and those that it knows but does not hear by group frames: they
        /// should use the unicast carrier.
        case hello(heard: [NodeID], unheard: [NodeID])
        /// A part of all that the sender claims.
        case claims(ClaimsPart)
        /// At least one.
        case refuse([Refusal])
    }

    /// A locally administered group address; switches flood it.
    public static let groupAddress = MACAddress(0x03, 0x48, 0x65, 0x72, 0x6C, 0x64)
    public static let port: UInt16 = 7473
    public static let version: UInt8 = 1
    public static let magic: UInt16 = 0x4844

    public init(header: HelloHeader, body: Body) { (self.header, self.body) = (header, body) }
}

/// The fixed part of every frame.
public struct HelloHeader: Sendable, Hashable {
    public var cluster: ClusterID
    public var node: NodeID
    /// Random, new with each start and each new joining: never a clock.
    public var incarnation: UInt64
    /// Counts all frames of an incarnation, whatever their kind.
    public var sequence: UInt64
    public var hardwareAddress: MACAddress
    public var phase: HelloPhase
    /// The sender's view of the API is old.
    public var isStale: Bool
    /// The sender wakes up late most of the time: it ranks last for taking, and vouches for nobody.
    public var isLate = false
    /// Changes when the name, interface or addresses change: a receiver reads those fields only then.
    public var details: UInt32

    public static let byteCount = 52

    public init(
        cluster: ClusterID, node: NodeID, incarnation: UInt64, sequence: UInt64, hardwareAddress: MACAddress,
        phase: HelloPhase, isStale: Bool, details: UInt32
    ) {
        (self.cluster, self.node, self.incarnation) = (cluster, node, incarnation)
        (self.sequence, self.hardwareAddress, self.phase) = (sequence, hardwareAddress, phase)
        (self.isStale, self.details) = (isStale, details)
    }
}

/// What the sender says about itself.
public enum HelloPhase: UInt8, Sendable, Hashable, CaseIterable {
    /// Listens, claims nothing.
    case joining = 1
    case ready = 2
    /// Answers until it exits, and means to come back.
    case restarting = 3
    /// Ready, but takes nothing more, and offers what it has.
    case leaving = 4
    /// Hears nothing at all, and holds nothing.
    case deaf = 5

    /// It has what it claims.
    package var isAtWork: Bool { self == .ready || self == .leaving }
}

/// A part of the whole list of a sender's claims.
public struct ClaimsPart: Sendable, Hashable {
    /// All parts of one list, and of its repeats, carry the same number; a list with other entries has a higher one.
    public var generation: UInt32
    /// From 0 to `count` − 1.
    public var index: UInt16
    /// How many parts the list has, at least 1.
    public var count: UInt16
    public var entries: [ClaimEntry]

    public init(generation: UInt32, index: UInt16, count: UInt16, entries: [ClaimEntry]) {
        (self.generation, self.index, self.count, self.entries) = (generation, index, count, entries)
    }
}

/// One address in a list of claims.
public struct ClaimEntry: Sendable, Hashable {
    public var address: IPAddress
    /// The fencing number: the higher claim wins.
    public var term: UInt32
    /// Which allocation of the address is meant (`AllocationID`).
    public var allocation: UInt64
    public var kind: Kind

    public enum Kind: Sendable, Hashable {
        /// The sender announces the address.
        case own
        /// The sender announces it, and asks `to` to take it; `settling` when the address may move once more.
        case offer(to: NodeID, settling: Bool)
        /// `owner` has the claim; the sender helps it, or repeats a claim it knows.
        case held(owner: NodeID)
    }

    public init(address: IPAddress, term: UInt32, allocation: UInt64, kind: Kind) {
        (self.address, self.term, self.allocation, self.kind) = (address, term, allocation, kind)
    }
}

/// "The API says that this address is not yours."
public struct Refusal: Sendable, Hashable {
    public var to: NodeID
    public var address: IPAddress
    /// The allocation that the sender knows for the address; `nil` when it knows none.
    public var allocation: UInt64?

    public init(to: NodeID, address: IPAddress, allocation: UInt64?) {
        (self.to, self.address, self.allocation) = (to, address, allocation)
    }
}

/// The fields that describe a sender, in every frame.
public struct HelloSender: Sendable, Hashable {
    /// The node's name, 1–253 bytes.
    public var name: String
    /// At most 15 bytes.
    public var interfaceName: String
    /// The interface's own addresses, at most 4 of each family: whom to ask whether the node's kernel lives.
    public var addresses: [IPAddress]

    public static let addressLimit = 4

    public init(name: String, interfaceName: String, addresses: [IPAddress]) {
        (self.name, self.interfaceName, self.addresses) = (name, interfaceName, addresses)
    }
}

/// Why a frame of the speakers' protocol was dropped. The raw values are metric labels.
public enum HelloDropReason: String, Error, Sendable, Hashable, CaseIterable {
    case truncated
    case foreignProtocol = "foreign_protocol"
    case unknownVersion = "unknown_version"
    case unknownKind = "unknown_kind"
    case unknownPhase = "unknown_phase"
    case otherCluster = "other_cluster"
    case badLength = "bad_length"
    case badField = "bad_field"
    case missingField = "missing_field"
    case badName = "bad_name"
    /// No key accepts the tag.
    case unauthenticated
    /// No key is loaded yet.
    case keyless
    /// The own frame came back, or one of another interface of this node that gives way to this one.
    case reflected
    /// The sequence number is not above the last one: late, duplicated or recorded.
    case outdated
    /// A second incarnation under a name while the first one is still heard.
    case rivalIncarnation = "rival_incarnation"
    case tooManyPeers = "too_many_peers"
    /// The name in the frame does not belong to its identity.
    case identityMismatch = "identity_mismatch"
}

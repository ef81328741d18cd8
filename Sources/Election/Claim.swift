import Crypto
package import MonotonicTime
package import NetworkAddresses
package import Wire

/// The highest claim on an address that was ever heard or made.
package struct Claim: Sendable, Hashable {
    package var term: UInt32
    package var owner: NodeID
    package var allocation: UInt64
    /// The owner's newer list leaves it out: nobody has the address, but the term must be passed, and the owner is
    /// remembered.
    package var isReleased = false
}

/// A peer, as far as ownership is concerned.
package struct Standing: Sendable, Hashable {
    package var condition: Condition
    package var isStale = false
    package var isLate = false
    package var isLeaving = false
    package var readySince: Instant?
    /// Known, so that its absence can be covered with its own hardware address.
    package var canBeHelped = false

    package enum Condition: Sendable, Hashable {
        /// Its claims do not stand, and it gets no addresses: unknown, joining without a hold, deaf, dead.
        case gone
        /// Ready or suspected.
        case candidate
        /// The same, but its whole list has not been heard: its claims stand, and it gets no addresses.
        case listing
        /// Its claims stand while its kernel answers.
        case absent
    }

    package init(condition: Condition) { self.condition = condition }

    /// It is here, and what it claims is its own.
    var isPresent: Bool { condition == .candidate || condition == .listing }
    /// It may be given addresses.
    var isCandidate: Bool { condition == .candidate && !isLeaving }
}

/// Why an address is not answered for any more.
package enum Withdrawal: Sendable, Hashable {
    /// `unheard`: the owner of a lower claim cannot hear the own one.
    case higherClaim, unheard, withdrawn, ineligible, refused
}

/// What the caller must do about one address, in order.
package enum ElectionDirective: Sendable, Hashable {
    /// Answer for the address and announce it.
    case own(IPAddress, term: UInt32)
    /// Answer for it no more.
    case withdraw(IPAddress, Withdrawal)
    /// Answer for it with the hardware address of the absent node.
    case help(IPAddress, NodeID)
    case stopHelping(IPAddress)
    /// Announce it again: a lower claim was heard.
    case announceAgain(IPAddress)
    /// Ask whether the address is in use before it is owned; the outcome goes to `probed`.
    case probe(IPAddress)
    case stopProbing(IPAddress)
    case refuse(Refusal)
    /// A peer refuses the claim: read the API again.
    case reread(IPAddress)
}

/// One address on one link.
struct AddressState: Sendable {
    let address: IPAddress
    var intent: Intent?
    var best: Claim?
    var role: Role = .none
    var vacantSince: Instant?
    var absence: Absence?
    /// The next list repeats the best claim, for a peer that may not have heard it.
    var isRelayed = false
    /// A present peer whose claim a higher one has replaced, and when it is told, should it not have given way by then.
    var outvoted: (owner: NodeID, tellAt: Instant)?
    /// A foreign host uses the address: not taken before this.
    var blockedUntil: Instant?
    var announcedAgainAt: Instant?
    /// The highest term ever known; above `best.term` only after a lower claim was yielded to.
    var highestTerm: UInt32 = 0
    /// A lower claim of a peer that cannot hear the own one, and since when.
    var unheard: (claim: Claim, since: Instant)?
    /// When the API was last to be read because of a refusal.
    var rereadAt: Instant?
    /// When this speaker was last refused: while it is stale, it lets go of the address, and takes it no more.
    var refusedAt: Instant?
    /// When the address went from the own view.
    var goneAt: Instant?
    /// Peers whose claim the own view forbids, and since when, or when that was last refused.
    var mismatches: [NodeID: Instant] = [:]
    var isDirty = true
    var due: Instant?
    var ranks: [NodeID: UInt64] = [:]

    enum Role: Sendable {
        case none
        case owner(Ownership)
        case helper(NodeID)
        case probing
    }

    /// The owner is absent since then, and a peer said last at `heldAt` that it helps.
    struct Absence: Sendable {
        let owner: NodeID
        let since: Instant
        var heldAt: Instant?
    }

    struct Intent: Sendable {
        var source: AddressIntent
        var weights: [NodeID: Int]
        var recordedOwner: NodeID?
    }

    struct Ownership: Sendable {
        var term: UInt32
        var since: Instant
        /// Claimed without a known predecessor at this time: may move to a better node for a while.
        var settlingSince: Instant?
        var offer: NodeID?
        var ineligibleSince: Instant?
    }

    init(address: IPAddress) { self.address = address }

    var ownership: Ownership? { if case .owner(let ownership) = role { ownership } else { nil } }

    /// Whether a claim of this node is remembered.
    func names(_ node: NodeID) -> Bool {
        best?.owner == node || unheard?.claim.owner == node || outvoted?.owner == node
    }

    /// Rendezvous hashing: the first 8 bytes of SHA-256 over the node's identity and the address.
    mutating func rank(_ node: NodeID) -> UInt64 {
        if let rank = ranks[node] { return rank }
        let rank = rendezvous(node, address)
        // A peer may name any number of owners: they are remembered for addresses that the API knows, and not for ever.
        guard intent != nil else { return rank }
        if ranks.count >= 512 { ranks.removeAll() }
        ranks[node] = rank
        return rank
    }

    /// Claims are ordered by term, then by rendezvous hash.
    mutating func isHigher(_ term: UInt32, _ owner: NodeID, than other: Claim) -> Bool {
        term != other.term ? term > other.term : owner != other.owner && rank(owner) > rank(other.owner)
    }
}

/// The first 8 bytes of SHA-256 over 8 bytes of node identity and the address (4 or 16 bytes), in network byte order.
package func rendezvous(_ node: NodeID, _ address: IPAddress) -> UInt64 {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(24)
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: node.rawValue >> shift))
    }
    switch address {
    case .v4(let address):
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: address.rawValue >> shift))
        }
    case .v6(let address): for index in 0..<16 { bytes.append(address.octet(index)) }
    }
    return SHA256.hash(data: bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
}

package import MonotonicTime
package import NetworkAddresses
package import Wire

/// Who is alive on one link, by the rules of `docs/failover.md`.
///
/// A pure state machine: frames, kernel answers and time go in, directives come out. It owns the own phase on the link
/// (joining, ready, deaf, …) and one row per peer. It knows nothing of addresses but that they have owners.
package struct Membership: Sendable {
    package internal(set) var timing: MembershipTiming
    package let me: NodeID
    package internal(set) var phase: Phase = .joining
    package internal(set) var incarnation: UInt64
    package internal(set) var peers = PeerTable()

    package internal(set) var environment = Environment()
    var joiningSince: Instant
    var firstForeign: Instant?
    var lastForeign: Instant
    var lastGatewayAsk: Instant?
    var lastRecordAsk: Instant?
    /// Which of the recorded nodes is asked next.
    var recordCursor = 0
    var snapshotSince: Instant?
    var silentUntil: Instant?
    var nextHello: Instant
    var deadline: Instant
    /// Peers that are suspected, as of the last `poll`, which alone suspects anybody.
    var suspects = 0
    /// Earlier incarnations of this process, the newest last.
    var formerIncarnations: [UInt64] = []
    var namesakes: [Namesake] = []
    /// Kernels of speakers that a Lease names: when they answered, from where.
    var knownKernels: [NodeID: (at: Instant, hardwareAddress: MACAddress)] = [:]

    package init(me: NodeID, incarnation: UInt64, timing: MembershipTiming, now: Instant) {
        (self.me, self.incarnation, self.timing) = (me, incarnation, timing)
        (joiningSince, lastForeign, nextHello, deadline) = (now, now, now, now)
    }

    /// The own state on the link.
    package enum Phase: Sendable, Hashable {
        case joining, ready, deaf
        /// Silent, because another speaker uses the own name.
        case conflict
        /// Silent, because another interface of this node serves the same segment.
        case passive
    }

    /// What the control plane knows that matters here.
    package struct Environment: Sendable, Equatable {
        package var gateways: [IPAddress] = []
        /// Speakers that a Lease names.
        package var known: [Known] = []
        /// Nodes that the API record names as owners.
        package var recorded: [NodeID] = []
        package var hasSnapshot = false
        package var hasKey = false
        /// The interface has carrier.
        package var isUp = true
        package var isWireless = false
        /// Whether there is an own address to ask kernels from.
        package var families: Set<IPFamily> = []
        /// The networks on the link.
        package var prefixes: [IPPrefix] = []

        package init() {}

        /// The one address of a host that its kernel is asked by: IPv4 on a network of the link if it has one, because
        /// hearing the answer by IPv6 needs a filter that runs on every IPv6 packet of the node.
        package func askable(_ addresses: [IPAddress]) -> IPAddress? {
            let reachable = addresses.filter { families.contains($0.family) }
            return reachable.first { $0.family == .ipv4 && isOnLink($0) } ?? reachable.first { $0.family == .ipv6 }
                ?? reachable.first
        }

        private func isOnLink(_ address: IPAddress) -> Bool {
            let known = prefixes.filter { $0.family == address.family }
            return known.isEmpty || known.contains { $0.contains(address) }
        }

        package struct Known: Sendable, Equatable {
            package var id: NodeID
            package var name: String
            package var addresses: [IPAddress]

            package init(id: NodeID, name: String, addresses: [IPAddress]) {
                (self.id, self.name, self.addresses) = (id, name, addresses)
            }
        }
    }

    /// What the caller must do, in order.
    package enum Directive: Sendable, Hashable {
        case sendHello
        case ask(IPAddress, MACAddress?)
        /// This peer's row changed.
        case peer(NodeID)
        /// A peer appeared, returned, or is joining: it needs the list of claims soon.
        case tellClaims
        /// The listening time is over: own the addresses that were held.
        case becameReady
        /// Nothing is heard any more: drop everything that is answered for, remember the claims.
        case becameDeaf
        /// Start over: forget every claim, too.
        case rejoined
        case falseDeath(NodeID)
    }

    package var nextDeadline: Instant { min(nextHello, deadline) }

    /// The unit of silence of a peer without false deaths.
    var baseInterval: Interval { environment.isWireless ? timing.wirelessInterval : timing.hello }

    /// The silence of everybody that makes a speaker deaf, and the pause after which it must join anew.
    package var deadInterval: Interval { baseInterval * timing.deadIntervals }

    /// The phase that goes into the frames.
    package func announcedPhase(isLeaving: Bool, isRestarting: Bool) -> HelloPhase {
        if isRestarting { return .restarting }
        switch phase {
        case .ready: return isLeaving ? .leaving : .ready
        case .deaf: return .deaf
        case .joining, .conflict, .passive: return .joining
        }
    }

    /// The peers heard directly, for the own Hello; the first `limit` by identity when there are too many.
    package func heard(at now: Instant, limit: Int) -> [NodeID] {
        let all = peers.rows.filter { hears($0, at: now) }.map(\.id)
        return all.count <= limit ? all : Array(all.sorted().prefix(limit))
    }

    /// Ready peers are heard, and none of them hears me: my way out is broken.
    package func isMute(at now: Instant) -> Bool {
        var heardSome = false
        for peer in peers.rows where peer.state == .ready && hears(peer, at: now) {
            if peer.hearsMe { return false }
            heardSome = true
        }
        return heardSome
    }

    package mutating func configure(_ environment: Environment, timing: MembershipTiming, at now: Instant) {
        let (base, families) = (baseInterval, self.environment.families)
        self.timing = timing
        self.environment = environment
        let known = Set(environment.known.map(\.id))
        knownKernels = knownKernels.filter { known.contains($0.key) }
        if environment.families != families {
            // Whoever could not be asked, or was asked from an address that is gone, is asked anew before it is judged.
            peers.updateAll { if $0.state == .absent { $0.lastAnswer = now } }
        }
        if environment.hasSnapshot, snapshotSince == nil { snapshotSince = now }
        if !environment.hasSnapshot { snapshotSince = nil }
        if baseInterval != base {
            let interval = baseInterval
            peers.updateAll { $0.interval = interval }
        }
        deadline = min(deadline, now)
    }

    /// Starts over under a new incarnation: after a long pause, a changed interface, a conflict.
    package mutating func rejoin(incarnation: UInt64, at now: Instant) -> [Directive] {
        formerIncarnations.append(self.incarnation)
        if formerIncarnations.count > timing.namesakeLimit { formerIncarnations.removeFirst() }
        self.incarnation = incarnation
        phase = .joining
        peers.removeAll()
        suspects = 0
        knownKernels.removeAll()
        (joiningSince, firstForeign, lastForeign, silentUntil) = (now, nil, now, nil)
        (nextHello, deadline) = (now, now)
        return [.rejoined]
    }

    /// After a pause of the own process: the peers cannot be blamed for that time.
    package mutating func excuse(_ late: Interval) {
        peers.updateAll { $0.shift(by: late) }
        lastForeign = lastForeign + late
    }

    /// Whether any frame of another host is waited for: to end joining or deafness, or to tell a dead peer from the own
    /// broken reception. Where there is no gateway to ask, a client's question may be the only one.
    package var wantsProof: Bool { suspects > 0 || phase == .deaf || phase == .joining && firstForeign == nil }

    /// A frame of another host was received: proof that receiving works.
    package mutating func heardForeign(at now: Instant) {
        lastForeign = now
        if firstForeign == nil { firstForeign = now }
        if phase == .deaf { deadline = min(deadline, now) }
        guard suspects > 0 else { return }
        peers.updateAll { if $0.suspectedAt != nil, $0.firstProof == nil { $0.firstProof = now } }
    }

    /// A kernel answered; it counts only with the peer's address and hardware address.
    package mutating func heardKernel(_ address: IPAddress, _ hardwareAddress: MACAddress, at now: Instant)
        -> [Directive]
    {
        heardForeign(at: now)
        var directives: [Directive] = []
        peers.updateAll { peer in
            guard peer.addresses.contains(address), peer.hardwareAddress ?? hardwareAddress == hardwareAddress else {
                return
            }
            peer.lastAnswer = now
            if peer.hardwareAddress == nil {
                peer.hardwareAddress = hardwareAddress
                directives.append(.peer(peer.id))
            }
        }
        for known in environment.known where known.addresses.contains(address) {
            knownKernels[known.id] = (now, hardwareAddress)
        }
        return directives
    }

    /// The record, or another speaker's `held` claim, names an owner that is not heard: keep its addresses if it lives.
    ///
    /// - Parameter isJoiner: whether a peer that is heard, but still joining, is expected back, too.
    package mutating func expect(_ id: NodeID, isJoiner: Bool, at now: Instant) -> [Directive] {
        guard id != me else { return [] }
        if var peer = peers[id] {
            switch peer.state {
            // Dead here only because this speaker does not hear it: what it claims stands.
            case .dead where !hears(peer, at: now) && isVouched(id, at: now): peer.becomeReady()
            case .joining where isJoiner: peer.becomeAbsent(at: now)
            case .joining, .ready, .absent, .dead: return []
            }
            peers[id] = peer
        } else {
            guard peers.count < timing.peerLimit else { return [] }
            let known = environment.known.first { $0.id == id }
            var peer = Peer(
                id: id, name: known?.name ?? "", state: .absent, lastHeard: now - .seconds(3600), interval: baseInterval
            )
            peer.addresses = known?.addresses ?? []
            peer.hardwareAddress = knownKernels[id]?.hardwareAddress
            peer.becomeAbsent(at: now)
            if isVouched(id, at: now) {
                // Who hears it has its list.
                peer.hasClaims = true
                peer.becomeReady()
            }
            peers[id] = peer
        }
        deadline = min(deadline, now)
        return [.peer(id)]
    }

    /// Whether a peer hears this speaker, or a ready one that hears this speaker and repeats its claims.
    package func isHeard(by id: NodeID, at now: Instant) -> Bool {
        guard let peer = peers[id] else { return true }
        return peer.hearsMe
            || peers.rows.contains {
                $0.id != id && $0.state == .ready && $0.hearsMe && hears($0, at: now) && peer.heard.contains($0.id)
            }
    }

    /// Whether a peer that I hear says that it hears this one. One that is late all the time hears of no silence.
    func isVouched(_ id: NodeID, at now: Instant) -> Bool {
        peers.rows.contains { $0.id != id && !$0.isLate && hears($0, at: now) && $0.heard.contains(id) }
    }

    /// Whether a peer is heard directly. What false deaths have added to its interval is patience with that one peer; it
    /// must keep nobody else alive.
    private func hears(_ peer: Peer, at now: Instant) -> Bool {
        now - peer.lastHeard < baseInterval * timing.suspectIntervals
    }
}

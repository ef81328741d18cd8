package import MonotonicTime
package import NetworkAddresses

/// The answers, announcements, probes and conflicts of one link, as a state machine.
package struct Layer2Link: Sendable {
    /// Between two reports of one claim, and between two defences.
    struct Watch: Sendable {
        var reportedSince: Instant?
        var reportedClaimants: [MACAddress] = []
        var defendedAt: Instant?
        /// The cluster node that was last heard to claim the address, and when that began.
        var nodeSeen: (claimant: MACAddress, since: Instant)?
    }

    enum Role: Sendable {
        /// Walking through the announcements since `start`; `round` is the one that is due next.
        case owner(start: Instant, round: Int)
        /// Answering with an absent node's hardware address; nothing is announced.
        case helper
        /// `sent` probes are out; the address is not answered for.
        case probing(sent: Int)
    }

    struct Held: Sendable {
        var role: Role
        var generation: UInt32
        var watch = Watch()
    }

    package private(set) var hardwareAddress: MACAddress
    package private(set) var isUp = true
    package internal(set) var counters = Layer2Counters()
    /// Changes whenever ``addresses`` does.
    package private(set) var version: UInt64 = 0

    let timing: Layer2Timing
    var answers = AnswerTable()
    var held: [IPAddress: Held] = [:]
    var nodes: Set<MACAddress> = []
    var agenda = Agenda()
    var pacer: Pacer
    /// Whoever claims thousands of addresses must take neither the pace from announcements, nor the place from other facts.
    var defencePacer: Pacer
    var reportPacer: Pacer
    private var lastGeneration: UInt32 = 0

    /// - Parameter hardwareAddress: the interface's own address: the source of every frame.
    package init(hardwareAddress: MACAddress, timing: Layer2Timing = Layer2Timing()) {
        (self.hardwareAddress, self.timing) = (hardwareAddress, timing)
        // 10 ms worth of frames: no storm control measures in shorter windows.
        pacer = Pacer(perSecond: timing.framesPerSecond, burst: max(2, timing.framesPerSecond / 100))
        defencePacer = Pacer(perSecond: timing.defencesPerSecond, burst: max(1, timing.defencesPerSecond / 5))
        reportPacer = Pacer(perSecond: timing.conflictReportsPerSecond, burst: timing.conflictReportsPerSecond)
    }

    /// Addresses that are answered for or probed: the frames about them must arrive.
    package var addresses: some Collection<IPAddress> { held.keys }

    package func isAnswered(_ address: IPAddress) -> Bool { answers[address] != nil }

    /// The hardware address that is given for `address`.
    package func answer(for address: IPAddress) -> MACAddress? { answers[address] }

    // MARK: What the link's speaker decides

    /// Answers for `address` from now on, and announces it. Already owned: nothing changes.
    package mutating func own(_ address: IPAddress, at now: Instant) {
        if case .owner = held[address]?.role { return }
        let watch = held[address]?.watch ?? Watch()
        answers[address] = hardwareAddress
        start(address, .owner(start: now, round: 0), watch, at: now)
    }

    /// Answers for `address` with the hardware address of an absent node, and announces nothing.
    package mutating func help(_ address: IPAddress, answeringWith absent: MACAddress) {
        let watch = held[address]?.watch ?? Watch()
        answers[address] = absent
        hold(address, .helper, watch)
    }

    /// Asks whether `address` is in use, and reports the outcome. Not answered for meanwhile.
    package mutating func probe(_ address: IPAddress, at now: Instant) {
        answers[address] = nil
        start(address, .probing(sent: 0), Watch(), at: now)
    }

    /// Forgets `address`, in whatever role; no frame for it is sent any more.
    package mutating func withdraw(_ address: IPAddress) {
        guard held.removeValue(forKey: address) != nil else { return }
        answers[address] = nil
        version &+= 1
    }

    /// Announces an owned address anew, from the first announcement.
    package mutating func announceAgain(_ address: IPAddress, at now: Instant) {
        guard let entry = held[address], case .owner = entry.role else { return }
        start(address, .owner(start: now, round: 0), entry.watch, at: now)
    }

    /// The hardware addresses of all cluster nodes on this link, this node's other interfaces included.
    package mutating func setNodes(_ nodes: Set<MACAddress>) { self.nodes = nodes }

    // MARK: What the interface does

    /// Takes effect at once: answers carry the new address, and everything owned is announced again.
    package mutating func setHardwareAddress(_ address: MACAddress, at now: Instant) {
        guard address != hardwareAddress else { return }
        hardwareAddress = address
        for (owned, entry) in held {
            if case .owner = entry.role { answers[owned] = address }
        }
        restartAll(at: now)
    }

    /// Without carrier nothing is sent; with it again, everything owned is announced and every probe starts again.
    package mutating func setUp(_ isUp: Bool, at now: Instant) {
        guard isUp != self.isUp else { return }
        self.isUp = isUp
        if isUp { restartAll(at: now) }
    }

    // MARK: Generations

    private mutating func restartAll(at now: Instant) {
        for (address, entry) in held {
            switch entry.role {
            case .owner: start(address, .owner(start: now, round: 0), entry.watch, at: now)
            case .probing: start(address, .probing(sent: 0), entry.watch, at: now)
            case .helper: continue
            }
        }
    }

    private mutating func start(_ address: IPAddress, _ role: Role, _ watch: Watch, at now: Instant) {
        let generation = hold(address, role, watch)
        let rank: Agenda.Rank = if case .probing = role { .probe } else { .firstForm }
        agenda.add(Job(address: address, generation: generation), due: now, rank: rank)
        if agenda.count > 4 * held.count + 256 {
            let current = held
            agenda.prune { current[$0.address]?.generation == $0.generation }
        }
    }

    @discardableResult
    private mutating func hold(_ address: IPAddress, _ role: Role, _ watch: Watch) -> UInt32 {
        lastGeneration &+= 1
        let isNew =
            held.updateValue(
                Held(role: role, generation: lastGeneration, watch: watch), forKey: address) == nil
        if isNew { version &+= 1 }
        return lastGeneration
    }
}

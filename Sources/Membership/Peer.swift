package import MonotonicTime
package import NetworkAddresses
package import Wire

/// Another speaker, as this one sees it on one link.
package struct Peer: Sendable {
    package let id: NodeID
    package internal(set) var name: String
    package internal(set) var state: State
    package internal(set) var incarnation: UInt64?
    var sequence: UInt64 = 0
    package internal(set) var hardwareAddress: MACAddress?
    package internal(set) var addresses: [IPAddress] = []
    var detailsDigest: UInt32?
    package internal(set) var phase: HelloPhase?
    package internal(set) var isStale = false
    package internal(set) var isLate = false
    /// The peers that it hears directly.
    var heard: [NodeID] = []
    package internal(set) var hearsMe = false
    package internal(set) var lastHeard: Instant
    /// The unit of its silence; doubled by each false death.
    package internal(set) var interval: Interval
    var doubledAt: Instant?
    /// All parts of one list of this incarnation have been heard.
    package internal(set) var hasClaims = false
    package internal(set) var readySince: Instant?
    var joiningSince: Instant?

    package internal(set) var suspectedAt: Instant?
    /// The first proof of reception since the suspicion began.
    var firstProof: Instant?
    var lastAnswer: Instant?
    var lastAsked: Instant?
    var absentSince: Instant?
    /// When silence ended in a verdict; `nil` for a death that it announced (deaf), or that ended a hold.
    var verdictAt: Instant?
    var diedAt: Instant?

    /// Whether its claims stand.
    package enum State: Sendable, Hashable {
        /// Greets, and claims nothing yet.
        case joining
        /// Greets as ready; also while it is suspected.
        case ready
        /// Its speaker is gone, its kernel answers: its addresses are kept for it.
        case absent
        case dead
    }

    init(id: NodeID, name: String, state: State, lastHeard: Instant, interval: Interval) {
        (self.id, self.name, self.state) = (id, name, state)
        (self.lastHeard, self.interval) = (lastHeard, interval)
    }

    package var isLeaving: Bool { phase == .leaving }

    /// Ready, and its whole list is known: it may be given addresses.
    package var isCandidate: Bool { state == .ready && hasClaims }

    /// Greets as ready, whatever is known of its list.
    func isBack(_ timing: MembershipTiming, at now: Instant) -> Bool {
        isHeard(timing, at: now) && phase?.isAtWork == true
    }

    func isHeard(_ timing: MembershipTiming, at now: Instant) -> Bool {
        now - lastHeard < interval * timing.suspectIntervals
    }

    /// When its silence becomes suspicious; `nil` when it is not expected to greet.
    func suspicionDue(_ timing: MembershipTiming) -> Instant? {
        switch state {
        case .joining, .ready: lastHeard + interval * timing.suspectIntervals
        case .absent, .dead: nil
        }
    }

    mutating func shift(by late: Interval) {
        lastHeard = lastHeard + late
        suspectedAt = suspectedAt.map { $0 + late }
        firstProof = firstProof.map { $0 + late }
        lastAnswer = lastAnswer.map { $0 + late }
        lastAsked = lastAsked.map { $0 + late }
        absentSince = absentSince.map { $0 + late }
    }

    mutating func becomeAbsent(at now: Instant) {
        state = .absent
        absentSince = absentSince ?? now
        lastAnswer = now
        suspectedAt = nil
        firstProof = nil
    }

    /// What it claims is its own.
    mutating func becomeReady() {
        state = .ready
        absentSince = nil
    }

    mutating func die(at now: Instant, byVerdict: Bool) {
        state = .dead
        diedAt = now
        verdictAt = byVerdict ? lastHeard : nil
        absentSince = nil
        suspectedAt = nil
        firstProof = nil
        readySince = nil
    }
}

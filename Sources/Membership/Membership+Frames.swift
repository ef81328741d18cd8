package import MonotonicTime
package import Wire

extension Membership {
    /// What an authentic frame's header means for its sender; the body may be read only after `.accepted`.
    package enum Verdict: Sendable, Hashable {
        case accepted
        case dropped(HelloDropReason)
    }

    /// Another incarnation under the own name, and how many frames in a row have come from it.
    struct Namesake: Sendable {
        let incarnation: UInt64
        var sequence: UInt64
        var heardAt: Instant
        var frames = 1
    }

    /// What a frame under the own name is.
    package enum OwnName: Sendable, Hashable {
        /// A frame of this process came back.
        case reflection
        /// Perhaps a recording: anybody can send that, without the key.
        case unproven
        /// Its sender is at work elsewhere at this time.
        case alive
    }

    /// Notes a frame under the own name. Its sender is believed to live when its sequence numbers rise, and quickly.
    package mutating func receiveOwnName(_ header: HelloHeader, at now: Instant) -> OwnName {
        guard header.incarnation != incarnation, !formerIncarnations.contains(header.incarnation) else {
            return .reflection
        }
        guard let index = namesakes.firstIndex(where: { $0.incarnation == header.incarnation }) else {
            if namesakes.count >= timing.namesakeLimit { namesakes.removeFirst() }
            namesakes.append(Namesake(incarnation: header.incarnation, sequence: header.sequence, heardAt: now))
            return .unproven
        }
        guard header.sequence > namesakes[index].sequence else { return .unproven }
        let isInRow = now - namesakes[index].heardAt < deadInterval
        namesakes[index].frames = isInRow ? min(namesakes[index].frames + 1, timing.namesakeFrames) : 1
        (namesakes[index].sequence, namesakes[index].heardAt) = (header.sequence, now)
        return namesakes[index].frames == timing.namesakeFrames ? .alive : .unproven
    }

    /// Of two speakers with one name the joining one, or the one with the lower incarnation, falls silent.
    package func givesWay(to header: HelloHeader) -> Bool {
        header.phase.isAtWork && (phase != .ready || header.incarnation > incarnation)
    }

    /// Falls silent, because of the own name or another own interface, until `conflictRetry` after the last such frame.
    package mutating func fallSilent(_ phase: Phase, incarnation: UInt64, at now: Instant) -> [Directive] {
        let directives = self.phase == phase ? [] : rejoin(incarnation: incarnation, at: now)
        self.phase = phase
        silentUntil = now + timing.conflictRetry
        return directives
    }

    /// Takes the header of an authentic frame. `details` is asked for only when it may have changed.
    package mutating func receive(
        _ header: HelloHeader, details: () throws(HelloDropReason) -> HelloSender, at now: Instant
    ) -> (Verdict, [Directive]) {
        var directives: [Directive] = []
        guard var peer = peers[header.node] else {
            guard peers.count < timing.peerLimit || forgetDead(&directives) else {
                return (.dropped(.tooManyPeers), [])
            }
            let sender: HelloSender
            do { sender = try details() } catch { return (.dropped(error), directives) }
            var peer = Peer(
                id: header.node, name: sender.name, state: .joining, lastHeard: now, interval: baseInterval)
            peer.describe(header, sender)
            peer.incarnation = header.incarnation
            update(&peer, header, isNew: true, at: now, &directives)
            return (.accepted, directives)
        }
        let isSameIncarnation = peer.incarnation == header.incarnation
        if isSameIncarnation {
            guard header.sequence > peer.sequence else { return (.dropped(.outdated), []) }
        } else if peer.incarnation != nil {
            // Two incarnations at once: the first stays until it is silent, absent (as when it restarts) or dead.
            guard !peer.isHeard(timing, at: now) || peer.state == .absent || peer.state == .dead else {
                return (.dropped(.rivalIncarnation), [])
            }
        }
        if peer.detailsDigest != header.details || peer.hardwareAddress != header.hardwareAddress {
            do { peer.describe(header, try details()) } catch { return (.dropped(error), []) }
            directives.append(.peer(peer.id))
        }
        let isNew = !isSameIncarnation || peer.state == .dead || peer.state == .absent
        if !isSameIncarnation {
            // Its speaker has restarted faster than it could be suspected: what it had waits for it.
            if peer.state == .ready { peer.becomeAbsent(at: now) }
            peer.incarnation = header.incarnation
            peer.hasClaims = false
            peer.joiningSince = nil
            peer.heard = []
            peer.hearsMe = false
        } else if peer.state == .dead {
            countFalseDeath(&peer, at: now, &directives)
        }
        update(&peer, header, isNew: isNew, at: now, &directives)
        return (.accepted, directives)
    }

    private mutating func update(
        _ peer: inout Peer, _ header: HelloHeader, isNew: Bool, at now: Instant, _ directives: inout [Directive]
    ) {
        let before = (peer.state, peer.isStale, peer.isLate, peer.phase)
        peer.sequence = header.sequence
        peer.lastHeard = now
        peer.phase = header.phase
        peer.isStale = header.isStale
        peer.isLate = header.isLate
        if peer.suspectedAt != nil {
            peer.suspectedAt = nil
            peer.firstProof = nil
        }
        peer.forgive(timing, base: baseInterval, at: now)
        switch header.phase {
        case .restarting: peer.becomeAbsent(at: now)
        case .deaf: if peer.state != .dead { peer.die(at: now, byVerdict: false) }
        case .joining:
            peer.readySince = nil
            if peer.joiningSince == nil { peer.joiningSince = now }
            // An absent peer stays absent while it joins: its addresses wait for it.
            if peer.state != .absent { peer.state = .joining }
            if environment.askable(peer.addresses) == nil { peer.lastAnswer = now }
        case .ready, .leaving:
            peer.joiningSince = nil
            if peer.readySince == nil { peer.readySince = now }
            // An absent one stays absent until its whole list is heard: a helper covers what it does not claim yet.
            if peer.hasClaims || peer.state != .absent {
                peer.becomeReady()
            } else {
                peer.lastAnswer = now
            }
        }
        let isFreshlyJoining = peer.joiningSince.map { now - $0 < timing.listenLimit } ?? false
        if isNew || isFreshlyJoining { directives.append(.tellClaims) }
        if peer.state == .absent { deadline = min(deadline, now) }
        if isNew || before != (peer.state, peer.isStale, peer.isLate, peer.phase) { directives.append(.peer(peer.id)) }
        peers[peer.id] = peer
        heardForeign(at: now)
    }

    /// A dead peer makes room for one that is heard.
    private mutating func forgetDead(_ directives: inout [Directive]) -> Bool {
        guard let dead = peers.rows.first(where: { $0.state == .dead })?.id else { return false }
        peers[dead] = nil
        directives.append(.peer(dead))
        return true
    }

    /// A false death doubles the peer's interval, but only a silence that a longer interval could have survived counts.
    private func countFalseDeath(_ peer: inout Peer, at now: Instant, _ directives: inout [Directive]) {
        guard let silentSince = peer.verdictAt, now - silentSince < timing.longestDeadInterval else { return }
        peer.interval = min(peer.interval * 2, timing.longestDeadInterval / timing.deadIntervals)
        peer.doubledAt = now
        directives.append(.falseDeath(peer.id))
    }

    /// The heard list of an accepted Hello.
    package mutating func receiveHeard(_ heard: [NodeID], from id: NodeID) {
        guard var peer = peers[id] else { return }
        peer.heard = heard
        peer.hearsMe = heard.contains(me)
        peers[id] = peer
    }

    /// The peer's whole list of claims is known.
    package mutating func receivedAllClaims(from id: NodeID, at now: Instant) -> [Directive] {
        guard var peer = peers[id], !peer.hasClaims else { return [] }
        peer.hasClaims = true
        if peer.phase?.isAtWork == true { peer.becomeReady() }
        peers[id] = peer
        deadline = min(deadline, now)
        return [.peer(id)]
    }
}

extension Peer {
    fileprivate mutating func describe(_ header: HelloHeader, _ sender: HelloSender) {
        name = sender.name
        addresses = sender.addresses
        hardwareAddress = header.hardwareAddress
        detailsDigest = header.details
    }

    fileprivate mutating func forgive(_ timing: MembershipTiming, base: Interval, at now: Instant) {
        guard let since = doubledAt, now - since >= timing.falseDeathHalving else { return }
        interval = max(interval / 2, base)
        doubledAt = interval > base ? since + timing.falseDeathHalving : nil
    }
}

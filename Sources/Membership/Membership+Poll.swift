package import MonotonicTime
package import NetworkAddresses
package import Wire

extension Membership {
    /// Looks at every deadline that has passed. Work is one pass over the peers.
    package mutating func poll(at now: Instant) -> [Directive] {
        var directives: [Directive] = []
        deadline = now + .seconds(1)
        if let silentUntil {
            guard now >= silentUntil else {
                nextHello = silentUntil
                deadline = silentUntil
                return []
            }
            self.silentUntil = nil
            phase = .joining
            (joiningSince, nextHello) = (now, now)
        }
        // Nearly all peers are heard: those are not worth a copy.
        var others: [NodeID] = []
        for slot in peers.rows.indices {
            if let due = peers.rows[slot].suspicionDue(timing), now < due {
                deadline = min(deadline, due)
            } else {
                others.append(peers.rows[slot].id)
            }
        }
        for id in others { watch(id, at: now, &directives) }
        suspects = peers.rows.count { $0.suspectedAt != nil }
        watchReception(at: now, &directives)
        if phase == .joining { join(at: now, &directives) }
        if now >= nextHello {
            directives.append(.sendHello)
            nextHello = max(nextHello + timing.hello, now + timing.hello / 2)
        }
        return directives
    }

    private mutating func watch(_ id: NodeID, at now: Instant, _ directives: inout [Directive]) {
        guard var peer = peers[id] else { return }
        switch peer.state {
        case .dead:
            if let diedAt = peer.diedAt, now - diedAt > timing.forget {
                peers[id] = nil
                directives.append(.peer(id))
            }
            return
        case .absent:
            let canBeAsked = environment.askable(peer.addresses) != nil
            let wait = canBeAsked ? timing.kernelAsk * timing.unansweredAsks : timing.blindRestart
            // Frames of others arrived while its kernel was silent: it is not the own reception that is broken.
            if let answer = peer.lastAnswer, now - answer > wait, lastForeign - answer >= wait / 2 {
                peer.die(at: now, byVerdict: true)
                directives.append(.peer(id))
            } else if let since = peer.absentSince, now - since > timing.hold {
                if peer.isBack(timing, at: now) {
                    peer.becomeReady()
                } else {
                    peer.die(at: now, byVerdict: false)
                }
                directives.append(.peer(id))
            } else {
                ask(&peer, at: now, &directives)
            }
        case .joining, .ready:
            if peer.suspectedAt == nil {
                peer.suspectedAt = now
                directives.append(.peer(id))
            }
            ask(&peer, at: now, &directives)
            judge(&peer, now - peer.lastHeard, at: now, &directives)
        }
        peers[id] = peer
    }

    /// A suspected peer: absent when its kernel answers, dead when nothing speaks for it and reception is proven.
    private mutating func judge(
        _ peer: inout Peer, _ silence: Interval, at now: Instant, _ directives: inout [Directive]
    ) {
        guard let suspectedAt = peer.suspectedAt else { return }
        let verdict = peer.interval * timing.deadIntervals
        let confirmation = peer.interval * timing.suspectIntervals + timing.kernelAsk
        askGateways(at: now, &directives)
        if silence < verdict { deadline = min(deadline, peer.lastHeard + verdict) }
        guard silence >= confirmation, !isVouched(peer.id, at: now) else { return }
        if peer.state == .ready, let answer = peer.lastAnswer, answer > suspectedAt {
            peer.becomeAbsent(at: now)
            directives.append(.peer(peer.id))
        } else if silence >= verdict, let proof = peer.firstProof, lastForeign - proof >= timing.hello {
            peer.die(at: now, byVerdict: true)
            directives.append(.peer(peer.id))
        }
    }

    private mutating func ask(_ peer: inout Peer, at now: Instant, _ directives: inout [Directive]) {
        if let last = peer.lastAsked, now - last < timing.kernelAsk {
            deadline = min(deadline, last + timing.kernelAsk)
            return
        }
        peer.lastAsked = now
        deadline = min(deadline, now + timing.kernelAsk)
        guard let address = environment.askable(peer.addresses) else { return }
        directives.append(.ask(address, peer.hardwareAddress))
    }

    private mutating func askGateways(at now: Instant, _ directives: inout [Directive]) {
        guard !environment.gateways.isEmpty else { return }
        if lastGatewayAsk.map({ now - $0 >= timing.kernelAsk }) ?? true {
            lastGatewayAsk = now
            directives += environment.gateways.map { .ask($0, nil) }
        }
        deadline = min(deadline, now + timing.kernelAsk)
    }

    /// Deaf: peers are known, and nothing at all is heard although the gateway and their kernels were asked.
    private mutating func watchReception(at now: Instant, _ directives: inout [Directive]) {
        guard phase != .joining || firstForeign != nil else { return }
        let silence = now - lastForeign
        if phase == .deaf {
            if silence < deadInterval {
                phase = .joining
                (joiningSince, firstForeign) = (now, now)
                peers.updateAll { $0.hasClaims = false }
                directives += peers.rows.map { .peer($0.id) }
            }
            askGateways(at: now, &directives)
            return
        }
        guard peers.rows.contains(where: { $0.state != .dead }) else { return }
        let suspicion = baseInterval * timing.suspectIntervals
        if silence >= deadInterval {
            phase = .deaf
            directives.append(.becameDeaf)
        } else if silence >= suspicion {
            askGateways(at: now, &directives)
            deadline = min(deadline, lastForeign + deadInterval)
        } else {
            deadline = min(deadline, lastForeign + suspicion)
        }
    }

    private mutating func join(at now: Instant, _ directives: inout [Directive]) {
        guard environment.hasKey, environment.isUp else { return }
        askRecorded(at: now, &directives)
        askGateways(at: now, &directives)
        deadline = min(deadline, now + timing.kernelAsk)
        guard let snapshotSince, hasListened(snapshotSince, at: now) else { return }
        phase = .ready
        directives.append(.becameReady)
    }

    /// Asks for the unheard nodes of the record in turns: in a big cluster that boots, everybody asks for everybody by
    /// broadcast. One that has answered is alive for as long as this speaker joins.
    private mutating func askRecorded(at now: Instant, _ directives: inout [Directive]) {
        guard lastRecordAsk.map({ now - $0 >= timing.kernelAsk }) ?? true else { return }
        lastRecordAsk = now
        let recorded = environment.recorded
        var asked = 0
        for step in recorded.indices {
            let slot = (recordCursor + step) % recorded.count
            let id = recorded[slot]
            guard id != me, peers[id] == nil, knownKernels[id].map({ $0.at < joiningSince }) ?? true,
                let known = environment.known.first(where: { $0.id == id }),
                let address = environment.askable(known.addresses)
            else { continue }
            directives.append(.ask(address, nil))
            asked += 1
            if asked == timing.recordAsks {
                recordCursor = slot + 1
                break
            }
        }
    }

    private func hasListened(_ snapshotSince: Instant, at now: Instant) -> Bool {
        guard let firstForeign else {
            // A lone speaker hears nobody because there is nobody.
            return environment.known.isEmpty && now - joiningSince >= timing.loneListen
        }
        let listened = now - max(joiningSince, firstForeign)
        if listened >= timing.listenLimit { return true }
        guard listened >= timing.listen, now - snapshotSince >= timing.snapshotSettling else { return false }
        return peers.rows.allSatisfy { $0.hasClaims || !$0.isBack(timing, at: now) }
    }

    /// Nodes that the record may speak for: unheard, with a kernel that answered while this speaker listened; or heard,
    /// but not ready, or with a list that has not arrived as a whole.
    package var returning: Set<NodeID> {
        var nodes = Set(knownKernels.filter { $0.value.at >= joiningSince && peers[$0.key] == nil }.keys)
        for peer in peers.rows where peer.state != .dead && !peer.isCandidate { nodes.insert(peer.id) }
        return nodes
    }

    /// Where the kernel of a speaker that a Lease names was last seen, and when.
    package func kernel(of id: NodeID) -> (at: Instant, hardwareAddress: MACAddress)? { knownKernels[id] }
}

import Election
import Layer2
import Membership
import MonotonicTime
import NetworkAddresses
import Wire

extension LinkSpeaker {
    // MARK: Membership

    mutating func perform(_ directives: [Membership.Directive], at now: Instant) -> [LinkEffect] {
        var effects: [LinkEffect] = []
        for directive in directives {
            switch directive {
            case .sendHello: effects += sendHello(at: now)
            case .ask(let address, let hardwareAddress): effects += ask(address, hardwareAddress)
            case .peer(let id): effects += peerChanged(id, at: now)
            case .tellClaims: election.requestClaims(at: now)
            case .becameReady: effects += becomeReady(at: now)
            case .becameDeaf: effects += dropEverything(forgettingClaims: false)
            case .rejoined:
                effects += dropEverything(forgettingClaims: true)
                conditions.removeAll()
            case .falseDeath(let id):
                counters.falseDeaths &+= 1
                effects.append(.report(.falseDeath(name: membership.peers[id]?.name ?? "")))
            }
        }
        return effects
    }

    private mutating func peerChanged(_ id: NodeID, at now: Instant) -> [LinkEffect] {
        guard let peer = membership.peers[id] else {
            // Dead for so long that its row is gone.
            election.update(id, nil, at: now)
            conditions[id] = nil
            updateNodes()
            return []
        }
        election.update(id, Standing(peer), at: now)
        updateNodes()
        let condition = PeerCondition(peer)
        guard conditions.updateValue(condition, forKey: id) != condition else { return [] }
        if condition == .dead { counters.deaths &+= 1 }
        return [.report(.peer(name: peer.name, state: condition))]
    }

    private mutating func becomeReady(at now: Instant) -> [LinkEffect] {
        var effects: [LinkEffect] = []
        let returning = membership.returning
        for id in election.formerOwners(among: returning, at: now).sorted() {
            effects += perform(membership.expect(id, isJoiner: true, at: now), at: now)
        }
        return effects + perform(election.becomeReady(at: now), at: now)
    }

    private mutating func dropEverything(forgettingClaims: Bool) -> [LinkEffect] {
        var effects: [LinkEffect] = []
        for owned in election.owned {
            layer2.withdraw(owned.address)
            effects.append(.report(.gaveUp(owned.address, reason: .rejoined)))
        }
        for address in election.helped {
            layer2.withdraw(address)
            effects.append(.report(.stoppedHelping(address)))
        }
        for address in election.probing { layer2.withdraw(address) }
        election.stop(forgettingClaims: forgettingClaims)
        return effects
    }

    /// Whose answers must arrive: exactly the addresses that `Membership` and the unicast carrier ask.
    private func hostsToAsk() -> Set<IPAddress> {
        let environment = membership.environment
        var hosts = Set(environment.gateways)
        for peer in environment.known { if let host = environment.askable(peer.addresses) { hosts.insert(host) } }
        for peer in membership.peers.rows { if let host = environment.askable(peer.addresses) { hosts.insert(host) } }
        return hosts
    }

    /// A claim by a node's hardware address is no foreign conflict.
    mutating func updateNodes() {
        let hosts = hostsToAsk()
        if hosts != askedHosts {
            askedHosts = hosts
            interestChanges &+= 1
        }
        var nodes = Set(configuration.siblings.map(\.hardwareAddress))
        nodes.insert(configuration.hardwareAddress)
        for peer in membership.peers.rows {
            if let address = peer.hardwareAddress { nodes.insert(address) }
        }
        if nodes != nodeAddresses {
            nodeAddresses = nodes
            layer2.setNodes(nodes)
            interestChanges &+= 1
        }
    }

    // MARK: Election

    mutating func perform(_ directives: [ElectionDirective], at now: Instant) -> [LinkEffect] {
        var effects: [LinkEffect] = []
        var refusals: [Refusal] = []
        for directive in directives {
            switch directive {
            case .own(let address, let term):
                layer2.own(address, at: now)
                effects.append(.report(.took(address, term: term)))
            case .withdraw(let address, let reason):
                layer2.withdraw(address)
                effects.append(.report(.gaveUp(address, reason: GiveUpReason(reason))))
            case .help(let address, let node):
                guard let peer = membership.peers[node], let hardwareAddress = peer.hardwareAddress else { continue }
                layer2.help(address, answeringWith: hardwareAddress)
                effects.append(.report(.helping(address, node: peer.name)))
            case .stopHelping(let address):
                layer2.withdraw(address)
                effects.append(.report(.stoppedHelping(address)))
            case .announceAgain(let address): layer2.announceAgain(address, at: now)
            case .probe(let address): layer2.probe(address, at: now)
            case .stopProbing(let address): layer2.withdraw(address)
            case .refuse(let refusal): refusals.append(refusal)
            case .reread(let address): effects.append(.report(.rereadNeeded(address)))
            }
        }
        return effects + send(refusals, at: now)
    }

    private mutating func send(_ refusals: [Refusal], at now: Instant) -> [LinkEffect] {
        var effects: [LinkEffect] = []
        for start in stride(from: 0, to: refusals.count, by: capacity.refusals) {
            counters.refusesSent &+= 1
            effects += send(.refuse(Array(refusals[start...].prefix(capacity.refusals))), at: now)
        }
        return effects
    }

    // MARK: Layer 2

    mutating func perform(_ layer2Effects: [Layer2Effect], at now: Instant) -> [LinkEffect] {
        var effects: [LinkEffect] = []
        for effect in layer2Effects {
            switch effect {
            case .send(let frame): effects.append(.send(frame.bytes(source: configuration.hardwareAddress)))
            case .report(let fact): effects += perform(fact, at: now)
            }
        }
        return effects
    }

    private mutating func perform(_ fact: Layer2Fact, at now: Instant) -> [LinkEffect] {
        switch fact {
        case .probeSucceeded(let address): perform(election.probed(address, isFree: true, at: now), at: now)
        case .probeConflict(let address, let hardwareAddress):
            perform(election.probed(address, isFree: false, at: now), at: now)
                + [.report(.probeConflict(address, hardwareAddress: hardwareAddress))]
        case .conflict(let address, let hardwareAddress, _):
            [.report(.conflict(address, hardwareAddress: hardwareAddress))]
        case .claimedByNode(let address, let hardwareAddress):
            [.report(.claimedByNode(address, hardwareAddress: hardwareAddress))]
        }
    }
}

extension Standing {
    fileprivate init(_ peer: Peer) {
        let condition: Condition =
            switch peer.state {
            case .ready: peer.hasClaims ? .candidate : .listing
            case .absent: .absent
            case .joining, .dead: .gone
            }
        self.init(condition: condition)
        (isStale, isLate, isLeaving, readySince) = (peer.isStale, peer.isLate, peer.isLeaving, peer.readySince)
        canBeHelped = peer.hardwareAddress != nil
    }
}

extension PeerCondition {
    init(_ peer: Peer) {
        self =
            switch peer.state {
            case .joining: .joining
            case .ready: peer.suspectedAt == nil ? .ready : .suspect
            case .absent: .absent
            case .dead: .dead
            }
    }
}

extension GiveUpReason {
    fileprivate init(_ withdrawal: Withdrawal) {
        self =
            switch withdrawal {
            case .higherClaim: .higherClaim
            case .unheard: .unheard
            case .withdrawn: .withdrawn
            case .ineligible: .ineligible
            case .refused: .refused
            }
    }
}

import Election
import Layer2
import Membership
package import MonotonicTime
import NetworkAddresses
import Wire

extension LinkSpeaker {
    /// When `poll` is wanted next; `now` when it is at once, as after a take: that is to be looked at once more.
    package func nextDeadline(at now: Instant) -> Instant {
        var deadline = layer2.nextDeadline(at: now)
        func consider(_ instant: Instant?) {
            if let instant { deadline = min(deadline ?? instant, instant) }
        }
        if let farewell {
            consider(farewell.nextHello)
        } else {
            consider(membership.nextDeadline)
            consider(election.nextDeadline(at: now))
        }
        if !pending.isEmpty { consider(now) }
        return deadline ?? now + .seconds(1)
    }

    /// Does what is due: hellos, verdicts, decisions, claims, announcements.
    package mutating func poll(at now: Instant) -> [LinkEffect] {
        var effects = pending
        pending = []
        if isRestarting { return effects + sayFarewell(at: now) + perform(layer2.poll(at: now), at: now) }
        effects += perform(membership.poll(at: now), at: now)
        return effects + finish(at: now)
    }

    /// Decides what is dirty or due, tells it, and announces it, in this order.
    mutating func finish(at now: Instant) -> [LinkEffect] {
        guard !isRestarting else { return [] }
        var effects: [LinkEffect] = []
        if let due = election.nextDeadline(at: now), now >= due {
            effects += perform(election.poll(at: now, isMute: membership.isMute(at: now)), at: now)
        }
        effects += sendClaims(at: now)
        effects += perform(layer2.poll(at: now), at: now)
        let phase = self.phase
        if phase != reportedPhase {
            reportedPhase = phase
            effects.append(.report(.phase(phase)))
        }
        return effects
    }

    /// The own state in the words of reports.
    package var phase: LinkPhase {
        if configuration.keys == nil { return .keyless }
        if isRestarting { return .restarting }
        switch membership.phase {
        case .joining: return .joining
        case .ready: return configuration.isLeaving ? .leaving : .ready
        case .deaf: return .deaf
        case .conflict: return .conflict
        case .passive: return .passive
        }
    }

    // MARK: Frames of the speakers' protocol

    mutating func sendHello(at now: Instant) -> [LinkEffect] {
        if punctuality.tick() { election.setLate(punctuality.isLate) }
        guard isUp else { return [] }
        let unheard = unheardByGroup(at: now)
        let heard = membership.heard(at: now, limit: max(capacity.heard - unheard.count, 0))
        counters.hellosSent &+= 1
        return send(.hello(heard: heard, unheard: unheard), at: now)
    }

    private mutating func sendClaims(at now: Instant) -> [LinkEffect] {
        guard isUp, let parts = election.claims(at: now, capacity: capacity.claimBytes) else { return [] }
        var effects: [LinkEffect] = []
        for part in parts {
            counters.claimsSent &+= 1
            effects += send(.claims(part), at: now)
        }
        return effects
    }

    mutating func send(_ body: HelloFrame.Body, at now: Instant) -> [LinkEffect] {
        guard let keys = configuration.keys else { return [] }
        sequence &+= 1
        var header = HelloHeader(
            cluster: configuration.cluster, node: me, incarnation: membership.incarnation, sequence: sequence,
            hardwareAddress: configuration.hardwareAddress,
            phase: membership.announcedPhase(isLeaving: configuration.isLeaving, isRestarting: isRestarting),
            isStale: configuration.isStale, details: sender.digest)
        header.isLate = punctuality.isLate
        let payload = HelloFrame(header: header, body: body)
            .encoded(sender: sender, key: keys.current, authenticator: authenticator)
        var effects: [LinkEffect] = [.send(HelloFrame.ethernet(payload, from: configuration.hardwareAddress))]
        if !carrierOrder.isEmpty { effects += sendUnicast(payload, at: now) }
        return effects
    }

    /// An ARP request or neighbor solicitation to the kernel behind `address`, from an own address.
    mutating func ask(_ address: IPAddress, _ hardwareAddress: MACAddress?) -> [LinkEffect] {
        guard isUp else { return [] }
        let frame: OutgoingFrame
        switch address {
        case .v4(let target):
            guard let own = configuration.ownAddresses.lazy.compactMap(\.v4).first else { return [] }
            frame = .arp(
                .request(for: target, from: own, at: configuration.hardwareAddress),
                destination: hardwareAddress ?? .broadcast)
        case .v6(let target):
            guard let own = ownAddress(toReach: target) else { return [] }
            frame = .solicitation(
                NeighborSolicitation(
                    source: own, destination: hardwareAddress == nil ? target.solicitedNode : target, target: target,
                    sourceLinkLayer: configuration.hardwareAddress),
                destination: hardwareAddress ?? MACAddress(multicast: target.solicitedNode))
        }
        counters.kernelAsks &+= 1
        return [.send(frame.bytes(source: configuration.hardwareAddress))]
    }

    /// A source of the target's scope, when there is one (RFC 6724 §5, rule 2).
    private func ownAddress(toReach target: IPv6Address) -> IPv6Address? {
        let own = configuration.ownAddresses.compactMap(\.v6)
        return own.first { $0.isLinkLocal == target.isLinkLocal } ?? own.first
    }
}

package import MonotonicTime
import NetworkAddresses
package import Wire

extension Layer2Link {
    /// Looks at a frame for claims of an address that is held here. What the fast path answered needs no second look.
    package mutating func receive(_ frame: LinkFrame, at now: Instant) -> [Layer2Effect] {
        switch frame {
        case .arp(_, let packet): return receive(packet, at: now)
        case .solicitation(let ethernet, let message):
            // RFC 4862 §5.4.3: another host detects duplicates for the address that is being probed here.
            if message.isDuplicateAddressDetection {
                return probeAnswered(.v6(message.target), by: ethernet.source, at: now)
            }
            return claimed(.v6(message.source), by: message.sourceLinkLayer ?? ethernet.source, at: now)
        case .advertisement(let ethernet, let message):
            return claimed(.v6(message.target), by: message.targetLinkLayer ?? ethernet.source, at: now)
        }
    }

    private mutating func receive(_ packet: ARPPacket, at now: Instant) -> [Layer2Effect] {
        // RFC 5227 §2.1.1: a probe by another host for the address that is being probed here is a conflict too.
        if packet.isProbe { return probeAnswered(.v4(packet.target), by: packet.senderHardware, at: now) }
        return claimed(.v4(packet.sender), by: packet.senderHardware, at: now)
    }

    private mutating func claimed(
        _ address: IPAddress, by claimant: MACAddress, at now: Instant
    ) -> [Layer2Effect] {
        guard let entry = held[address] else { return dropped(.notConcerned) }
        if case .probing = entry.role { return probeAnswered(address, by: claimant, at: now) }
        guard claimant != hardwareAddress else { return dropped(.ownFrame) }
        guard claimant != answers[address] else { return dropped(.notConcerned) }
        counters.conflicts &+= 1
        let isNode = nodes.contains(claimant)
        var watch = entry.watch
        var effects: [Layer2Effect] = []
        var isDefended = false
        // RFC 5227 §2.4 (b): one announcement, unless another one was sent against a conflict in DEFEND_INTERVAL.
        if case .owner = entry.role, !isNode, isUp, watch.defendedAt.map({ now - $0 >= timing.defence }) ?? true,
            defencePacer.allows(at: now)
        {
            watch.defendedAt = now
            isDefended = true
            counters.defences &+= 1
            defencePacer.charge(at: now)
            effects = announcement(of: address).map { .send($0) }
            for _ in effects { pacer.charge(at: now) }
        }
        let isTold = isNode ? watch.hasStayed(claimant, timing: timing, at: now) : true
        if isTold, reportPacer.allows(at: now), watch.mayReport(claimant, every: timing.defence, at: now) {
            reportPacer.charge(at: now)
            effects.append(
                .report(
                    isNode
                        ? .claimedByNode(address, hardwareAddress: claimant)
                        : .conflict(address, hardwareAddress: claimant, isDefended: isDefended)))
        }
        held[address]?.watch = watch
        return effects
    }

    /// A cluster node's answer ends no probe: its kernel answers for every address with ipvs and no strictARP, and a
    /// speaker that took the address says so in its claims.
    private mutating func probeAnswered(
        _ address: IPAddress, by claimant: MACAddress, at now: Instant
    ) -> [Layer2Effect] {
        guard let entry = held[address], case .probing = entry.role else { return dropped(.notConcerned) }
        guard claimant != hardwareAddress else { return dropped(.ownFrame) }
        guard !nodes.contains(claimant) else { return dropped(.notConcerned) }
        counters.conflicts &+= 1
        withdraw(address)
        return [.report(.probeConflict(address, hardwareAddress: claimant))]
    }

    private mutating func dropped(_ reason: DropReason) -> [Layer2Effect] {
        count(reason)
        return []
    }
}

extension Layer2Link.Watch {
    /// Claimants of one address that are reported in one interval. More are a flood of invented hardware addresses: they
    /// are counted, and must not crowd out other facts.
    private static var claimantLimit: Int { 4 }

    /// A new owner's announcement may overtake its claim, and both nodes answer for a moment of every handover. A node
    /// that still announces later, while the address is held here, is no handover.
    fileprivate mutating func hasStayed(_ claimant: MACAddress, timing: Layer2Timing, at now: Instant) -> Bool {
        if let seen = nodeSeen, seen.claimant == claimant, now - seen.since <= timing.claimMemory {
            return now - seen.since >= timing.handover
        }
        nodeSeen = (claimant, now)
        return false
    }

    fileprivate mutating func mayReport(_ claimant: MACAddress, every interval: Interval, at now: Instant) -> Bool {
        if reportedSince.map({ now - $0 >= interval }) ?? true { (reportedSince, reportedClaimants) = (now, []) }
        guard reportedClaimants.count < Self.claimantLimit, !reportedClaimants.contains(claimant) else { return false }
        reportedClaimants.append(claimant)
        return true
    }
}

import Membership
import MonotonicTime
import NetworkAddresses
import Wire

/// A speaker that a Lease names, and how its frames reach this one.
struct Carrier: Sendable {
    let address: IPAddress
    /// Its last frame to the group, or since when one is awaited.
    var groupHeardAt: Instant
    /// It says that it does not hear this node's group frames, since this frame.
    var askedAt: Instant?
    var kernelAskedAt: Instant?
    var isReported = false
}

extension LinkSpeaker {
    /// Keeps one row per known peer that has an address of a family that this node has, too.
    mutating func trimCarriers(at now: Instant) {
        var order: [NodeID] = []
        for peer in configuration.knownPeers {
            let id = NodeID(name: peer.name)
            guard id != me, let address = membership.environment.askable(peer.addresses) else { continue }
            order.append(id)
            if carriers[id]?.address != address {
                carriers[id] = Carrier(address: address, groupHeardAt: carriers[id]?.groupHeardAt ?? now)
            }
        }
        if order != carrierOrder {
            carrierOrder = order
            let kept = Set(order)
            carriers = carriers.filter { kept.contains($0.key) }
        }
    }

    mutating func heardGroup(_ id: NodeID, at now: Instant) {
        carriers[id]?.groupHeardAt = now
        carriers[id]?.isReported = false
    }

    mutating func asked(_ id: NodeID, forUnicast isAsked: Bool, at now: Instant) {
        carriers[id]?.askedAt = isAsked ? now : nil
    }

    /// Known peers whose kernels answer, and whose group frames do not arrive: they are asked for unicast.
    func unheardByGroup(at now: Instant) -> [NodeID] {
        var unheard: [NodeID] = []
        for id in carrierOrder {
            guard let carrier = carriers[id], isUnheard(carrier, at: now), unheard.count < 16,
                hasKernel(id, at: now)
            else { continue }
            unheard.append(id)
        }
        return unheard
    }

    /// How many known peers live, by frames of the other carrier or by their kernel's answers, and are not heard by group.
    func filteredPeers(at now: Instant) -> Int {
        carriers.count { id, carrier in
            guard isUnheard(carrier, at: now) else { return false }
            let isHeard = membership.peers[id].map {
                now - $0.lastHeard < configuration.timing.membership.unicastAfter
            }
            return isHeard ?? false || hasKernel(id, at: now)
        }
    }

    private func isUnheard(_ carrier: Carrier, at now: Instant) -> Bool {
        now - carrier.groupHeardAt >= configuration.timing.membership.unicastAfter
    }

    private func hasKernel(_ id: NodeID, at now: Instant) -> Bool {
        membership.kernel(of: id).map { now - $0.at < .seconds(5) } ?? false
    }

    /// The same payload to every known peer that needs it, once its kernel has answered.
    mutating func sendUnicast(_ payload: [UInt8], at now: Instant) -> [LinkEffect] {
        var effects: [LinkEffect] = []
        let unicastAfter = configuration.timing.membership.unicastAfter
        for id in carrierOrder {
            guard var carrier = carriers[id] else { continue }
            let isAsked = carrier.askedAt.map { now - $0 < unicastAfter } ?? false
            guard isAsked || isUnheard(carrier, at: now) else { continue }
            if carrier.kernelAskedAt.map({ now - $0 >= .seconds(1) }) ?? true {
                carrier.kernelAskedAt = now
                effects += ask(carrier.address, nil)
            }
            if isAsked || hasKernel(id, at: now), let kernel = membership.kernel(of: id),
                let own = configuration.ownAddresses.first(where: { $0.family == carrier.address.family }),
                let frame = UnicastCarrier.frame(
                    payload, from: own, configuration.hardwareAddress, to: carrier.address, kernel.hardwareAddress)
            {
                effects.append(.send(frame))
                if !carrier.isReported, isUnheard(carrier, at: now), let peer = membership.peers[id],
                    peer.state == .ready
                {
                    carrier.isReported = true
                    effects.append(.report(.unicastOnly(name: peer.name)))
                }
            }
            carriers[id] = carrier
        }
        return effects
    }
}

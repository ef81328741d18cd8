internal import Election
package import Layer2
internal import Membership
package import MonotonicTime
package import NetworkAddresses
internal import Wire

extension LinkSpeaker {
    /// The hardware address that this node gives for an address, or `nil` when it does not answer for it.
    package func answer(for address: IPAddress) -> MACAddress? { layer2.answer(for: address) }

    /// The whole state, for people. Costs one pass over peers and addresses.
    package func report(at now: Instant) -> LinkReport {
        var report = LinkReport(
            interfaceName: configuration.interfaceName, phase: phase, incarnation: membership.incarnation)
        report.peers = membership.peers.rows.map { peer in
            LinkReport.Peer(
                name: peer.name, condition: PeerCondition(peer), hardwareAddress: peer.hardwareAddress,
                addresses: peer.addresses, isStale: peer.isStale, isLeaving: peer.isLeaving,
                lastHeard: peer.lastHeard,
                deadInterval: peer.interval * configuration.timing.membership.deadIntervals)
        }
        report.owned = election.owned.map {
            LinkReport.Owned(address: $0.address, since: $0.since, term: $0.term, offeredTo: $0.offeredTo.map(name))
        }
        report.helped = election.helped.compactMap { helped in
            layer2.answer(for: helped.address).map {
                LinkReport.Helped(address: helped.address, node: name(helped.node), hardwareAddress: $0)
            }
        }
        report.vacant = election.vacant.map { LinkReport.Vacant(address: $0.address, since: $0.since) }
        report.filteredPeers = filteredPeers(at: now)
        report.counters = counters
        return report
    }

    private func name(_ id: NodeID) -> String { membership.peers[id]?.name ?? "" }

    /// Which frames the kernel must let through.
    package var interest: FrameInterest {
        var interest = FrameInterest()
        interest.addresses = Set(layer2.addresses)
        interest.askedHosts = askedHosts
        interest.isListening = membership.wantsProof
        // A helper must hear solicitations at once: the absent node's group membership ends with its process.
        interest.expectedAddresses = Set((configuration.intents ?? []).map(\.address).filter { $0.family == .ipv6 })
        return interest
    }

    /// Changes whenever `interest` may have.
    package var interestVersion: UInt64 {
        (layer2.version &+ interestChanges) &<< 1 | (membership.wantsProof ? 1 : 0)
    }
}

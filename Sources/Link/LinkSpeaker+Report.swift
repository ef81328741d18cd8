import Election
package import Layer2
import Membership
package import MonotonicTime
package import NetworkAddresses

extension LinkSpeaker {
    /// The hardware address that this node gives for an address, or `nil` when it does not answer for it.
    package func answer(for address: IPAddress) -> MACAddress? { layer2.answer(for: address) }

    /// Costs one pass over peers and addresses.
    package func report(at now: Instant) -> LinkReport {
        var report = LinkReport(interfaceName: configuration.interfaceName, phase: phase)
        report.peers = membership.peers.rows.map { PeerCondition($0) }
        report.owned = election.owned.map {
            LinkReport.Owned(address: $0.address, since: $0.since, term: $0.term)
        }
        report.helped = election.helped.count
        report.filteredPeers = filteredPeers(at: now)
        report.counters = counters
        return report
    }

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

package import MonotonicTime
import NetworkAddresses
import Wire

extension Layer2Link {
    /// When ``poll(at:)`` has something to do; `nil` while there is nothing, or no carrier.
    package func nextDeadline(at now: Instant) -> Instant? {
        guard isUp else { return nil }
        return agenda.hasDueJobs ? pacer.next(at: now) : agenda.firstDeadline
    }

    /// Sends what is due, as far as the pace allows: at most one burst of frames.
    package mutating func poll(at now: Instant) -> [Layer2Effect] {
        guard isUp else { return [] }
        agenda.advance(to: now)
        var effects: [Layer2Effect] = []
        while agenda.hasDueJobs, pacer.allows(at: now), let (rank, job) = agenda.next() {
            guard let entry = held[job.address], entry.generation == job.generation else { continue }
            if case .probing(let sent) = entry.role, sent >= timing.probes {
                effects.append(.report(.probeSucceeded(job.address)))
            } else if let frame = perform(job, rank, entry, at: now) {
                pacer.charge(at: now)
                effects.append(.send(frame))
            }
        }
        return effects
    }

    private mutating func perform(_ job: Job, _ rank: Agenda.Rank, _ entry: Held, at now: Instant) -> OutgoingFrame? {
        switch entry.role {
        case .helper: return nil
        case .probing(let sent):
            counters.probes &+= 1
            held[job.address]?.role = .probing(sent: sent + 1)
            agenda.add(job, due: now + timing.probeInterval, rank: .probe)
            return probe(of: job.address)
        case .owner(let start, let round):
            counters.announcements &+= 1
            let forms = announcement(of: job.address)
            switch rank {
            case .firstForm where forms.count > 1:
                agenda.addDue(job, rank: round == 0 ? .otherForm : .repeatOtherForm)
                return forms[0]
            case .repeat where forms.count > 1:
                agenda.addDue(job, rank: .repeatOtherForm)
                return forms[0]
            default:
                scheduleNextRound(job, after: round, start: start, at: now)
                return forms[forms.count - 1]
            }
        }
    }

    private mutating func scheduleNextRound(_ job: Job, after round: Int, start: Instant, at now: Instant) {
        held[job.address]?.role = .owner(start: start, round: round + 1)
        if round + 1 < timing.announcements.count {
            agenda.add(job, due: max(start + timing.announcements[round + 1], now), rank: .repeat)
        } else if timing.refresh > .zero {
            agenda.add(job, due: now + timing.refresh, rank: .repeat)
        }
    }

    /// Both ARP forms, or the unsolicited advertisement.
    func announcement(of address: IPAddress) -> [OutgoingFrame] {
        switch address {
        case .v4(let address):
            [
                .arp(.announcementRequest(of: address, at: hardwareAddress), destination: .broadcast),
                .arp(.announcementReply(of: address, at: hardwareAddress), destination: .broadcast),
            ]
        case .v6(let address):
            [
                .advertisement(
                    .announcement(of: address, at: hardwareAddress), destination: MACAddress(multicast: .allNodes))
            ]
        }
    }

    private func probe(of address: IPAddress) -> OutgoingFrame {
        switch address {
        case .v4(let address): .arp(.probe(for: address, from: hardwareAddress), destination: .broadcast)
        case .v6(let address):
            .solicitation(.probe(for: address), destination: MACAddress(multicast: address.solicitedNode))
        }
    }
}

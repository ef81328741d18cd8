import Election
import Layer2
import Membership
package import MonotonicTime
import NetworkAddresses
import Wire

/// What is left to do for a process that restarts: say so, and answer on until every address is in other hands.
struct Farewell: Sendable {
    var nextHello: Instant
    /// Three Hello frames are out by then.
    let saidAt: Instant
    /// Nobody is waited for beyond this.
    let limit: Instant
    /// Addresses that a peer will help with, and does not claim yet.
    var awaited: Set<IPAddress>

    func isOver(at now: Instant) -> Bool { now >= limit || now >= saidAt && awaited.isEmpty }
}

extension LinkSpeaker {
    /// The process is about to end and to be started again: says so every 50 ms, and answers until it exits.
    package mutating func announceRestart(at now: Instant) -> [LinkEffect] {
        let timing = configuration.timing.membership
        farewell = Farewell(
            nextHello: now, saidAt: now + timing.farewell, limit: now + timing.handOver,
            awaited: membership.phase == .ready ? Set(election.coverable) : [])
        return poll(at: now)
    }

    /// Whether the process may exit: every address that a peer can answer for is listed in a peer's claims.
    package func mayEnd(at now: Instant) -> Bool { farewell.map { $0.isOver(at: now) } ?? true }

    mutating func sayFarewell(at now: Instant) -> [LinkEffect] {
        guard let next = farewell?.nextHello, next <= now else { return [] }
        farewell?.nextHello = next + configuration.timing.membership.farewell / 2
        return sendHello(at: now)
    }

    /// A frame in the last moments: who lists an address answers for it by now, and a higher claim ends the own answers.
    mutating func receiveLast(
        _ view: HelloFrameView, at now: Instant
    ) throws(HelloDropReason) -> [LinkEffect] {
        guard view.header.node != me else { throw .reflected }
        let (verdict, _) = membership.receive(view.header, details: view.sender, at: now)
        if case .dropped(let reason) = verdict { throw reason }
        counters.framesAccepted &+= 1
        guard case .claims(let part) = try view.body() else { return [] }
        var effects: [LinkEffect] = []
        for entry in part.entries {
            if case .held = entry.kind {
                farewell?.awaited.remove(entry.address)
                continue
            }
            guard let mine = election.claim(on: entry.address), mine.owner == me, entry.term > mine.term,
                layer2.isAnswered(entry.address)
            else { continue }
            farewell?.awaited.remove(entry.address)
            layer2.withdraw(entry.address)
            effects.append(.report(.gaveUp(entry.address, reason: .higherClaim)))
        }
        return effects
    }
}

import Election
import Link
import Membership
package import MonotonicTime
package import NetworkAddresses

/// Watches from the gateway who answers for each address, at every change: no sampling, so nothing is too short to see.
package struct Observer {
    struct Row {
        var duplicateSince: Instant?
        var gapSince: Instant?
        var served: MACAddress?
        var isAnswered = false
        var deletedAnswered: Interval = .zero
    }

    package struct Move: Sendable {
        package let at: Instant
        package let address: Int
        package let from: MACAddress
        package let to: MACAddress
    }

    package struct Gap: Sendable {
        package let address: Int
        package let from: Instant
        package let to: Instant
        /// Counted from the last death within it.
        package let sinceDeath: Interval
    }

    var rows: [Row]
    package private(set) var moves: [Move] = []
    package private(set) var gaps: [Gap] = []
    package private(set) var longestDuplicate: Interval = .zero
    /// The longest time without an answer although a node was fit to give it.
    package private(set) var longestUnfounded: Interval = .zero
    var fitSince: [Int: Instant] = [:]
    /// Since when an address may be announced by a node that could not always announce it.
    private var eligibleSince: [Int: [String: Instant]] = [:]
    private var lastDeath: Instant?

    init(addresses: Int) { rows = Array(repeating: Row(), count: addresses) }

    /// Forgets the past: the warm-up is over.
    package mutating func reset(_ simulation: Simulation) {
        settle(simulation)
        moves = []
        gaps = []
        longestDuplicate = .zero
        longestUnfounded = .zero
        for index in rows.indices {
            if rows[index].duplicateSince != nil { rows[index].duplicateSince = simulation.now }
            if rows[index].gapSince != nil { rows[index].gapSince = simulation.now }
            rows[index].deletedAnswered = .zero
        }
        lastDeath = nil
    }

    package func served(_ address: Int) -> MACAddress? { rows[address].served }
    package func longestAfterDeletion() -> Interval { rows.map(\.deletedAnswered).max() ?? .zero }

    /// Who answers for an address, as the gateway would hear it.
    package func answerers(_ address: Int, _ simulation: Simulation) -> [(node: VirtualNode, answer: MACAddress)] {
        simulation.nodes.compactMap { node in
            guard node.isRunning, node.port.reaches(simulation.gateway), let answer = node.answers[address] else {
                return nil
            }
            return (node, answer)
        }
    }

    // MARK: Changes

    mutating func everythingChanged(_ simulation: Simulation) {
        for node in simulation.nodes { fitnessChanged(node, simulation) }
        for index in rows.indices { changed(index, simulation) }
    }

    mutating func settle(_ simulation: Simulation) { for index in rows.indices { changed(index, simulation) } }

    mutating func fitnessChanged(_ node: VirtualNode, _ simulation: Simulation) {
        let isFit =
            node.isRunning && node.hasSnapshot && (node.speaker?.phase == .ready)
            && node.port.reaches(simulation.gateway) && simulation.gateway.reaches(node.port)
            && !simulation.nodes.contains { Self.isDeafAlone($0, beside: node, simulation) }
        if isFit {
            if fitSince[node.index] == nil { fitSince[node.index] = simulation.now }
        } else if fitSince[node.index] != nil {
            for index in rows.indices { countUnfounded(index, simulation) }
            fitSince[node.index] = nil
        }
    }

    /// A limit of the protocol (docs/failover.md): who loses its hearing while it knows no living peer takes that for an
    /// empty segment, and keeps what it has; a peer that comes back hears its claims.
    private static func isDeafAlone(_ owner: VirtualNode, beside node: VirtualNode, _ simulation: Simulation) -> Bool {
        guard let speaker = owner.speaker, speaker.phase == .ready, !simulation.gateway.reaches(owner.port),
            owner.port.reaches(node.port), !node.port.reaches(owner.port)
        else { return false }
        return speaker.membership.peers.rows.allSatisfy { $0.state == .dead }
    }

    /// A node is about to go: gaps count from here.
    mutating func somebodyDied(at now: Instant) { lastDeath = now }

    /// The API is about to say something else of an address.
    mutating func truthWillChange(_ address: Int, to truth: AddressTruth?, _ simulation: Simulation) {
        countUnfounded(address, simulation)
        let old = simulation.truth[address]?.eligible ?? [:]
        for name in (truth?.eligible ?? [:]).keys where old[name] == nil {
            eligibleSince[address, default: [:]][name] = simulation.now
        }
    }

    mutating func changed(_ address: Int, _ simulation: Simulation) {
        let now = simulation.now
        let answers = answerers(address, simulation)
        if simulation.truth[address] == nil {
            if let deleted = simulation.deletedAt[address], rows[address].isAnswered {
                rows[address].deletedAnswered = max(rows[address].deletedAnswered, now - deleted)
            }
            rows[address].isAnswered = !answers.isEmpty
            rows[address].gapSince = nil
            rows[address].duplicateSince = nil
            return
        }
        rows[address].isAnswered = !answers.isEmpty
        let distinct = Set(answers.map(\.answer))
        if distinct.count > 1 {
            let since = rows[address].duplicateSince ?? now
            rows[address].duplicateSince = since
            longestDuplicate = max(longestDuplicate, now - since)
        } else if let since = rows[address].duplicateSince {
            longestDuplicate = max(longestDuplicate, now - since)
            rows[address].duplicateSince = nil
        }
        let good = answers.first { answer in
            guard simulation.gateway.reaches(answer.node.port) else { return false }
            return simulation.nodes.contains {
                $0.hardwareAddress == answer.answer && $0.port.reaches(simulation.gateway)
                    && simulation.gateway.reaches($0.port)
            }
        }
        guard let good else {
            if rows[address].gapSince == nil { rows[address].gapSince = now }
            return
        }
        if let since = rows[address].gapSince {
            countUnfounded(address, simulation)
            gaps.append(Gap(address: address, from: since, to: now, sinceDeath: now - max(since, lastDeath ?? since)))
            rows[address].gapSince = nil
        }
        guard distinct.count == 1 else { return }
        if let served = rows[address].served, served != good.answer {
            moves.append(Move(at: now, address: address, from: served, to: good.answer))
        }
        rows[address].served = good.answer
    }

    private mutating func countUnfounded(_ address: Int, _ simulation: Simulation) {
        guard let since = rows[address].gapSince, let truth = simulation.truth[address],
            simulation.squatters[simulation.addresses[address]] == nil
        else { return }
        let start = simulation.nodes.compactMap { node -> Instant? in
            guard let fit = fitSince[node.index], truth.eligible[node.name] != nil,
                node.view[address]?.eligible[node.name] != nil
            else { return nil }
            let able = max(since, fit, eligibleSince[address]?[node.name] ?? fit)
            // By rule (docs/failover.md): who hears peers that do not hear it waits as long as the last in order.
            let isMute = node.speaker?.membership.isMute(at: simulation.now) ?? false
            return isMute ? able + ElectionTiming().rankDelayLimit : able
        }.min()
        guard let start else { return }
        longestUnfounded = max(longestUnfounded, simulation.now - start)
    }

    /// Gaps that are still open, for addresses that somebody could announce.
    package mutating func openGaps(_ simulation: Simulation) -> [Gap] {
        rows.indices.compactMap { address in
            guard let since = rows[address].gapSince, let truth = simulation.truth[address],
                simulation.nodes.contains(where: {
                    $0.hasSpeaker && truth.eligible[$0.name] != nil && $0.port.reaches(simulation.gateway)
                })
            else { return nil }
            countUnfounded(address, simulation)
            return Gap(
                address: address, from: since, to: simulation.now,
                sinceDeath: simulation.now - max(since, lastDeath ?? since))
        }
    }
}

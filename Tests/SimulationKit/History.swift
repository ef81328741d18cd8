import MonotonicTime
import SeededRandom
import Wire

/// One seeded run of a scenario, judged.
package struct History: Sendable {
    package let scenario: String
    package let seed: UInt64
    package let nodes: Int
    package let addresses: Int
    package private(set) var violations: [String] = []
    package private(set) var longestDuplicate = 0.0
    package private(set) var longestGap = 0.0
    package private(set) var longestSinceDeath = 0.0
    package private(set) var longestUnfounded = 0.0
    package private(set) var afterDeletion = 0.0
    package private(set) var moves = 0
    package private(set) var virtualSeconds = 0.0
    package private(set) var trace: [String] = []

    package struct Size: Sendable {
        package var nodes: Int?
        package var addresses: Int?

        package init(nodes: Int? = nil, addresses: Int? = nil) { (self.nodes, self.addresses) = (nodes, addresses) }

        /// What a history of this size costs, roughly: each node hears all others.
        package var weight: Int { (nodes ?? 0) * (nodes ?? 0) }

        /// Mostly small clusters, some middling, a few of up to 60 nodes and 200 addresses.
        package init(drawnFor scenario: Scenario, seed: UInt64) {
            var draw = SeededGenerator(spreading: seed &* 31 &+ 7)
            let kind = draw.unit()
            guard scenario.nodes.count > 2, kind > 0.9 else { return }
            // Long histories of many nodes cost minutes.
            let isLong = ["mix", "mix_loss", "rolling_restart", "rolling_fast"].contains(scenario.name)
            if kind > 0.997, !isLong {
                (nodes, addresses) = (10 + draw.below(51), 1 + draw.below(200))
            } else {
                (nodes, addresses) = (3 + draw.below(isLong ? 5 : 10), 1 + draw.below(40))
            }
        }
    }

    /// Runs it. `isTraced` keeps a log of every fact and fault.
    package init(_ scenario: Scenario, seed: UInt64, size: Size = Size(), isTraced: Bool = false) {
        var draw = SeededGenerator(spreading: seed &* 7919 &+ 5)
        self.scenario = scenario.name
        self.seed = seed
        nodes = size.nodes ?? draw.pick(scenario.nodes)
        addresses = size.addresses ?? draw.pick(scenario.addresses)
        let simulation = Simulation(
            seed: seed, nodes: nodes, addresses: addresses, isIPv6Only: draw.chance(0.15),
            authenticator: scenario.isAuthentic ? HMACAuthenticator() : CheapAuthenticator())
        if isTraced { simulation.log = [] }
        scenario.prepare(simulation)
        simulation.run(until: scenario.warmUp)
        judgeStart(simulation)
        simulation.observer.reset(simulation)
        simulation.mark = nil
        let length = scenario.script(simulation)
        simulation.run(until: scenario.warmUp + length + 5)
        judge(simulation, scenario)
        virtualSeconds = simulation.seconds
        trace = simulation.log ?? []
    }

    private mutating func judgeStart(_ simulation: Simulation) {
        for address in simulation.truth.keys.sorted() {
            let announcers = Set(simulation.observer.answerers(address, simulation).map(\.answer))
            if announcers.count != 1 { violations.append("start: \(announcers.count) announcers of \(address)") }
        }
    }

    private mutating func judge(_ simulation: Simulation, _ scenario: Scenario) {
        let open = simulation.observer.openGaps(simulation)
        let observer = simulation.observer
        let gaps = observer.gaps + open
        longestDuplicate = observer.longestDuplicate.seconds
        longestGap = gaps.map { ($0.to - $0.from).seconds }.max() ?? 0
        longestSinceDeath = gaps.map { $0.sinceDeath.seconds }.max() ?? 0
        longestUnfounded = observer.longestUnfounded.seconds
        afterDeletion = observer.longestAfterDeletion().seconds
        moves = observer.moves.count
        judgeEnd(simulation)
        violations += simulation.problems + scenario.judge(simulation)
        let properties = scenario.properties
        guard !properties.contains(.onlyTheEnd) else { return }
        if longestDuplicate > 0.7 { violations.append("P2: two announcers for \(longestDuplicate) s") }
        if longestUnfounded > 1.7 { violations.append("unanswered for \(longestUnfounded) s with a fit node") }
        if properties.contains(.deathsCovered), longestSinceDeath > 0.8 {
            violations.append("P3: unanswered for \(longestSinceDeath) s after a death")
        }
        if properties.contains(.noGap), longestGap > 0.1 { violations.append("gap of \(longestGap) s") }
        if properties.contains(.nothingMoves), moves > 0 { violations.append("P4: \(moves) moves") }
        if properties.contains(.nothingReturns), let mark = simulation.mark {
            let late = observer.moves.count { Double($0.at.nanoseconds) / 1e9 > mark }
            if late > 0 { violations.append("P4: \(late) moves at the return") }
        }
        if properties.contains(.deletionHeard), afterDeletion > 3.5 {
            violations.append("P6: answered for \(afterDeletion) s after the deletion")
        }
    }

    /// P1: exactly one announcer of each address that a connected node may announce.
    private mutating func judgeEnd(_ simulation: Simulation) {
        for (address, truth) in simulation.truth.sorted(by: { $0.key < $1.key })
        where simulation.squatters[simulation.addresses[address]] == nil {
            let announcers = Set(simulation.observer.answerers(address, simulation).map(\.answer))
            let isPossible = simulation.nodes.contains {
                $0.isRunning && truth.eligible[$0.name] != nil && $0.port.reaches(simulation.gateway)
            }
            if announcers.count != 1, isPossible {
                violations.append("P1: \(announcers.count) announcers of \(address) in the end")
            }
        }
    }

    package var summary: String {
        "\(scenario) seed \(seed) nodes \(nodes) addresses \(addresses): \(violations.joined(separator: "; "))"
    }
}

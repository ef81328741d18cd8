import Link

/// A whole day of a healthy cluster on a lossy segment, with the constants as they are shipped.
package struct Day: Sendable {
    package private(set) var moves = 0
    package private(set) var deaths = 0
    package private(set) var absences = 0
    package private(set) var falseDeaths: UInt64 = 0
    package private(set) var gaps = 0
    package private(set) var frames = 0

    /// - Parameter progress: told after each virtual hour.
    package init(
        seed: UInt64, hours: Int, nodes: Int, addresses: Int, loss: Double, progress: (Int) -> Void = { _ in }
    ) {
        let simulation = Simulation(seed: seed, nodes: nodes, addresses: addresses, timing: LinkTiming())
        // The settling time is over, too.
        simulation.run(until: 60)
        simulation.observer.reset(simulation)
        for node in simulation.nodes { node.facts = [] }
        simulation.loss = loss
        for hour in 1...hours {
            simulation.run(until: 60 + Double(hour) * 3600)
            progress(hour)
        }
        moves = simulation.observer.moves.count
        gaps = simulation.observer.gaps.count
        for node in simulation.nodes {
            for fact in node.facts {
                if case .peer(_, .dead) = fact { deaths += 1 }
                if case .peer(_, .absent) = fact { absences += 1 }
                if case .falseDeath = fact { falseDeaths += 1 }
            }
        }
        frames = simulation.framesSent
    }
}

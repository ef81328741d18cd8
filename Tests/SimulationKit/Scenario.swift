/// One kind of history: what goes wrong, and what must hold all the same.
package struct Scenario: Sendable {
    /// What is judged beyond P1 (exactly one announcer in the end), P2 (never two for long) and that no address goes
    /// unanswered while a node is fit to answer.
    package enum Property: Sendable, Hashable {
        /// P3: answered for within 0.8 s of each death.
        case deathsCovered
        /// P4, P7: no address moves.
        case nothingMoves
        /// P4: no address moves after the mark, when something returned.
        case nothingReturns
        /// A planned move leaves no gap.
        case noGap
        /// P6: not answered for long after the deletion.
        case deletionHeard
        /// Only the final state is judged: the network keeps nobody connected meanwhile, or the rule allows it.
        case onlyTheEnd
    }

    package let name: String
    package let properties: Set<Property>
    /// How many nodes; one is drawn.
    package let nodes: [Int]
    /// How many addresses; one is drawn.
    package let addresses: [Int]
    /// Set up before anything boots.
    package let prepare: @Sendable (Simulation) -> Void
    /// Does what goes wrong; returns how long it goes on, in seconds.
    package let script: @Sendable (Simulation) -> Double
    /// For properties of this scenario alone: problems found at the end.
    package let judge: @Sendable (Simulation) -> [String]
    package let warmUp: Double
    /// Uses HMAC as it is.
    package let isAuthentic: Bool

    package init(
        _ name: String, _ properties: Set<Property> = [], nodes: [Int] = [2, 3, 4, 5, 7],
        addresses: [Int] = [1, 3, 6, 6, 6], warmUp: Double = 7, isAuthentic: Bool = false,
        prepare: @escaping @Sendable (Simulation) -> Void = { _ in },
        judge: @escaping @Sendable (Simulation) -> [String] = { _ in [] },
        script: @escaping @Sendable (Simulation) -> Double
    ) {
        (self.name, self.properties, self.nodes, self.warmUp) = (name, properties, nodes, warmUp)
        self.addresses = addresses
        (self.isAuthentic, self.prepare, self.judge, self.script) = (isAuthentic, prepare, judge, script)
    }
}

extension Simulation {
    /// The node that announces an address, or any when nobody does.
    package func owner(_ address: Int = 0) -> VirtualNode {
        let served = observer.served(address)
        return nodes.first { $0.hardwareAddress == served } ?? nodes[0]
    }

    package func others(_ node: VirtualNode) -> [VirtualNode] { nodes.filter { $0 !== node } }

    package func names(without node: VirtualNode? = nil) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: Set(nodes.filter { $0 !== node }.map(\.name)).map { ($0, 0) })
    }
}

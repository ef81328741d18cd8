import Election
import Link
import MonotonicTime
import SeededRandom

/// Nodes see different things: whom they hear, which claims they remember, who is eligible.
extension Scenario {
    /// A node boots between two that cannot hear each other, hold each other for dead, and both own everything.
    package static let bridgeBoots = Scenario("bridge_boots", [.onlyTheEnd], nodes: [3]) { s in
        let (a, b, bridge) = (s.nodes[0], s.nodes[1], s.nodes[2])
        s.powerOff(bridge)
        s.after(3) { $0.cut(a, b) }
        s.after(8) { $0.powerOn(bridge, speakerAfter: 0) }
        s.after(13) { $0.expectRest(seconds: 10) }
        return 24
    }

    /// A node that nobody heard is heard again by all but one.
    package static let partialHeal = Scenario("partial_heal", [.onlyTheEnd], nodes: [3, 4, 5]) { s in
        let node = s.owner()
        let other = s.random.pick(s.others(node))
        for peer in s.others(node) { s.cut(node, peer) }
        s.after(5) { s in
            s.pairLoss = [:]
            s.cut(node, other)
        }
        s.after(9) { $0.expectRest(seconds: 10) }
        return 20
    }

    /// The owner did not hear of a dead node's higher claim; whoever remembers that must follow the owner all the same.
    package static let lowTermOwner = Scenario(
        "low_term_owner", [.nothingReturns], nodes: [3], addresses: [1, 3]
    ) { s in
        let (first, second, third) = (s.nodes[0], s.nodes[1], s.nodes[2])
        s.change(0, to: AddressTruth(allocation: 1, eligible: [first.name: 0]))
        s.after(4) { $0.powerOff(second) }
        s.after(6) { $0.change(0, to: AddressTruth(allocation: 1, eligible: [first.name: 0, second.name: 0])) }
        s.after(8) { $0.powerOff(first) }
        s.after(12) { $0.powerOn(second, speakerAfter: 0) }
        s.mark = s.seconds + 18
        s.after(20) { s in
            let eligible = [first.name: 0, second.name: 0, third.name: 0]
            s.change(0, to: AddressTruth(allocation: 1, eligible: eligible))
        }
        return 26
    }

    /// A speaker that is gone has claimed everything at the highest term there is: planned moves go on.
    package static let highestTerm = Scenario("highest_term", [.onlyTheEnd], nodes: [3, 4, 5]) { s in
        s.claimEverything(term: .max, duration: 2)
        s.after(12) { s in
            let node = s.owner()
            var eligible = s.names()
            eligible[node.name] = -1
            for address in s.addresses.indices {
                s.change(address, to: AddressTruth(allocation: 1, eligible: eligible))
            }
            s.after(6) { s in
                if s.owner() === node { s.problems.append("a node of last resort keeps what it should pass on") }
            }
        }
        return 22
    }

    /// The one that the others take for the first helper knows that it may not announce the address.
    package static let helperDisagrees = Scenario("helper_disagrees", [.nothingMoves], nodes: [3, 4, 5]) { s in
        let node = s.owner()
        let lagging = s.random.pick(s.others(node))
        s.setView(of: lagging, 0, AddressTruth(allocation: 1, eligible: s.names(without: lagging)))
        lagging.watchHangsUntil = s.now + .seconds(50)
        s.after(0.1) { $0.kill(node) }
        s.after(15) { $0.boot(node) }
        return 20
    }

    /// A node has lost the others' frames for longer and longer times, and is more patient with each of them since. That it
    /// waits longer keeps no dead node alive for the others.
    package static let patientWitness = Scenario(
        "patient_witness", [.deathsCovered], nodes: [3, 4, 5],
        prepare: { s in
            let eligible = s.names(without: s.nodes[0])
            for address in s.addresses.indices { s.truth[address] = AddressTruth(allocation: 1, eligible: eligible) }
        }
    ) { s in
        let witness = s.nodes[0]
        var time = 0.0
        for length in [0.7, 1.25, 2.3] {
            s.after(time) { s in for node in s.others(witness) { s.losePair(node, witness, 1) } }
            s.after(time + length) { $0.pairLoss = [:] }
            time += length + 2
        }
        s.after(time) { $0.powerOff($0.owner()) }
        return time + 4
    }

    /// Half of a big cluster is off while the other half boots: each of these asks for all the nodes of the record, and
    /// what they ask together stays bounded.
    package static let halfBoots = Scenario("half_boots", [.onlyTheEnd], nodes: [40], addresses: [80], warmUp: 12) {
        s in
        for node in s.nodes { s.powerOff(node) }
        let half = s.nodes.prefix(s.nodes.count / 2)
        for node in half { s.after(2 + s.random.uniform(0, 0.2)) { $0.powerOn(node, speakerAfter: 0) } }
        var before: [UInt64] = half.map { _ in 0 }
        for second in 2...10 {
            s.after(Double(second)) { s in
                for (index, node) in half.enumerated() {
                    let asks = s.report(of: node)?.counters.kernelAsks ?? 0
                    // The gateway, and 16 nodes, 20 times.
                    if asks - min(before[index], asks) > 360 {
                        s.problems.append("\(node.name) asks \(asks - before[index]) times in a second")
                    }
                    before[index] = asks
                }
            }
        }
        return 12
    }
}

extension Simulation {
    /// The two hear nothing of each other.
    func cut(_ a: VirtualNode, _ b: VirtualNode) {
        losePair(a, b, 1)
        losePair(b, a, 1)
    }

    /// Nothing changes any more: there are no faults, so nobody takes anything.
    func expectRest(seconds: Double) {
        let (moves, terms) = (observer.moves.count, highestTerms())
        after(seconds) { s in
            let rise = zip(terms, s.highestTerms()).map { Int($1) - Int($0) }.max() ?? 0
            guard s.observer.moves.count != moves || rise > 0 else { return }
            s.problems.append(
                "\(s.observer.moves.count - moves) moves, terms rise by \(rise) in \(seconds) s without a fault")
        }
    }

    private func highestTerms() -> [UInt32] {
        addresses.map { address in nodes.compactMap { $0.speaker?.election.claim(on: address)?.term }.max() ?? 0 }
    }
}

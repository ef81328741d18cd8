import Election
import Link
import Membership
import SeededRandom
import Wire

/// The segment loses, delays, filters and splits.
extension Scenario {
    package static let symmetricLoss = Scenario("loss_sym", [.nothingMoves]) { s in
        s.loss = s.random.pick([0.01, 0.02, 0.05, 0.1, 0.2])
        s.after(20) { $0.loss = 0 }
        return 20
    }

    package static let powerOffWithLoss = Scenario("poweroff_loss") { s in
        s.loss = s.random.pick([0.01, 0.05, 0.1])
        s.after(1) { $0.powerOff($0.owner()) }
        s.after(6) { $0.loss = 0 }
        return 6
    }

    /// One address per frame: nobody hears a whole list at once. Whoever joins must not take what it hears claimed, and
    /// whoever is back must not be dead to others at the end of the hold.
    package static let longLists = Scenario(
        "long_lists", [.nothingMoves], nodes: [2, 3], addresses: [150], warmUp: 12,
        prepare: { $0.maximumTransmissionUnit = 212 }
    ) { s in
        let node = s.owner()
        s.loss = s.random.pick([0.02, 0.05, 0.1])
        s.kill(node, graceful: s.random.chance(0.5))
        s.after(s.random.uniform(1, 8)) { $0.boot(node) }
        s.after(31) { $0.loss = 0 }
        return 32
    }

    private static func oneWay(_ s: Simulation) -> Double {
        var from = s.owner()
        var to = s.random.pick(s.others(from))
        let length = s.random.uniform(2, 8)
        if s.random.chance(0.5) { swap(&from, &to) }
        s.losePair(from, to, 1)
        s.after(length) { $0.pairLoss = [:] }
        return length
    }

    package static let oneWayPair = Scenario("one_way_pair") { oneWay($0) }
    package static let oneWayTwoNodes = Scenario("one_way_two_nodes", nodes: [2]) { oneWay($0) }

    /// A node boots while it cannot hear one that hears it: the other one must end the double claim.
    package static let oneWayJoiner = Scenario("one_way_joiner", nodes: [2, 3]) { s in
        let owner = s.owner()
        let joiner = s.random.pick(s.others(owner))
        let length = s.random.uniform(12, 20)
        s.powerOff(joiner)
        s.after(s.random.uniform(0, 2)) { $0.losePair(owner, joiner, 1) }
        s.after(3) { $0.powerOn(joiner, speakerAfter: 0) }
        s.after(length) { $0.pairLoss = [:] }
        return length + 3
    }

    package static let partition = Scenario("partition") { s in
        let length = s.random.uniform(2, 10)
        var count = 1 + s.random.below(s.nodes.count - 1)
        for node in s.nodes.shuffled(using: &s.random) where count > 0 {
            s.changePort(node) { $0.group = 1 }
            count -= 1
        }
        if s.random.chance(0.5) { s.breakAPI(seconds: length + s.random.uniform(-1, 5)) }
        s.after(length) { s in
            for node in s.nodes { s.changePort(node) { $0.group = 0 } }
        }
        return length + 8
    }

    package static let uplinkBursts = Scenario("uplink_bursts") { s in
        let node = s.owner()
        var time = 0.0
        for _ in 0..<6 {
            time += s.random.uniform(0.5, 3)
            let length = s.random.uniform(0.3, 0.9)
            s.after(time) { $0.changePort(node) { $0.transmitsNothing = true } }
            time += length
            s.after(time) { $0.changePort(node) { $0.transmitsNothing = false } }
        }
        return time + 2
    }

    /// P3 of the scenario is judged from 3 s on, when the unicast carrier has taken over.
    package static let filterAll = Scenario(
        "filter_all", [.deathsCovered], warmUp: 12, prepare: { $0.filtersAll = true },
        judge: { s in filtered(s) { node in s.nodes.count { $0 !== node && $0.hasSpeaker } } }
    ) { s in
        s.powerOff(s.owner())
        return 20
    }

    package static let filterOne = Scenario(
        "filter_one", warmUp: 12, prepare: { $0.nodes[0].isFiltered = true },
        judge: { s in filtered(s) { $0 === s.nodes[0] ? 0 : 1 } }
    ) { _ in 20 }

    /// Compares what speakers say of filtered peers, for the alert, with what there is.
    private static func filtered(_ s: Simulation, expected: (VirtualNode) -> Int) -> [String] {
        s.nodes.compactMap { node in
            guard let report = s.report(of: node), report.filteredPeers != expected(node) else { return nil }
            return "\(node.name) says that \(report.filteredPeers) peers are filtered"
        }
    }

    package static let filterAppears = Scenario("filter_appears", [.nothingMoves]) { s in
        s.filtersAll = true
        s.after(8) { $0.filtersAll = false }
        return 14
    }

    package static let wireless = Scenario(
        "wireless", [.nothingMoves], warmUp: 12, prepare: { s in for node in s.nodes { node.isWireless = true } }
    ) { s in
        s.loss = 0.05
        // Beacons hold multicast back for up to 300 ms.
        let node = s.owner()
        var time = 0.0
        for _ in 0..<20 {
            time += s.random.uniform(0.3, 0.8)
            s.after(time) { s in s.changePort(node) { $0.transmitsNothing = true } }
            time += s.random.uniform(0.1, 0.3)
            s.after(time) { s in s.changePort(node) { $0.transmitsNothing = false } }
        }
        s.after(time) { $0.loss = 0 }
        return time + 3
    }

    package static let loneNode = Scenario("lone_node", [], nodes: [1]) { s in
        let node = s.nodes[0]
        s.hasGateway = s.random.chance(0.5)
        s.kill(node)
        s.after(1) { $0.boot(node) }
        return 8
    }

    package static let loneNodeWithoutGateway = Scenario(
        "lone_node_no_gateway", [], nodes: [1], prepare: { $0.hasGateway = false }
    ) { s in
        s.kill(s.nodes[0])
        s.after(1) { $0.boot($0.nodes[0]) }
        return 8
    }

    /// Two nodes, no gateway, one dies: what is left to prove that the other one receives are the clients' questions.
    package static let twoNodesWithoutGateway = Scenario(
        "two_nodes_no_gateway", [], nodes: [2], prepare: { $0.hasGateway = false }
    ) { s in
        let dead = s.random.pick(s.nodes)
        let survivor = s.others(dead)[0]
        let firstQuestion = s.random.uniform(0.1, 5)
        s.powerOff(dead)
        if s.random.chance(0.5) {
            s.after(s.random.uniform(0, 4)) { $0.kill(survivor, graceful: $0.random.chance(0.5)) }
            s.after(4.6) { $0.boot(survivor) }
        }
        let asked = s.addresses[0]
        for second in 0..<8 { s.after(firstQuestion + Double(second)) { $0.ask(asked) } }
        s.after(max(firstQuestion, 6) + 2.5) { s in
            for address in s.truth.keys where s.observer.answerers(address, s).count != 1 {
                s.problems.append("\(address) is unanswered although a client asks")
            }
        }
        return firstQuestion + 9
    }

    package static let replayedFrames = Scenario("replayed_frames", [.nothingMoves], isAuthentic: true) { s in
        s.records(duration: 3, replayAfter: 1, times: 3)
        return 12
    }

    package static let forgedFrames = Scenario("forged_frames", [.nothingMoves], isAuthentic: true) { s in
        s.forge(duration: 5)
        return 6
    }

    /// Memory stays bounded, what the API knows is found all the same, and a death is covered meanwhile.
    package static let floodedClaims = Scenario(
        "flooded_claims", [.deathsCovered], nodes: [3, 4, 5],
        prepare: { $0.timing.election.strangerLimit = 500 },
        judge: { s in
            s.nodes.compactMap { node in
                guard let speaker = node.speaker else { return nil }
                let (remembered, peers) = (speaker.election.rememberedAddresses, speaker.membership.peers.count)
                return remembered > 500 + s.addresses.count || peers > s.nodes.count
                    ? "\(node.name) remembers \(remembered) addresses and \(peers) peers" : nil
            }
        }
    ) { s in
        s.flood(duration: 6, addresses: 5000)
        s.after(s.random.uniform(1, 4)) { $0.powerOff($0.owner()) }
        return 8
    }

    package static let keyRotation = Scenario("key_rotation", [.nothingMoves], isAuthentic: true) { s in
        s.rotateKeys(to: HelloKeys(current: [1], previous: [2]))
        s.after(1) { $0.rotateKeys(to: HelloKeys(current: [2], previous: [1])) }
        s.after(4) { $0.rotateKeys(to: HelloKeys(current: [2])) }
        return 8
    }

    /// The Secret is deleted and made anew while the owner cannot read it for longer than the hold.
    package static let keyReplaced = Scenario("key_replaced", nodes: [2, 3, 4]) { s in
        s.cutFromAPI(s.owner(), seconds: 60)
        s.after(1) { $0.rotateKeys(to: HelloKeys(current: [2])) }
        return 60
    }

    /// The key is rotated while the owner is cut off from the API and from the LAN. When the LAN is back it understands nobody,
    /// and the others understand it, until they forget the old key.
    package static let keyLags = Scenario("key_lags", nodes: [3, 4, 5], isAuthentic: true) { s in
        let node = s.owner()
        s.changePort(node) { $0.group = 1 }
        s.cutFromAPI(node, seconds: 14)
        s.after(1) { $0.rotateKeys(to: HelloKeys(current: [1], previous: [2])) }
        s.after(3) { $0.rotateKeys(to: HelloKeys(current: [2], previous: [1])) }
        s.after(6) { s in s.changePort(node) { $0.group = 0 } }
        s.after(10) { $0.rotateKeys(to: HelloKeys(current: [2])) }
        return 20
    }

    /// One Hello that a node sent as ready is sent to it again and again, by somebody without the key, also while it joins.
    package static let ownHelloReplayed = Scenario("own_hello_replayed", [.nothingMoves], isAuthentic: true) { s in
        let node = s.owner()
        s.replaysHello(of: node, every: 0.2, from: 1, until: 16)
        if s.random.chance(0.5) {
            s.after(3) { $0.kill(node, graceful: $0.random.chance(0.5)) }
            s.after(5) { $0.boot(node) }
        } else {
            s.after(3) { $0.pause(node, seconds: 2) }
        }
        s.after(15) { s in
            guard let phase = node.speaker?.phase, phase != .ready else { return }
            s.problems.append("\(node.name) is silenced by a replayed frame: \(phase)")
        }
        return 16
    }

    package static let sameName = Scenario("same_name", [], nodes: [3]) { s in
        let twin = s.addNode(name: s.owner().name)
        s.boot(twin)
        return 8
    }

    /// A node's own frames come back, and its interface has the hardware address of another that goes first, as VLAN
    /// interfaces of one bond have.
    package static let reflected = Scenario(
        "reflected", [.nothingMoves], nodes: [2, 3],
        prepare: { s in
            let node = s.nodes[0]
            node.isReflected = true
            node.siblings = [
                SiblingLink(interfaceName: "eth0.10", hardwareAddress: node.hardwareAddress, goesFirst: true)
            ]
        },
        judge: { s in s.nodes[0].speaker?.phase == .ready ? [] : ["a reflection silences the speaker"] }
    ) { s in
        let node = s.nodes[0]
        s.kill(node, graceful: true)
        s.after(2) { $0.boot(node) }
        return 6
    }

    /// Two interfaces of one node on one segment: the later one is silent, and takes part while the first does not.
    private static func sameSegment(
        _ name: String, script: @escaping @Sendable (Simulation) -> Double
    ) -> Scenario {
        Scenario(
            name, [], nodes: [3, 4],
            prepare: { s in
                let first = s.nodes[0]
                let second = s.addNode(name: first.name)
                second.interfaceName = "eth1"
                first.siblings = [
                    SiblingLink(
                        interfaceName: "eth1", hardwareAddress: second.hardwareAddress, goesFirst: false)
                ]
                second.siblings = [
                    SiblingLink(interfaceName: "eth0", hardwareAddress: first.hardwareAddress, goesFirst: true)
                ]
                s.after(0.2) { $0.boot(second) }
            },
            judge: { s in
                s.nodes.last.map { $0.speaker?.phase == .passive } == true
                    ? [] : ["the second interface is not passive"]
            }, script: script)
    }

    package static let sameSegment = sameSegment("same_segment") { _ in 10 }

    package static let sameSegmentFails = sameSegment("same_segment_fails") { s in
        let (first, second) = (s.nodes[0], s.nodes[s.nodes.count - 1])
        let isSeen = s.random.chance(0.5)
        let length = s.random.uniform(6, 15)
        s.setCarrier(first, false, isSeen: isSeen)
        s.after(5) { s in
            if second.speaker?.phase != .ready { s.problems.append("the second interface does not take part") }
            if s.random.chance(0.5) { s.change(0, to: AddressTruth(allocation: 1, eligible: [first.name: 0])) }
        }
        s.after(length) { $0.setCarrier(first, true, isSeen: isSeen) }
        return length + 6
    }
}

import MonotonicTime
import SeededRandom

/// What switches and cables do: they start anew, police, lose more on one port than on the others, and flap.
extension Scenario {
    /// The switch starts anew: for a while nobody hears anybody, then all at once hear all. Some machines lose their carrier
    /// meanwhile.
    package static let switchReboots = Scenario("switch_reboots", [.nothingMoves]) { s in
        let length = s.random.uniform(1, 20)
        let isSeen = s.random.chance(0.5)
        s.gateway.hasCarrier = false
        for node in s.nodes {
            s.setCarrier(node, false, isSeen: isSeen)
            s.after(length) { $0.setCarrier(node, true, isSeen: isSeen) }
        }
        s.after(length) { s in
            s.gateway.hasCarrier = true
            s.observer.everythingChanged(s)
        }
        return length + 5
    }

    /// The same, port by port: who is back first takes what is missing, and nobody answers twice.
    package static let switchRebootsSlowly = Scenario("switch_reboots_slowly") { s in
        let length = s.random.uniform(1, 10)
        let isSeen = s.random.chance(0.5)
        let spread = s.random.pick([0.5, 5, 30])
        s.gateway.hasCarrier = false
        for node in s.nodes {
            s.setCarrier(node, false, isSeen: isSeen)
            s.after(length + s.random.uniform(0, spread)) { $0.setCarrier(node, true, isSeen: isSeen) }
        }
        s.after(length + s.random.uniform(0, spread)) { s in
            s.gateway.hasCarrier = true
            s.observer.everythingChanged(s)
        }
        return length + spread + 5
    }

    /// The switch polices group frames: the end of each burst is lost, always at the same place.
    package static let stormControl = Scenario(
        "storm_control", [.nothingMoves], nodes: [2, 3], addresses: [400], warmUp: 12
    ) { s in
        for node in s.nodes { node.port.groupFrameLimit = 3 }
        let node = s.owner()
        s.kill(node, graceful: s.random.chance(0.5))
        s.after(s.random.uniform(2, 8)) { $0.boot(node) }
        return 16
    }

    /// A bad cable loses frames for a minute, for everybody alike, in one direction.
    package static let badCable = Scenario("bad_cable", [.nothingMoves], nodes: [3, 4, 5, 7]) { s in
        let node = s.random.chance(0.6) ? s.owner() : s.random.pick(s.nodes)
        let loss = s.random.pick([0.1, 0.2, 0.3])
        let isOutward = s.random.chance(0.5)
        s.changePort(node) { ($0.transmitLoss, $0.receiveLoss) = isOutward ? (loss, 0) : (0, loss) }
        s.after(60) { s in s.changePort(node) { ($0.transmitLoss, $0.receiveLoss) = (0, 0) } }
        return 62
    }

    /// A cable that goes and comes again and again: each address moves once at most.
    package static let linkFlaps = Scenario(
        "link_flaps",
        judge: { s in
            s.observer.moves.count > s.addresses.count
                ? ["\(s.observer.moves.count) moves of \(s.addresses.count) addresses"] : []
        }
    ) { s in
        let node = s.owner()
        let isSeen = s.random.chance(0.5)
        var time = 0.0
        for _ in 0..<12 {
            s.after(time) { $0.setCarrier(node, false, isSeen: isSeen) }
            time += s.random.uniform(0.05, 2)
            s.after(time) { $0.setCarrier(node, true, isSeen: isSeen) }
            time += s.random.uniform(0.05, 3)
        }
        return time + 3
    }

    /// A LAN that was cut in two heals in one direction first. Those who hear the others end what is claimed twice, as soon
    /// as they have heard the others' next lists.
    package static let oneWayHeal = Scenario(
        "one_way_heal", [.onlyTheEnd],
        judge: { s in
            let longest = s.observer.longestDuplicate.seconds
            return longest > 1.6 ? ["two announcers for \(longest) s"] : []
        }
    ) { s in
        let length = s.random.uniform(2, 10)
        let count = 1 + s.random.below(s.nodes.count - 1)
        let apart = s.nodes.shuffled(using: &s.random).prefix(count)
        let isHeard = s.random.chance(0.5)
        for node in apart { s.changePort(node) { $0.group = 1 } }
        s.after(length) { s in
            for node in apart {
                for other in s.nodes where !apart.contains(where: { $0 === other }) {
                    s.losePair(isHeard ? other : node, isHeard ? node : other, 1)
                }
                s.changePort(node) { $0.group = 0 }
            }
        }
        s.after(length + 6) { $0.pairLoss = [:] }
        return length + 10
    }
}

import Link
import MonotonicTime
import NetworkAddresses
import SeededRandom

/// The API is out of reach, late, or changes its mind.
extension Scenario {
    package static let apiOutageReboot = Scenario("api_outage_reboot", [.nothingReturns]) { s in
        let node = s.owner()
        s.breakAPI(seconds: 12)
        s.after(0.2) { $0.powerOff(node) }
        s.after(5) { $0.powerOn(node, speakerAfter: 1) }
        s.mark = s.seconds + 5
        return 16
    }

    package static let cutOldRecord = Scenario("cut_old_record", [.nothingReturns]) { s in
        let node = s.owner()
        s.breakAPI(seconds: 10)
        s.after(0.2) { $0.setCarrier(node, false) }
        s.after(s.random.uniform(1.5, 5)) { $0.setCarrier(node, true) }
        s.mark = s.seconds + 1.5
        return 14
    }

    package static let apiOutage = Scenario("api_outage", [.nothingMoves]) { s in
        let length = s.random.uniform(18, 40)
        s.breakAPI(seconds: length)
        return length + 5
    }

    package static let apiCutOne = Scenario("api_cut_one", [.nothingMoves]) { s in
        let length = s.random.uniform(22, 40)
        s.cutFromAPI(s.owner(), seconds: length)
        return length + 5
    }

    package static let apiCutMost = Scenario("api_cut_most", [.nothingMoves]) { s in
        let length = s.random.uniform(22, 40)
        let kept = s.random.pick(s.nodes)
        for node in s.others(kept) { s.cutFromAPI(node, seconds: length) }
        return length + 5
    }

    package static let powerOffInOutage = Scenario("poweroff_api_outage", [.deathsCovered]) { s in
        s.breakAPI(seconds: 30)
        s.after(s.random.uniform(1, 25)) { $0.powerOff($0.owner()) }
        return 32
    }

    package static let staleThenHeal = Scenario("stale_then_heal_partial") { s in
        let length = s.random.uniform(18, 30)
        let node = s.random.pick(s.nodes)
        s.breakAPI(seconds: length)
        s.after(length - 3) { $0.powerOff(node) }
        return length + 6
    }

    private static func exclude(_ s: Simulation) {
        s.change(0, to: AddressTruth(allocation: 1, eligible: s.names(without: s.owner())))
    }

    package static let labelChange = Scenario("label_change", [.noGap]) { s in
        exclude(s)
        return 2
    }

    package static let labelChangeWithLoss = Scenario("label_change_loss", [.noGap]) { s in
        s.loss = s.random.pick([0.05, 0.2])
        s.after(10) { $0.loss = 0 }
        exclude(s)
        return 11
    }

    package static let selectorsChange = Scenario("selectors_change") { s in
        var time = 0.0
        for _ in 0..<8 {
            time += s.random.uniform(0.05, 1.5)
            var eligible = s.names()
            for node in s.nodes where s.random.chance(0.4) && eligible.count > 1 { eligible[node.name] = nil }
            let address = s.random.below(s.addresses.count)
            s.after(time) { $0.change(address, to: AddressTruth(allocation: 1, eligible: eligible)) }
        }
        return time + 4
    }

    package static let endpointMoves = Scenario("endpoint_moves", [.noGap]) { s in
        let target = s.random.pick(s.others(s.owner()))
        s.change(0, to: AddressTruth(allocation: 1, eligible: [target.name: 0]))
        return 2
    }

    package static let drain = Scenario("drain", [.noGap]) { s in
        let node = s.owner()
        s.fanOut { if $0 === node { $0.isLeaving = true } }
        return 4
    }

    /// Cordoned: a node of last resort for everything.
    package static let cordon = Scenario("cordon", [.noGap]) { s in
        let node = s.owner()
        var eligible = s.names()
        eligible[node.name] = -1
        for address in s.addresses.indices { s.change(address, to: AddressTruth(allocation: 1, eligible: eligible)) }
        return 4
    }

    package static let delete = Scenario("delete", [.deletionHeard]) { s in
        s.change(0, to: nil)
        return 1
    }

    package static let deleteStaleOwner = Scenario("delete_stale_owner", [.deletionHeard]) { s in
        s.cutFromAPI(s.owner(), seconds: 60)
        s.after(s.random.uniform(0.1, 30)) { $0.change(0, to: nil) }
        return 40
    }

    /// Hundreds of Services are deleted while their announcer cannot know: it is told in a few frames.
    package static let deleteMany = Scenario(
        "delete_many", [.deletionHeard], nodes: [3, 4, 5], addresses: [300],
        judge: { s in
            s.nodes.compactMap { node in
                guard let sent = s.report(of: node)?.counters.refusesSent, sent > 60 else { return nil }
                return "\(node.name) sent \(sent) Refuse frames"
            }
        }
    ) { s in
        s.cutFromAPI(s.owner(), seconds: 60)
        s.after(s.random.uniform(0.1, 20)) { s in
            for address in s.addresses.indices { s.change(address, to: nil) }
        }
        return 25
    }

    /// Services come, go and change their nodes while some speakers cannot know. What is refused to one of these is not
    /// taken by the next.
    package static let churnWhileCut = Scenario("churn_while_cut", [.deletionHeard], nodes: [3, 4]) { s in
        for node in s.nodes.dropFirst() where s.random.chance(0.6) {
            s.cutFromAPI(node, seconds: s.random.uniform(5, 50))
        }
        var time = 0.0
        for allocation in 10..<35 as Range<UInt64> {
            time += s.random.uniform(0.1, 3)
            let address = s.random.below(s.addresses.count)
            let isDeletion = s.random.chance(0.5)
            s.after(time) { s in
                var eligible = s.names()
                for node in s.nodes.dropFirst() where s.random.chance(0.4) { eligible[node.name] = nil }
                switch s.truth[address] {
                case nil:
                    var truth = AddressTruth(allocation: allocation, eligible: eligible)
                    truth.isNewlyAssigned = s.random.chance(0.5)
                    s.changeFreshly(address, to: truth)
                case .some where isDeletion: s.change(address, to: nil)
                case .some(var truth):
                    truth.eligible = eligible
                    s.change(address, to: truth)
                }
            }
        }
        return max(time, 54) + 6
    }

    package static let deleteHelped = Scenario("delete_helped", [.deletionHeard]) { s in
        let node = s.owner()
        s.kill(node)
        s.after(s.random.uniform(0.1, 5)) { $0.change(0, to: nil) }
        s.after(10) { $0.boot(node) }
        return 12
    }

    /// The helper is the one that cannot reach the API.
    package static let deleteStaleHelper = Scenario("delete_stale_helper", [.deletionHeard], nodes: [3, 4, 5]) { s in
        let node = s.owner()
        s.kill(node)
        s.after(1) { s in
            if let helper = s.others(node).first(where: { $0.answers[0] == node.hardwareAddress }) {
                s.cutFromAPI(helper, seconds: 60)
            }
        }
        s.after(18) { $0.change(0, to: nil) }
        return 24
    }

    package static let deleteHungWatch = Scenario("delete_hung_watch", [.deletionHeard]) { s in
        s.owner().watchHangsUntil = s.now + .seconds(300)
        s.after(0.5) { $0.change(0, to: nil) }
        return 30
    }

    /// One node's view lags: it believes in a candidate that knows better.
    package static let viewsDisagree = Scenario("hash_disagree", nodes: [3, 4, 5, 7]) { s in
        let node = s.owner()
        let lagging = s.random.pick(s.others(node))
        s.setView(of: lagging, 0, AddressTruth(allocation: 1, eligible: s.names(without: lagging)))
        lagging.watchHangsUntil = s.now + .seconds(50)
        s.after(0.1) { $0.powerOff(node) }
        return 6
    }

    package static let reuseStaleOwner = Scenario(
        "reuse_stale_owner", nodes: [3, 4, 5],
        judge: { s in
            let announcers = s.observer.answerers(0, s)
            return announcers.allSatisfy { s.truth[0]?.eligible[$0.node.name] != nil }
                ? [] : ["P6: a node of the old allocation answers"]
        }
    ) { s in
        let node = s.owner()
        var eligible: [String: Int] = [:]
        for other in s.others(node).prefix(2) { eligible[other.name] = 0 }
        s.cutFromAPI(node, seconds: 40)
        s.after(20) { $0.change(0, to: nil) }
        s.after(22) { $0.change(0, to: AddressTruth(allocation: 2, eligible: eligible)) }
        return 45
    }

    package static let weightsFlap = Scenario("weights_flap") { s in
        let other = s.random.pick(s.others(s.owner()))
        var time = 0.0
        for round in 0..<6 {
            time += s.random.uniform(0.2, 3)
            var eligible = s.names()
            if round % 2 == 0 { eligible[other.name] = 50 }
            s.after(time) { $0.change(0, to: AddressTruth(allocation: 1, eligible: eligible)) }
        }
        return time + 12
    }

    package static let joinerOnlyCandidate = Scenario("joiner_only_candidate") { s in
        let node = s.owner()
        s.kill(node)
        s.change(0, to: AddressTruth(allocation: 1, eligible: [node.name: 0]))
        s.after(4) { $0.boot(node) }
        return 6
    }

    /// New addresses are probed; one of them is in use by a foreign host, and is not announced.
    package static let probing = Scenario(
        "probing", nodes: [2, 3, 4],
        judge: { s in
            let seen = s.nodes.contains { node in
                node.facts.contains { if case .probeConflict = $0 { true } else { false } }
            }
            let isAnnounced = !s.observer.answerers(0, s).isEmpty
            return (seen ? [] : ["no probe conflict reported"])
                + (isAnnounced ? ["a foreign address is announced"] : [])
        }
    ) { s in
        s.change(0, to: nil)
        s.after(2) { s in
            s.squatters[s.addresses[0]] = MACAddress(2, 9, 9, 9, 9, 9)
            var truth = AddressTruth(allocation: 9, eligible: s.names())
            truth.isNewlyAssigned = true
            s.changeFreshly(0, to: truth)
        }
        return 8
    }

    package static let probingFree = Scenario("probing_free") { s in
        s.change(0, to: nil)
        s.after(2) { s in
            var truth = AddressTruth(allocation: 9, eligible: s.names())
            truth.isNewlyAssigned = true
            s.changeFreshly(0, to: truth)
        }
        return 6
    }
}

import SeededRandom

/// Machines, cables and speakers that fail.
extension Scenario {
    package static let crashSpeaker = Scenario("crash_speaker", [.nothingMoves]) { s in
        let node = s.owner()
        let pause = s.random.uniform(1, 20)
        s.kill(node)
        s.after(pause) { $0.boot(node) }
        return pause + 2
    }

    package static let quickRestart = Scenario("quick_restart", [.nothingMoves]) { s in
        let node = s.owner()
        let pause = s.random.uniform(0.13, 0.8)
        s.kill(node, graceful: s.random.chance(0.5))
        s.after(pause) { $0.boot(node) }
        return pause + 3
    }

    package static let restartGraceful = Scenario("restart_graceful", [.nothingMoves]) { s in
        let node = s.owner()
        let pause = s.random.uniform(1, 20)
        s.kill(node, graceful: true)
        s.after(pause) { $0.boot(node) }
        return pause + 2
    }

    package static let powerOff = Scenario("poweroff", [.deathsCovered]) { s in
        s.powerOff(s.owner())
        return 1
    }

    package static let reboot = Scenario("reboot", [.nothingReturns]) { s in
        let node = s.owner()
        let pause = s.random.uniform(8, 20)
        s.powerOff(node)
        let start = s.random.uniform(0.5, 8)
        s.after(pause) { $0.powerOn(node, speakerAfter: start) }
        s.mark = s.seconds + pause
        return pause + 10
    }

    package static let switchCut = Scenario("switch_cut", [.nothingReturns]) { s in
        let node = s.owner()
        let pause = s.random.uniform(1, 10)
        let isSeen = s.random.chance(0.5)
        s.setCarrier(node, false, isSeen: isSeen)
        s.after(pause) { $0.setCarrier(node, true, isSeen: isSeen) }
        s.mark = s.seconds + pause
        return pause + 1.5
    }

    package static let carrierFlap = Scenario("carrier_flap", [.nothingMoves]) { s in
        let node = s.owner()
        let pause = s.random.uniform(0.01, 0.25)
        s.setCarrier(node, false, isSeen: true)
        s.after(pause) { $0.setCarrier(node, true, isSeen: true) }
        return pause + 3
    }

    package static let pause = Scenario("pause") { s in
        let seconds = s.random.pick([0.2, 0.4, 0.6, 1, 3, 10, 29.8, 30.3, 60])
        s.pause(s.owner(), seconds: seconds)
        return seconds + 1
    }

    package static let pauseWithinHold = Scenario("pause_within_hold", [.nothingMoves]) { s in
        let seconds = s.random.pick([0.2, 0.4, 0.6, 1, 2, 3, 10, 25])
        s.pause(s.owner(), seconds: seconds)
        return seconds + 1
    }

    package static let machinePause = Scenario("vm_pause") { s in
        let seconds = s.random.pick([0.2, 0.4, 0.6, 0.7, 1, 3, 10, 60])
        s.pause(s.owner(), seconds: seconds, asMachine: true)
        return seconds + 1
    }

    package static let clockJump = Scenario("clock_jump", [.nothingMoves]) { s in
        var time = 0.0
        for _ in 0..<4 {
            let node = s.random.pick(s.nodes)
            let seconds = s.random.pick([0.03, 0.2, 0.45, 2, 30, 3600])
            s.after(time) { $0.jumpClock(node, seconds: seconds) }
            time += s.random.uniform(2, 4)
        }
        return time + 1
    }

    package static let stutter = Scenario("stutter", [.nothingMoves]) { s in
        let node = s.owner()
        var time = 0.0
        for _ in 0..<30 {
            time += s.random.uniform(0.1, 0.6)
            let length = s.random.uniform(0.05, 0.45)
            s.after(time) { $0.pause(node, seconds: length) }
        }
        return time + 1
    }

    /// All candidates but one never get to run in time, and are never silent for long enough to be suspected.
    package static let lateCandidates = Scenario("late_candidate", [.deathsCovered], nodes: [3, 4, 5]) { s in
        let owner = s.owner()
        let others = s.others(owner)
        let prompt = s.random.pick(others)
        for node in others where node !== prompt {
            var time = 0.0
            while time < 8 {
                time += s.random.uniform(0.01, 0.05)
                let length = s.random.uniform(0.06, 0.25)
                s.after(time) { $0.pause(node, seconds: length) }
                time += length
            }
        }
        s.after(s.random.uniform(2, 4)) { $0.powerOff(owner) }
        return 9
    }

    package static let receivesNothing = Scenario("rx_dead") { s in
        let node = s.owner()
        let length = s.random.uniform(2, 8)
        s.changePort(node) { $0.receivesNothing = true }
        s.after(length) { $0.changePort(node) { $0.receivesNothing = false } }
        return length
    }

    package static let transmitsNothing = Scenario("tx_dead") { s in
        let node = s.owner()
        let length = s.random.uniform(2, 8)
        s.changePort(node) { $0.transmitsNothing = true }
        s.after(length) { $0.changePort(node) { $0.transmitsNothing = false } }
        return length
    }

    package static let twoFailures = Scenario("two_failures", [.deathsCovered], nodes: [3, 4, 5, 7]) { s in
        let node = s.owner()
        let other = s.random.pick(s.others(node))
        s.powerOff(node)
        s.after(s.random.uniform(0.05, 1)) { $0.powerOff(other) }
        return 2
    }

    package static let helperDies = Scenario("helper_dies") { s in
        let node = s.owner()
        s.kill(node, graceful: s.random.chance(0.5))
        s.after(s.random.uniform(1, 5)) { s in
            guard let helper = s.nodes.first(where: { $0.answers[0] == node.hardwareAddress && $0 !== node }) else {
                return
            }
            s.powerOff(helper)
        }
        s.after(12) { $0.boot(node) }
        return 14
    }

    package static let helpedDies = Scenario("helped_dies", [.deathsCovered]) { s in
        let node = s.owner()
        s.kill(node, graceful: s.random.chance(0.5))
        s.after(s.random.uniform(0.5, 5)) { $0.powerOff(node) }
        return 7
    }

    package static let restartBeyondHold = Scenario("restart_beyond_hold") { s in
        let node = s.owner()
        s.kill(node, graceful: true)
        s.after(s.random.uniform(29, 32)) { $0.boot(node) }
        return 35
    }

    package static let rebootKernelFirst = Scenario("reboot_kernel_first") { s in
        let node = s.owner()
        s.powerOff(node)
        s.after(s.random.uniform(0.2, 0.6)) { $0.powerOn(node, speakerAfter: 6) }
        return 9
    }

    package static let rollingRestart = Scenario("rolling_restart", [.nothingMoves]) { s in
        var time = 0.0
        for node in s.nodes {
            let pause = s.random.uniform(2, 12)
            let graceful = s.random.chance(0.9)
            s.after(time) { $0.kill(node, graceful: graceful) }
            s.after(time + pause) { $0.boot(node) }
            time += pause + 2.2
        }
        return time + 1
    }

    package static let rollingFast = Scenario("rolling_fast", [.nothingMoves]) { s in
        var time = 0.0
        for node in s.nodes {
            let pause = s.random.uniform(1, 4)
            s.after(time) { $0.kill(node, graceful: true) }
            s.after(time + pause) { $0.boot(node) }
            time += pause + 0.1
        }
        return time + 3
    }

    /// All speakers are upgraded one after the other, and a node is cordoned meanwhile and let in again.
    package static let upgradeAndCordon = Scenario(
        "upgrade_and_cordon", [.noGap], nodes: [3, 4, 5], addresses: [60]
    ) { s in
        var time = 0.0
        for node in s.nodes {
            let pause = s.random.uniform(1, 6)
            s.after(time) { $0.kill(node, graceful: true) }
            s.after(time + pause) { $0.boot(node) }
            time += pause + 2.2
        }
        var weights = s.names()
        weights[s.random.pick(s.nodes).name] = -1
        let start = s.random.uniform(0, time)
        for (time, eligible) in [(start, weights), (start + s.random.uniform(1, 10), s.names())] {
            s.after(time) { s in
                for address in s.addresses.indices {
                    s.change(address, to: AddressTruth(allocation: 1, eligible: eligible))
                }
            }
        }
        return time + 12
    }

    /// Its helper takes a while to run, and meanwhile somebody claims the address at a term below: that is no help.
    package static let farewellLowClaim = Scenario(
        "farewell_low_claim", [.noGap, .nothingMoves], nodes: [2], addresses: [1]
    ) { s in
        let node = s.owner()
        s.pause(s.others(node)[0], seconds: 0.35)
        s.after(0.05) { s in
            s.kill(node, graceful: true)
            s.claimEverything(term: 0, duration: 0.3)
        }
        s.after(3) { $0.boot(node) }
        return 6
    }

    package static let allRestart = Scenario("all_restart", [.nothingMoves]) { s in
        for node in s.nodes {
            s.kill(node, graceful: true)
            s.after(s.random.uniform(3, 6)) { $0.boot(node) }
        }
        return 9
    }

    package static let coldStart = Scenario("cold_start") { s in
        for node in s.nodes { s.powerOff(node) }
        s.forgetRecords()
        for node in s.nodes { s.after(s.random.uniform(2, 20)) { $0.powerOn(node, speakerAfter: 0) } }
        return 40
    }

    package static let spanningTreeBoot = Scenario("stp_boot", [.nothingReturns]) { s in
        let node = s.owner()
        let off = s.random.uniform(2, 6)
        let blocked = s.random.uniform(3, 8)
        s.powerOff(node)
        s.after(off) { s in
            s.powerOn(node, speakerAfter: 0)
            s.setCarrier(node, false)
        }
        s.after(off + blocked) { $0.setCarrier(node, true) }
        s.mark = s.seconds + off
        return off + blocked + 2
    }
}

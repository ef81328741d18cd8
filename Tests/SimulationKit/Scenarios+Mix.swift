import SeededRandom

extension Scenario {
    private static let ingredients: [Scenario] = [
        .crashSpeaker, .restartGraceful, .powerOff, .switchCut, .pause, .machinePause, .symmetricLoss, .oneWayPair,
        .receivesNothing, .transmitsNothing, .partition, .apiOutage, .apiCutOne, .labelChange, .helperDies, .helpedDies,
        .reboot, .stutter, .weightsFlap,
    ]

    private static func stir(_ s: Simulation) {
        for _ in 0..<3 {
            let fault = s.random.pick(ingredients)
            s.after(s.random.uniform(0, 6)) { s in
                s.note("fault \(fault.name)")
                _ = fault.script(s)
            }
        }
    }

    /// Three random faults within 6 s.
    package static let mix = Scenario("mix") { s in
        stir(s)
        return 110
    }

    /// The same with loss throughout.
    package static let mixWithLoss = Scenario("mix_loss") { s in
        s.loss = s.random.pick([0.01, 0.03, 0.08])
        s.after(100) { $0.loss = 0 }
        stir(s)
        return 110
    }

    package static let all: [Scenario] = [
        .crashSpeaker, .quickRestart, .restartGraceful, .powerOff, .reboot, .switchCut, .carrierFlap, .pause,
        .pauseWithinHold, .machinePause, .clockJump, .stutter, .lateCandidates, .receivesNothing, .transmitsNothing,
        .twoFailures,
        .helperDies,
        .helpedDies, .restartBeyondHold, .rebootKernelFirst, .rollingRestart, .rollingFast, .upgradeAndCordon,
        .farewellLowClaim,
        .allRestart, .coldStart,
        .spanningTreeBoot,
        .symmetricLoss, .powerOffWithLoss, .oneWayPair, .oneWayTwoNodes, .oneWayJoiner, .partition, .uplinkBursts,
        .longLists, .filterAll,
        .filterOne, .filterAppears, .wireless, .loneNode, .loneNodeWithoutGateway, .twoNodesWithoutGateway,
        .replayedFrames, .forgedFrames,
        .keyRotation, .keyReplaced, .keyLags, .ownHelloReplayed, .sameName, .sameSegment, .sameSegmentFails, .reflected,
        .apiOutageReboot, .cutOldRecord, .apiOutage, .apiCutOne, .apiCutMost, .powerOffInOutage, .staleThenHeal,
        .labelChange, .labelChangeWithLoss, .selectorsChange, .endpointMoves, .drain, .cordon, .delete,
        .churnWhileCut, .deleteStaleOwner, .deleteMany, .deleteHelped, .deleteStaleHelper, .deleteHungWatch,
        .viewsDisagree,
        .reuseStaleOwner,
        .weightsFlap, .joinerOnlyCandidate, .probing, .probingFree, .floodedClaims,
        .bridgeBoots, .partialHeal, .lowTermOwner, .highestTerm, .helperDisagrees, .patientWitness, .halfBoots,
        .switchReboots, .switchRebootsSlowly, .stormControl, .badCable, .linkFlaps, .oneWayHeal,
        .secondWireCut, .firstWireCut, .twoWiresRestart, .twoWiresPowerOff,
        .mix, .mixWithLoss,
    ]
}

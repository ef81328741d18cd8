package import Link
import MonotonicTime
import NetworkAddresses
import SeededRandom
import Wire

extension Simulation {
    // MARK: Processes

    package func boot(_ node: VirtualNode) {
        guard node.port.hasPower else { return }
        if node.speaker?.isRestarting == true { return after(0.01) { $0.boot(node) } }
        guard !node.hasSpeaker else { return }
        node.process += 1
        node.isWatching = false
        node.hasSnapshot = false
        node.isPaused = false
        node.pausedFrames = []
        node.wakeAt = nil
        node.view = [:]
        node.records = [:]
        node.knownPeers = []
        node.lastContact = now
        node.wasStale = false
        node.answers = [:]
        node.clockOffset = .lasting(random.uniform(0, 1e6))
        // The key comes with the snapshot; a key once loaded is kept in the process only.
        node.keyring = HelloKeyring()
        node.speaker = LinkSpeaker(
            configuration(of: node), incarnation: random.next(), authenticator: authenticator,
            at: now + node.clockOffset)
        node.hasSpeaker = true
        note("\(node.name) boots")
        let process = node.process
        after(random.uniform(0.1, 0.6)) { $0.relist(node, process) }
        after(random.uniform(0, 5)) { $0.contact(node, process) }
        drive(node) { speaker, now in speaker.poll(at: now) }
    }

    /// SIGKILL, or SIGTERM when graceful: the speaker says so, and ends when others answer in its place.
    package func kill(_ node: VirtualNode, graceful: Bool = false) {
        if graceful, node.hasSpeaker, !node.isPaused {
            drive(node) { speaker, now in speaker.announceRestart(at: now) }
        } else {
            end(node)
        }
    }

    func end(_ node: VirtualNode) {
        note("\(node.name) ends")
        node.speaker = nil
        node.hasSpeaker = false
        node.process += 1
        node.answers = [:]
        observer.everythingChanged(self)
    }

    package func powerOff(_ node: VirtualNode) {
        note("\(node.name) loses power")
        observer.somebodyDied(at: now)
        node.port.hasPower = false
        end(node)
    }

    package func powerOn(_ node: VirtualNode, speakerAfter seconds: Double) {
        node.port.hasPower = true
        node.port.isFrozen = false
        observer.everythingChanged(self)
        after(seconds) { $0.boot(node) }
    }

    /// SIGSTOP and SIGCONT; `asMachine`: the hypervisor stops the whole machine, and its clock with it.
    package func pause(_ node: VirtualNode, seconds: Double, asMachine: Bool = false) {
        guard node.hasSpeaker, !node.isPaused else { return }
        note("\(node.name) pauses for \(seconds) s")
        node.isPaused = true
        if asMachine {
            observer.somebodyDied(at: now)
            node.port.isFrozen = true
        }
        observer.everythingChanged(self)
        let process = node.process
        after(seconds) { $0.resume(node, process, late: asMachine ? 0 : seconds, asMachine) }
    }

    private func resume(_ node: VirtualNode, _ process: Int, late: Double, _ asMachine: Bool) {
        if asMachine { node.port.isFrozen = false }
        guard node.process == process else { return }
        note("\(node.name) resumes")
        node.isPaused = false
        var frames = node.pausedFrames
        node.pausedFrames = []
        drive(node) { speaker, now in
            if late > 0, speaker.wokeUpLate(by: .lasting(late), at: now) == .flushSockets { frames = [] }
            // The sockets are drained before any deadline is looked at.
            var effects: [LinkEffect] = []
            for frame in frames { effects += Self.take(frame, by: &speaker, at: now) }
            return effects
        }
        observer.everythingChanged(self)
        if node.isViewChanged { refreshView(node) }
    }

    /// CLOCK_MONOTONIC jumps ahead, as after a suspend on some machines: a pause that took no time.
    package func jumpClock(_ node: VirtualNode, seconds: Double) {
        guard node.hasSpeaker, !node.isPaused else { return }
        note("\(node.name) clock jumps \(seconds) s")
        node.clockOffset = node.clockOffset + .lasting(seconds)
        drive(node) { speaker, now in
            _ = speaker.wokeUpLate(by: .lasting(seconds), at: now)
            return []
        }
    }

    package func setCarrier(_ node: VirtualNode, _ hasCarrier: Bool, isSeen: Bool = false) {
        note("\(node.name) carrier \(hasCarrier)")
        if !hasCarrier { observer.somebodyDied(at: now) }
        node.port.hasCarrier = hasCarrier
        if isSeen {
            drive(node) { speaker, now in
                speaker.interfaceChanged(hardwareAddress: node.hardwareAddress, isUp: hasCarrier, at: now)
            }
        }
        observer.everythingChanged(self)
    }

    package func changePort(_ node: VirtualNode, _ change: (inout VirtualPort) -> Void) {
        note("\(node.name) port changes")
        observer.somebodyDied(at: now)
        change(&node.port)
        observer.everythingChanged(self)
    }

    package func report(of node: VirtualNode) -> LinkReport? { node.speaker?.report(at: now + node.clockOffset) }

    // MARK: Configuration

    func configuration(of node: VirtualNode) -> LinkConfiguration {
        var configuration = LinkConfiguration(
            nodeName: node.name, interfaceName: node.interfaceName, interfaceIndex: 2,
            hardwareAddress: node.hardwareAddress, cluster: ClusterID(rawValue: 77))
        configuration.ownAddresses = node.addresses
        let family = node.addresses[0].family
        configuration.gateways = hasGateway ? gatewayAddresses.filter { $0.family == family } : []
        configuration.maximumTransmissionUnit = maximumTransmissionUnit
        configuration.isWireless = node.isWireless
        configuration.siblings = node.siblings
        configuration.knownPeers = node.knownPeers
        configuration.isStale = node.wasStale
        configuration.isLeaving = node.isLeaving
        configuration.keys = node.keyring.keys
        configuration.timing = timing
        configuration.intents = node.hasSnapshot ? intents(of: node) : nil
        return configuration
    }
}

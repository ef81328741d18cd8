package import Election
package import Layer2
package import Membership
package import MonotonicTime
package import NetworkAddresses
package import Wire

/// Everything that decides on one link: who is alive (`Membership`), who announces what (`Election`), and what is said
/// for it on the wire (`Layer2Link`). Frames and time go in, frames and facts come out; nothing here waits, reads a
/// clock or draws randomness.
///
/// The packet thread calls, in this order: `wokeUpLate` after a late wake-up, `receive` for each frame that has arrived,
/// then `poll` as soon as `nextDeadline` has passed.
package struct LinkSpeaker: Sendable {
    package internal(set) var configuration: LinkConfiguration
    package internal(set) var membership: Membership
    package internal(set) var election: Election
    package internal(set) var layer2: Layer2Link
    let authenticator: any HelloAuthenticator
    let me: NodeID

    var sender: EncodedSender
    var capacity: HelloFrame.Capacity
    var sequence: UInt64 = 0
    var isUp: Bool { layer2.isUp }
    var punctuality = Punctuality()
    /// The last moments of a process that restarts.
    var farewell: Farewell?
    package var isRestarting: Bool { farewell != nil }
    var carriers: [NodeID: Carrier] = [:]
    var carrierOrder: [NodeID] = []
    /// Effects of a call that cannot return any.
    var pending: [LinkEffect] = []
    var conditions: [NodeID: PeerCondition] = [:]
    var reportedPhase: LinkPhase?
    var reportedCrowdAt: Instant?
    var nodeAddresses: Set<MACAddress> = []
    var askedHosts: Set<IPAddress> = []
    var interestChanges: UInt64 = 0
    var counters = LinkCounters()

    /// - Parameter incarnation: a random number, new with each start of the process and on each link.
    package init(
        _ configuration: LinkConfiguration, incarnation: UInt64,
        authenticator: any HelloAuthenticator = HMACAuthenticator(), at now: Instant
    ) {
        me = NodeID(name: configuration.nodeName)
        self.configuration = configuration
        self.authenticator = authenticator
        membership = Membership(me: me, incarnation: incarnation, timing: configuration.timing.membership, now: now)
        election = Election(me: me, timing: configuration.timing.election, now: now)
        layer2 = Layer2Link(hardwareAddress: configuration.hardwareAddress, timing: configuration.timing.layer2)
        sender = EncodedSender(configuration.description)
        capacity = HelloFrame.Capacity(
            maximumTransmissionUnit: configuration.maximumTransmissionUnit, sender: sender)
        apply(configuration, at: now)
    }

    /// Takes what the control plane knows now.
    package mutating func configure(_ configuration: LinkConfiguration, at now: Instant) -> [LinkEffect] {
        let old = self.configuration
        self.configuration = configuration
        if configuration.description != old.description
            || configuration.maximumTransmissionUnit != old.maximumTransmissionUnit
        {
            sender = EncodedSender(configuration.description)
            capacity = HelloFrame.Capacity(
                maximumTransmissionUnit: configuration.maximumTransmissionUnit, sender: sender)
        }
        var effects: [LinkEffect] = []
        if configuration.hardwareAddress != old.hardwareAddress {
            effects += changeHardwareAddress(configuration.hardwareAddress, at: now)
        }
        apply(configuration, at: now)
        return effects + finish(at: now)
    }

    private mutating func apply(_ configuration: LinkConfiguration, at now: Instant) {
        var environment = Membership.Environment()
        let gateways4 = configuration.gateways.filter { $0.family == .ipv4 }
        environment.gateways = gateways4.isEmpty ? configuration.gateways : gateways4
        environment.known = configuration.knownPeers.compactMap { peer in
            let id = NodeID(name: peer.name)
            return id == me ? nil : .init(id: id, name: peer.name, addresses: peer.addresses)
        }
        environment.recorded = recordedOwners(configuration.intents ?? [])
        environment.hasSnapshot = configuration.intents != nil
        environment.hasKey = configuration.keys != nil
        environment.isUp = isUp
        environment.isWireless = configuration.isWireless
        environment.families = Set(configuration.ownAddresses.map(\.family))
        environment.prefixes = configuration.prefixes
        membership.configure(environment, timing: configuration.timing.membership, at: now)
        election.configure(
            configuration.intents, isStale: configuration.isStale, isLeaving: configuration.isLeaving,
            timing: configuration.timing.election, at: now)
        trimCarriers(at: now)
        updateNodes()
        interestChanges &+= 1
    }

    private func recordedOwners(_ intents: [AddressIntent]) -> [NodeID] {
        var names: Set<String> = []
        var owners: [NodeID] = []
        for intent in intents {
            guard let name = intent.recordedOwner, names.insert(name).inserted else { continue }
            owners.append(NodeID(name: name))
        }
        return owners
    }

    // MARK: The interface and the process

    /// The interface's state as netlink tells it, ahead of the control plane. What changed is announced anew.
    package mutating func interfaceChanged(
        hardwareAddress: MACAddress, isUp: Bool, at now: Instant
    ) -> [LinkEffect] {
        var effects: [LinkEffect] = []
        if hardwareAddress != configuration.hardwareAddress {
            effects += changeHardwareAddress(hardwareAddress, at: now)
        }
        if isUp != self.isUp {
            layer2.setUp(isUp, at: now)
            effects += rejoin(at: now)
            apply(configuration, at: now)
        }
        return effects + finish(at: now)
    }

    private mutating func changeHardwareAddress(_ address: MACAddress, at now: Instant) -> [LinkEffect] {
        configuration.hardwareAddress = address
        let effects = rejoin(at: now)
        layer2.setHardwareAddress(address, at: now)
        return effects
    }

    /// The thread is this much later than it asked for; called before the sockets are drained.
    package mutating func wokeUpLate(by lateness: Interval, at now: Instant) -> LateWakeUp {
        guard !isRestarting, lateness > configuration.timing.membership.lateness else { return .inTime }
        punctuality.missed = true
        guard lateness > membership.deadInterval else {
            membership.excuse(lateness)
            return .proceed
        }
        counters.pauses &+= 1
        pending += rejoin(at: now)
        return .flushSockets
    }

    mutating func rejoin(at now: Instant) -> [LinkEffect] {
        perform(membership.rejoin(incarnation: nextIncarnation(), at: now), at: now)
    }

    /// SplitMix64 over the random number that the process gave: a later incarnation is as unpredictable as the first.
    func nextIncarnation() -> UInt64 {
        var value = membership.incarnation &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

extension LinkConfiguration {
    /// What this node says about itself in its frames.
    var description: HelloSender {
        HelloSender(name: nodeName, interfaceName: interfaceName, addresses: ownAddresses)
    }
}

import Election
package import Link
import Membership
package import MonotonicTime
package import NetworkAddresses
package import SeededRandom
package import Wire

/// A LAN in virtual time: nodes that run the real `LinkSpeaker`, a gateway, a switch with faults, an API with watches,
/// and an observer at the gateway. The same seed gives the same history.
package final class Simulation {
    package enum Event {
        case speakers(source: Int, bytes: [UInt8], target: Int?)
        case neighbors(to: Int, [UInt8])
        case wake(Int, process: Int)
        case call((Simulation) -> Void)
    }

    package let seed: UInt64
    package var random: SeededGenerator
    package private(set) var now = Instant(nanoseconds: 0)
    private var queue = EventQueue<Event>()
    package internal(set) var nodes: [VirtualNode] = []
    package var gateway = VirtualPort()
    package let gatewayAddresses: [IPAddress] = [
        .v4(IPv4Address(192, 168, 57, 30)), .v6(IPv6Address(high: 0xFE80_0000_0000_0000, low: 30)),
    ]
    package let gatewayHardware = MACAddress(2, 0, 0, 0, 1, 30)
    let clientHardware = MACAddress(2, 0, 0, 0, 1, 60)
    /// A lone network without a router that answers.
    package var hasGateway = true

    // The wire.
    package var loss = 0.0
    package var pairLoss: [Int: Double] = [:]
    package var filtersAll = false
    package var framesSent = 0
    package var maximumTransmissionUnit = 1500
    /// What an attacker records, while it does.
    var recorded: [[UInt8]]?
    /// Foreign hosts that use an address.
    package var squatters: [IPAddress: MACAddress] = [:]

    // The API.
    package internal(set) var truth: [Int: AddressTruth] = [:]
    package internal(set) var records: [Int: String] = [:]
    package internal(set) var deletedAt: [Int: Instant] = [:]
    package var isAPIUp = true
    package let addresses: [IPAddress]
    let addressIndex: [IPAddress: Int]

    package var timing: LinkTiming
    package var keys = HelloKeys(current: [1])
    package let authenticator: any HelloAuthenticator
    package var observer: Observer
    package var log: [String]?
    /// Since when a move is one that must not be: set by scenarios in which something returns.
    package var mark: Double?
    /// What a scenario found wrong on its way.
    package var problems: [String] = []

    /// - Parameters:
    ///   - isIPv6Only: nodes have link-local IPv6 addresses only, so that kernels are asked by neighbor solicitations.
    package init(
        seed: UInt64, nodes count: Int, addresses addressCount: Int, isIPv6Only: Bool = false,
        timing: LinkTiming = .shortened, authenticator: any HelloAuthenticator = CheapAuthenticator(),
        boots: Bool = true
    ) {
        self.seed = seed
        self.timing = timing
        self.authenticator = authenticator
        random = SeededGenerator(spreading: seed)
        var addresses: [IPAddress] = []
        for index in 0..<addressCount {
            if index % 3 == 2 {
                addresses.append(.v6(IPv6Address(high: 0xFD00_0000_0000_0057, low: UInt64(0x200 + index))))
            } else {
                addresses.append(.v4(IPv4Address(rawValue: 0x0A00_0100 + UInt32(index))))
            }
        }
        self.addresses = addresses
        addressIndex = Dictionary(uniqueKeysWithValues: addresses.enumerated().map { ($0.element, $0.offset) })
        observer = Observer(addresses: addressCount)
        for index in 0..<count { _ = addNode(name: "n\(index)", isIPv6Only: isIPv6Only) }
        let names = Dictionary(uniqueKeysWithValues: nodes.map { ($0.name, 0) })
        for index in 0..<addressCount { truth[index] = AddressTruth(allocation: 1, eligible: names) }
        guard boots else { return }
        for node in nodes { after(random.uniform(0, 0.3)) { $0.boot(node) } }
    }

    /// A machine, or a further interface of one: then `name` is that of a node which is there.
    package func addNode(name: String, isIPv6Only: Bool = false, wire: Int = 0) -> VirtualNode {
        let index = nodes.count
        let v6 = IPAddress.v6(IPv6Address(high: 0xFE80_0000_0000_0000, low: UInt64(0x100 + index)))
        let v4 = IPAddress.v4(IPv4Address(rawValue: 0xC0A8_3900 + UInt32(31 + index)))
        let node = VirtualNode(
            index: index, name: name,
            hardwareAddress: MACAddress(rawValue: 0x0200_0000_0000 + UInt64(index + 1)),
            addresses: isIPv6Only ? [v6] : [v4, v6])
        node.wire = wire
        node.port.group = wire
        nodes.append(node)
        return node
    }

    // MARK: Time

    package func at(_ time: Instant, _ body: @escaping (Simulation) -> Void) { queue.push(.call(body), at: time) }
    package func after(_ seconds: Double, _ body: @escaping (Simulation) -> Void) {
        queue.push(.call(body), at: now + .lasting(seconds))
    }

    func push(_ event: Event, at time: Instant) { queue.push(event, at: time) }

    /// Lets everything happen until `seconds` since the beginning.
    package func run(until seconds: Double) {
        let end = Instant(nanoseconds: Int64(seconds * 1e9))
        while let time = queue.nextTime, time <= end, let event = queue.pop() {
            now = time
            switch event {
            case .call(let body): body(self)
            case .wake(let index, let process): wake(nodes[index], process)
            case .speakers(let source, let bytes, let target): deliver(bytes, from: source, to: target)
            case .neighbors(let target, let bytes): hand(.neighbors(bytes), to: nodes[target])
            }
        }
        now = end
        observer.settle(self)
    }

    package var seconds: Double { Double(now.nanoseconds) / 1e9 }

    func note(_ text: @autoclosure () -> String) {
        guard log != nil else { return }
        log?.append("\(Double(Int(seconds * 1000)) / 1000) \(text())")
    }

    // MARK: Running a speaker

    private func wake(_ node: VirtualNode, _ process: Int) {
        // A wake-up that an earlier one has replaced is none.
        guard node.process == process, node.wakeAt == now else { return }
        node.wakeAt = nil
        guard !node.isPaused, !node.port.isFrozen else { return }
        drive(node) { speaker, now in speaker.poll(at: now) }
    }

    /// One call into the real code, and everything that follows from it.
    func drive(_ node: VirtualNode, _ call: (inout LinkSpeaker, Instant) -> [LinkEffect]) {
        guard var speaker = node.speaker.take() else { return }
        let local = now + node.clockOffset
        var effects = call(&speaker, local)
        // As the packet thread does: one poll when that is due, then a sleep of as long as remains, if any.
        var sleep: Interval
        repeat {
            if speaker.nextDeadline(at: local) <= local { effects += speaker.poll(at: local) }
            sleep = local.remaining(until: speaker.nextDeadline(at: local))
        } while sleep == .zero
        let hasEnded = speaker.isRestarting && speaker.mayEnd(at: local)
        node.speaker = consume speaker
        for effect in effects {
            switch effect {
            case .send(let bytes): transmit(bytes, from: node)
            case .report(let fact): take(fact, from: node)
            }
        }
        if hasEnded { return end(node) }
        scheduleWake(node, now + sleep)
    }

    private func scheduleWake(_ node: VirtualNode, _ deadline: Instant) {
        if let wakeAt = node.wakeAt, wakeAt <= deadline { return }
        // The scheduler of a real machine is this late.
        let time = deadline + .microseconds(Int64(random.below(2000)))
        if let wakeAt = node.wakeAt, wakeAt <= time { return }
        node.wakeAt = time
        push(.wake(node.index, process: node.process), at: time)
    }

    private func take(_ fact: LinkFact, from node: VirtualNode) {
        if log != nil { note("\(node.name)\(node.interfaceName == "eth0" ? "" : "/eth1") \(fact)") }
        switch fact {
        case .took(let address, _):
            observe(address, node)
            scheduleRecord(address, node)
        case .gaveUp(let address, _), .helping(let address, _), .stoppedHelping(let address): observe(address, node)
        case .rereadNeeded: after(0.05) { $0.reread(node) }
        case .phase: observer.fitnessChanged(node, self)
        case .falseDeath, .nameConflict, .sameSegment, .unicastOnly, .tooManyPeers, .probeConflict, .conflict,
            .claimedByNode:
            node.facts.append(fact)
        case .peer(_, let state): if state == .dead || state == .absent { node.facts.append(fact) }
        }
    }

    func observe(_ address: IPAddress, _ node: VirtualNode) {
        guard let index = addressIndex[address] else { return }
        node.answers[index] = node.speaker?.answer(for: address)
        observer.changed(index, self)
    }
}

extension Interval {
    package static func lasting(_ value: Double) -> Interval { Interval(nanoseconds: Int64(value * 1e9)) }
}

extension LinkTiming {
    /// The waits that only make histories long are shorter; everything that settles who answers is as it is.
    package static var shortened: LinkTiming {
        var timing = LinkTiming()
        timing.membership.hold = .seconds(30)
        timing.election.settling = .seconds(4)
        timing.election.preferredReady = .seconds(10)
        timing.election.preferredHeld = .seconds(5)
        return timing
    }
}

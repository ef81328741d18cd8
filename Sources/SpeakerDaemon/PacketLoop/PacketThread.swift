import Link
import MonotonicTime
import Netlink
import PacketSocket

/// The loop of the packet thread. Confined to that thread.
struct PacketThread<Core: LinkCore>: ~Copyable {
    private let mailbox: PacketMailbox
    private let chores: ChoreMailbox
    private let settings: PacketLoopSettings
    private let tell: (PacketEvent) -> Void

    private var ports: [Int32: LinkPort<Core>] = [:]
    /// Sockets of ports that are closed as soon as nothing waits for them any more.
    private var abandoned: [PacketSocket] = []
    private var wanted: [LinkConfiguration] = []
    /// Links whose sockets could not be opened, with the reason.
    private var failed: [Int32: String] = [:]
    /// Those of wanted links that were told last.
    private var troubles: [Int32: String] = [:]
    private var monitor: LinkMonitor?
    private var monitorProblem: String?
    private var pollSet = PollSet()
    /// What is at the same place of `pollSet`, in the order of service.
    private var sources: [Source] = []
    private var frames = FrameExchange()
    private var nextReport: Instant
    private var nextRetry: Instant?
    private var isRestarting = false
    private var isStopping = false

    private enum Source {
        case mailbox, netlink
        case frames(LinkPort<Core>, LinkPort<Core>.Source)
    }

    init(
        mailbox: PacketMailbox, chores: ChoreMailbox, settings: PacketLoopSettings,
        tell: @escaping (PacketEvent) -> Void
    ) {
        (self.mailbox, self.chores, self.settings, self.tell) = (mailbox, chores, settings, tell)
        nextReport = Self.now() + settings.reportInterval
    }

    static func now() -> Instant { Instant(nanoseconds: KernelClock.monotonicNanoseconds()) }

    mutating func run() {
        KernelThread.setName("packets")
        openMonitor(at: Self.now())
        while !isStopping {
            rebuildPollSet()
            repeat {
                turn()
            } while !isStopping && !needsRebuild
        }
    }

    private var needsRebuild = true

    /// One wake-up: orders, netlink, frames, deadlines, in this order.
    private mutating func turn() {
        var deadline = nextDeadline(at: Self.now())
        pollSet.wait(nanoseconds: Self.now().remaining(until: deadline).nanoseconds)
        var now = Self.now()
        tellLateness(since: &deadline, at: now)
        // Once one of them has opened or closed a descriptor, the rest is found in the next turn.
        for index in sources.indices where !needsRebuild && pollSet.isReady(index) {
            serve(sources[index], at: now)
            now = Self.now()
            tellLateness(since: &deadline, at: now)
        }
        for port in ports.values {
            let effects = port.core.nextDeadline(at: now) <= now ? port.core.poll(at: now) : []
            perform(effects, on: port)
        }
        if nextReport <= now { report(at: now) }
        if let retry = nextRetry, retry <= now { openMissing(at: now) }
        tellTroubles()
        if isRestarting, ports.values.allSatisfy({ $0.core.mayEnd(at: now) }) { isStopping = true }
    }

    private func nextDeadline(at now: Instant) -> Instant {
        var deadline = nextReport
        if let nextRetry { deadline = min(deadline, nextRetry) }
        for port in ports.values {
            deadline = min(deadline, port.core.nextDeadline(at: now))
            if let due = port.interestDeadline { deadline = min(deadline, due) }
        }
        return deadline
    }

    private mutating func rebuildPollSet() {
        needsRebuild = false
        pollSet.removeAll()
        sources.removeAll(keepingCapacity: true)
        chores.close(&abandoned)
        watch(mailbox.signal.descriptor, .mailbox)
        if let descriptor = monitor?.descriptor { watch(descriptor, .netlink) }
        for port in ports.values {
            for (descriptor, source) in port.descriptors { watch(descriptor, .frames(port, source)) }
        }
    }

    private mutating func watch(_ descriptor: Int32, _ source: Source) {
        pollSet.add(descriptor)
        sources.append(source)
    }

    private mutating func serve(_ source: Source, at now: Instant) {
        switch source {
        case .mailbox: obey(mailbox.take(), at: now)
        case .netlink: updateNetwork(at: now)
        case .frames(let port, let source): drain(port, source)
        }
    }

    // MARK: Frames

    private mutating func drain(_ port: LinkPort<Core>, _ source: LinkPort<Core>.Source) {
        switch source {
        case .arp: frames.answerARP(port)
        case .neighborDiscovery: frames.answerNeighborDiscovery(port)
        case .hello: frames.receiveHellos(port)
        case .carrier: frames.receiveFromCarrier(port)
        }
        for effects in frames.takeEffects() { perform(effects, on: port) }
    }

    /// The filters first: a claim ends the answers of whoever had the address before, so questions must arrive by then.
    private mutating func perform(_ effects: [LinkEffect], on port: LinkPort<Core>) {
        let isUrgent = effects.contains(where: \.answersMore)
        if port.applyInterest(at: Self.now(), isUrgent: isUrgent) { needsRebuild = true }
        for effect in effects {
            switch effect {
            case .send(let frame): frames.send(frame, from: port)
            case .report(let fact): tell(.fact(fact, link: port.configuration.interfaceName))
            }
        }
        frames.flush(port)
    }

    /// Frames that piled up while the process was stopped are of another time: whoever sent them has moved on. It may be
    /// stopped anywhere, so that this is asked before any frame is looked at and before anything is done that is due.
    /// - Parameter deadline: When something is due; `now` once it has been told how late that is.
    private mutating func tellLateness(since deadline: inout Instant, at now: Instant) {
        guard now > deadline else { return }
        var isMadeUpFor = false
        for port in ports.values {
            let wakeUp = port.core.wokeUpLate(by: now - deadline, at: now)
            if wakeUp != .inTime { isMadeUpFor = true }
            if wakeUp == .flushSockets { frames.discard(port) }
        }
        // What is too little to matter adds up.
        if isMadeUpFor { deadline = now }
    }

    // MARK: Orders

    private mutating func obey(_ orders: PacketOrders, at now: Instant) {
        if orders.isStopping { isStopping = true }
        for (index, outcome) in orders.groups { ports[index]?.take(outcome, at: now) }
        if let links = orders.links {
            want(links)
            for configuration in links {
                if let port = ports[configuration.interfaceIndex] {
                    perform(port.configure(configuration, at: now), on: port)
                }
            }
            openMissing(at: now)
        }
        if orders.isRestarting {
            isRestarting = true
            for port in ports.values { perform(port.core.announceRestart(at: now), on: port) }
        }
        if orders.wantsReports { report(at: now) }
    }

    /// Nothing is kept of any other link. What is wanted of an interface that goes is still wanted when it is back.
    private mutating func want(_ links: [LinkConfiguration]) {
        wanted = links
        let indices = Set(links.map(\.interfaceIndex))
        for index in ports.keys where !indices.contains(index) { closePort(index) }
        failed = failed.filter { indices.contains($0.key) }
        troubles = troubles.filter { indices.contains($0.key) }
    }

    /// Opens what is wanted, there, and not open yet; tried again every 5 s.
    private mutating func openMissing(at now: Instant) {
        nextRetry = nil
        for configuration in wanted where ports[configuration.interfaceIndex] == nil {
            let index = configuration.interfaceIndex
            if let state = monitor?.state, state.interfaces[index] == nil { continue }
            do throws(PacketSocketError) {
                let port = try LinkPort<Core>(configuration, settings: settings, chores: chores, at: now)
                ports[index] = port
                failed[index] = nil
                if let interface = monitor?.state.interfaces[index] {
                    perform(port.interfaceChanged(interface, at: now), on: port)
                }
                needsRebuild = true
                // A ring waits for every processor: the other links have their turn in between.
                nextRetry = now
                break
            } catch {
                nextRetry = now + .seconds(5)
                // Netlink is about to tell that the interface is gone, which is no trouble.
                failed[index] = error.isOfGoneInterface ? nil : "\(error)"
            }
        }
        if monitor == nil { openMonitor(at: now) }
    }

    private mutating func closePort(_ index: Int32) {
        guard let port = ports.removeValue(forKey: index) else { return }
        abandoned += port.sockets
        chores.want([], on: index, anew: true)
        needsRebuild = true
    }

    /// - Parameter again: also those that have not changed.
    private mutating func tellTroubles(again: Bool = false) {
        for link in wanted {
            let index = link.interfaceIndex
            let trouble = ports[index]?.trouble ?? failed[index]
            guard again || trouble != troubles[index] else { continue }
            troubles[index] = trouble
            tell(.trouble(trouble, link: link.interfaceName))
        }
    }

    // MARK: Interfaces

    /// Without netlink nothing is known of cables and hardware addresses: tried again every 5 s.
    private mutating func openMonitor(at now: Instant) {
        do throws(NetlinkError) {
            monitor = try LinkMonitor()
            needsRebuild = true
            tellOfMonitor(nil)
            follow(nil, at: now)
        } catch {
            nextRetry = nextRetry ?? now + .seconds(5)
            tellOfMonitor("\(error)")
        }
    }

    private mutating func tellOfMonitor(_ problem: String?) {
        guard problem != monitorProblem else { return }
        monitorProblem = problem
        tell(.netlink(problem: problem))
    }

    private mutating func updateNetwork(at now: Instant) {
        do throws(NetlinkError) {
            if let changes = try monitor?.update() { follow(changes, at: now) }
        } catch {
            // What was missed is found by reading everything again.
            tellOfMonitor("\(error)")
            monitor = nil
            needsRebuild = true
            nextRetry = now + .seconds(1)
        }
    }

    /// Brings the ports in line with the interfaces that there are.
    /// - Parameter changes: What those that changed were before; `nil` when that is not known of any.
    private mutating func follow(_ changes: [Int32: NetworkInterface?]?, at now: Instant) {
        guard let state = monitor?.state else { return }
        // One that was replaced by another with its index, of which netlink need not have told: the sockets know.
        for (index, port) in ports where !port.isAttached { closePort(index) }
        failed = failed.filter { state.interfaces[$0.key] != nil }
        for (index, port) in ports where changes?.keys.contains(index) ?? true {
            guard let interface = state.interfaces[index] else { continue }
            perform(port.interfaceChanged(interface, at: now), on: port)
        }
        let selection = settings.selection
        let isOfInterest = changes?.contains { index, before in
            [before, state.interfaces[index]].contains { $0.map { selection.selects($0.name) } ?? false }
        }
        if isOfInterest ?? true { tell(.network(state)) }
        openMissing(at: now)
    }

    // MARK: Reports

    private mutating func report(at now: Instant) {
        nextReport = now + settings.reportInterval
        tell(.pulse)
        for port in ports.values {
            port.takeKernelDrops()
            var counters = port.counters
            counters.layer2 = port.core.packetCounters
            counters.netlinkResynchronisations = monitor?.resynchronisations ?? 0
            tell(.report(port.core.report(at: now), counters))
        }
        tellTroubles(again: true)
        tell(.netlink(problem: monitorProblem))
    }
}

extension LinkEffect {
    /// Questions about another address must arrive from now on.
    fileprivate var answersMore: Bool {
        switch self {
        case .report(.took), .report(.helping): true
        case .send, .report: false
        }
    }
}

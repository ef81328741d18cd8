import Daemon
import KubernetesClient
import KubernetesModel
import Link
import Logging
import MonotonicTime
import NetworkAddresses
import Reconciliation
import Telemetry
import Wire

/// The one place where a speaker's control plane comes together: reflectors, netlink and the packet thread tell it
/// what they know, and it hands one ``LinkConfiguration`` per link over when that changes what should be announced.
///
/// Every method is one synchronous step on plain values. The packet thread never waits for it.
actor SpeakerControl {
    private var state: SpeakerState
    private var records: AnnouncementRecords
    private var narrator: FactNarrator
    private var delivered: [LinkConfiguration] = []
    /// What was told last of the watches: links without which nothing is announced come and go meanwhile.
    private var wasStale = true
    private var heard = PeersHeard()
    /// By condition of readiness: what the packet thread cannot do.
    private var troubles: [String: String] = [:]
    private let metrics = ControlMetrics()
    private let logger: Logger
    private let health: HealthState
    /// Rung when the configuration may have changed.
    nonisolated let planBell = Bell()
    /// Rung when a ServiceL2Status may have to be written.
    nonisolated let recordsBell = Bell()
    /// Rung when the watches that claims rest on may hang.
    nonisolated let doubtBell = Bell()
    nonisolated let fieldManager: String

    init(state: SpeakerState, events: EventRecorder, health: HealthState, logger: Logger) {
        (self.state, self.health, self.logger) = (state, health, logger)
        records = AnnouncementRecords(node: state.node)
        narrator = FactNarrator(node: state.node, events: events, logger: logger)
        node = state.node
        fieldManager = "lb-speaker-\(state.node)"
    }

    // MARK: What is heard

    func apply(_ change: ClusterChange) {
        let now = MonotonicClock.now()
        if case .announcement(let change) = change {
            records.saw(change, at: now)
            recordsBell.ring()
        }
        state.apply(change, at: now, wallClock: .now)
        planBell.ring()
    }

    func apply(_ change: ObjectChange<Secret>) {
        switch state.take(change) {
        case .loaded: logger.notice("the key of Hello frames is loaded")
        case .unchanged: return
        case .unusable(let problem): logger.warning("\(problem); a key that is loaded stays in use")
        }
        planBell.ring()
    }

    func alive(_ watch: Watch, at instant: Instant) {
        let wasStale = state.isStale(at: instant)
        state.alive(watch, at: instant)
        if wasStale { planBell.ring() }
    }

    func found(cluster uid: String) {
        state.cluster = ClusterID(uid: uid)
        planBell.ring()
    }

    func use(_ links: [UsableLink]) {
        let before = Set(state.links.map(\.name))
        guard state.use(links) else { return }
        let now = MonotonicClock.now()
        for name in before.subtracting(state.links.map(\.name)) {
            for condition in ["link \(name)", "sockets \(name)"] {
                health.remove(condition)
                troubles[condition] = nil
            }
            for address in records.linkGone(name, at: now) { narrate(.gaveUp(address, reason: .rejoined), on: name) }
        }
        planBell.ring()
        recordsBell.ring()
    }

    /// Whether what the packet thread tells of a link is of any interest.
    func uses(_ link: String) -> Bool { state.links.contains { $0.name == link } }

    func agrees(with reading: ServiceReading) -> Bool { state.agrees(with: reading) }

    func readFailed() {
        state.readFailed(at: MonotonicClock.now())
        planBell.ring()
    }

    nonisolated let node: String
    var links: [UsableLink] { state.links }
    var plan: SpeakerPlan { state.planner.plan }
    /// As the speaker's Lease has it.
    var peersHeard: String { heard.text(on: state.links.map(\.name)) }
    var silentWatches: String {
        state.freshness.stale(at: MonotonicClock.now()).map(\.rawValue).sorted().joined(separator: ",")
    }

    // MARK: What is to be done

    /// The configurations to hand over, when they differ from the last ones.
    func newConfigurations() -> [LinkConfiguration]? {
        let now = MonotonicClock.now()
        if state.replan() {
            records.planChanged()
            recordsBell.ring()
        }
        let configurations = state.configurations(at: now)
        health.set("synced", problem: state.syncProblem)
        metrics.update(
            stale: Set(state.freshness.stale(at: now)), nodesWithoutSpeaker: state.nodesWithoutSpeaker(at: now))
        guard configurations != delivered else { return nil }
        delivered = configurations
        if let isStale = configurations.first?.isStale, isStale != wasStale {
            wasStale = isStale
            if isStale {
                let silent = state.freshness.stale(at: now).map(\.rawValue).sorted().joined(separator: ", ")
                logger.warning(
                    "the API server is silent; what is announced here stays, nothing moves because of it",
                    metadata: ["api.watches": "\(silent)"])
            } else {
                logger.notice("the API server's watches are alive")
            }
        }
        return configurations
    }

    /// How long until time alone may change a configuration.
    func untilReplan() -> Duration {
        let now = MonotonicClock.now()
        guard let deadline = state.freshness.deadline, deadline > now else { return .seconds(5) }
        return min(.seconds(5), (deadline - now).duration)
    }

    // MARK: Records

    func dueRecords() -> [AnnouncementRecords.Write] { records.due(at: MonotonicClock.now(), plan: state.planner.plan) }

    func wrote(_ write: AnnouncementRecords.Write) { records.wrote(write) }

    func refused(_ writes: [AnnouncementRecords.Write]) { records.refused(writes, at: MonotonicClock.now()) }

    func untilRecordsAreDue() -> Duration? {
        let now = MonotonicClock.now()
        return records.nextDeadline(at: now).map { max($0 - now, .milliseconds(50)).duration }
    }

    // MARK: Facts of the packet thread

    /// Takes in what happened on a link.
    ///
    /// - Returns: The address whose Service must be read again, if a peer's refusal asks for that.
    func take(_ fact: LinkFact, on link: String) -> IPAddress? {
        let now = MonotonicClock.now()
        switch fact {
        case .took(let address, _):
            if let hardwareAddress = hardwareAddress(of: link) {
                records.took(
                    address, on: link, hardwareAddress: hardwareAddress, since: .now, plan: state.planner.plan)
            }
        case .gaveUp(let address, _): records.gaveUp(address, on: link, at: now)
        case .conflict(let address, let foreign), .probeConflict(let address, let foreign):
            records.conflict(address, on: link, with: foreign, at: now, plan: state.planner.plan)
        case .phase(let phase):
            health.set("link \(link)", problem: phase.problem)
        default: break
        }
        recordsBell.ring()
        narrate(fact, on: link)
        if case .rereadNeeded(let address) = fact { return address }
        return nil
    }

    private func narrate(_ fact: LinkFact, on link: String) {
        narrator.tell(fact, on: link, plan: state.planner.plan, snapshot: state.planner.snapshot)
    }

    private func hardwareAddress(of link: String) -> MACAddress? {
        state.links.first { $0.name == link }?.hardwareAddress
    }

    /// Takes in which sockets of a link could not be opened or changed; the packet thread goes on trying.
    func take(trouble: String?, on link: String) { take(trouble, as: "sockets \(link)", metadata: ["link": "\(link)"]) }

    /// Takes in whether netlink tells of the node's interfaces; the packet thread goes on trying.
    func take(netlinkProblem: String?) { take(netlinkProblem, as: "netlink", metadata: [:]) }

    /// Takes in whether netlink tells of the default gateways; the thread that follows them goes on trying.
    func take(routesProblem: String?) { take(routesProblem, as: "routes", metadata: [:]) }

    private func take(_ trouble: String?, as condition: String, metadata: Logger.Metadata) {
        health.set(condition, problem: trouble)
        let before = troubles[condition]
        guard trouble != before else { return }
        troubles[condition] = trouble
        if let trouble {
            logger.warning("\(trouble)", metadata: metadata)
        } else if let before {
            logger.notice("no longer so: \(before)", metadata: metadata)
        }
    }

    /// Takes in the whole state of a link, which corrects whatever a lost fact left wrong.
    ///
    /// - Returns: What was taken without a fact that told so.
    func take(_ report: LinkReport) -> [LinkReport.Owned] {
        let link = report.interfaceName
        guard let hardwareAddress = hardwareAddress(of: link) else { return [] }
        health.set("link \(link)", problem: report.phase.problem)
        heard.take(report)
        let (now, wallClock) = (MonotonicClock.now(), Timestamp.now)
        let announced = Dictionary(
            report.owned.map { ($0.address, wallClock - (now - $0.since)) }, uniquingKeysWith: { first, _ in first })
        let untold = records.announces(
            announced, on: link, hardwareAddress: hardwareAddress, at: now, plan: state.planner.plan)
        recordsBell.ring()
        let lost = report.owned.filter { untold.contains($0.address) }
        for owned in lost { narrate(.took(owned.address, term: owned.term), on: link) }
        return lost
    }
}

extension LinkPhase {
    /// Why a link in this phase keeps the pod from being ready.
    fileprivate var problem: String? {
        switch self {
        case .ready, .passive, .leaving, .restarting: nil
        case .keyless: "waiting for Secret \(HeraldObjects.helloKeySecret), which the controller makes"
        case .joining: "listening before it takes part"
        case .deaf: "nothing is heard on this interface, not even the gateway"
        case .conflict: "another speaker uses this node's name"
        }
    }
}

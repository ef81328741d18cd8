import Election
package import KubernetesModel
package import MonotonicTime
package import NetworkAddresses
package import Reconciliation

/// Which entries of this node ServiceL2Status objects should have, and which writes that takes.
///
/// A speaker writes its own entries only, on change only, at least a second apart for each object; it takes an entry
/// back a few seconds after it lost the address, so that the record is never empty in the middle of a move.
package struct AnnouncementRecords: Sendable {
    package typealias Entry = ServiceL2Status.Announced

    /// One object to write: all entries that this node is to have in it.
    package struct Write: Sendable, Hashable {
        package var name: String
        package var service: ObjectKey
        package var entries: [Entry]
    }

    private struct Place: Sendable, Hashable {
        var address: IPAddress
        var link: String
    }

    private struct Fact: Sendable, Hashable {
        var hardwareAddress: MACAddress?
        var since: Timestamp?
        var conflict: Conflict?
        /// Set when the address was lost: the entry goes then.
        var removal: Instant?

        /// The removal that is due by `now` is the end of it.
        func isOver(at now: Instant) -> Bool { removal.map { now >= $0 } ?? false }
    }

    private struct Conflict: Sendable, Hashable {
        var hardwareAddress: MACAddress
        /// Whose address it was then: the next allocation of the address starts without it.
        var allocation: AllocationID
        /// When it ends, unless it is seen again.
        var end: Instant
    }

    private let node: String
    private var facts: [Place: Fact] = [:]
    /// What the API is known to hold of this node's, by object.
    private var written: [String: Write] = [:]
    /// When each object that this process has written to, or was about to, may be written next.
    private(set) var notBefore: [String: Instant] = [:]
    /// Entries of an earlier life are left alone until then: joining speakers read them.
    private var cleansAfter: Instant?
    /// Whether something was heard since ``due(at:plan:)`` went through everything.
    private var hasNews = false
    /// When time alone may make a write due.
    private var nextLook: Instant?

    static let spacing = Interval.seconds(1)
    static let removalDelay = Interval.seconds(5)
    /// How long a speaker has been at work before it takes back what an earlier process of its node wrote.
    static let cleaningDelay = Interval.seconds(15)
    /// How long a write that the API server refused waits: for a role, an admission policy, somebody to mend it.
    static let refusalDelay = Interval.seconds(60)
    /// How long a conflict stays in the record after the last frame that showed it.
    static let conflictMemory = Interval.seconds(600)

    package init(node: String) { self.node = node }

    // MARK: Facts

    /// - Parameter since: When this node began to announce the address, by the wall clock.
    package mutating func took(
        _ address: IPAddress, on link: String, hardwareAddress: MACAddress, since: Timestamp, plan: SpeakerPlan
    ) {
        let place = Place(address: address, link: link)
        // Whole seconds, as the API has it (`metav1.Time`).
        let second = Timestamp(seconds: since.microseconds / 1_000_000)
        facts[place] = Fact(hardwareAddress: hardwareAddress, since: recordedSince(place, plan) ?? second)
        hasNews = true
    }

    package mutating func gaveUp(_ address: IPAddress, on link: String, at now: Instant) {
        let place = Place(address: address, link: link)
        guard facts[place] != nil else { return }
        facts[place]?.removal = now + Self.removalDelay
        hasNews = true
    }

    /// A foreign host uses the address, now. Said again, it lasts longer; of an address that no Service holds any more,
    /// there is nobody to tell.
    package mutating func conflict(
        _ address: IPAddress, on link: String, with hardwareAddress: MACAddress, at now: Instant, plan: SpeakerPlan
    ) {
        guard let allocation = plan.addresses[address]?.allocation else { return }
        facts[Place(address: address, link: link), default: Fact()].conflict = Conflict(
            hardwareAddress: hardwareAddress, allocation: allocation, end: now + Self.conflictMemory)
        hasNews = true
    }

    /// Which Service holds which address is another matter than it was.
    package mutating func planChanged() { hasNews = true }

    /// Ends the conflicts that are over: not seen for long, of an allocation that is gone, or, when it kept this node
    /// from announcing the address, because another node announces it undisputed.
    private mutating func endConflicts(at now: Instant, _ plan: SpeakerPlan) {
        for (place, fact) in facts {
            guard let conflict = fact.conflict else { continue }
            let planned = plan.addresses[place.address]
            let isOver =
                now >= conflict.end || planned?.allocation != conflict.allocation
                || fact.since == nil && planned?.isUndisputed(on: place.link, besides: node) == true
            guard isOver else { continue }
            facts[place]?.conflict = nil
            if fact.since == nil { facts[place] = nil }
        }
    }

    /// What is announced on a link, all of it, each with its beginning: corrects whatever a lost fact left wrong.
    ///
    /// - Returns: The addresses of which nobody had told that they were taken.
    package mutating func announces(
        _ announced: [IPAddress: Timestamp], on link: String, hardwareAddress: MACAddress, at now: Instant,
        plan: SpeakerPlan
    ) -> Set<IPAddress> {
        for (place, fact) in facts where place.link == link && fact.since != nil && fact.removal == nil {
            if announced[place.address] == nil { gaveUp(place.address, on: link, at: now) }
        }
        var untold: Set<IPAddress> = []
        for (address, since) in announced {
            let fact = facts[Place(address: address, link: link)]
            if let fact, fact.since != nil, fact.removal == nil, fact.hardwareAddress == hardwareAddress { continue }
            took(address, on: link, hardwareAddress: hardwareAddress, since: since, plan: plan)
            untold.insert(address)
        }
        return untold
    }

    /// The link is gone, has another name, or carries frames for a bridge or bond now: nothing more is told of it.
    ///
    /// - Returns: The addresses that were announced on it.
    package mutating func linkGone(_ link: String, at now: Instant) -> [IPAddress] {
        let lost = facts.filter { $0.key.link == link && $0.value.removal == nil }
        for place in lost.keys { gaveUp(place.address, on: link, at: now) }
        return lost.filter { $0.value.since != nil }.map(\.key.address).sorted()
    }

    // MARK: The API's side

    /// What the API says of an object, from list or watch.
    package mutating func saw(_ change: ObjectChange<ServiceL2Status>, at now: Instant) {
        if cleansAfter == nil {
            cleansAfter = now + Self.cleaningDelay
            hasNews = true
        }
        switch change {
        case .replaced(let all, _):
            written = [:]
            for status in all { written[status.metadata.name] = ownPart(of: status) }
            hasNews = true
        case .applied(let status): saw(ownPart(of: status), in: status.metadata.name)
        case .deleted(let status): saw(nil, in: status.metadata.name)
        }
    }

    /// What this speaker wrote itself comes back from the API server as it was, and is no news.
    private mutating func saw(_ own: Write?, in name: String) {
        guard own != written[name] else { return }
        written[name] = own
        hasNews = true
    }

    private func ownPart(of status: ServiceL2Status) -> Write? {
        let own = (status.status?.addresses ?? []).filter { $0.node == node }.sorted(by: Self.order)
        guard !own.isEmpty, let service = status.service else { return nil }
        return Write(name: status.metadata.name, service: service, entries: own)
    }

    // MARK: Writes

    /// The objects that must be written now, given which Services hold which address.
    ///
    /// Goes through all addresses, but only when something was heard, or time has brought something.
    package mutating func due(at now: Instant, plan: SpeakerPlan) -> [Write] {
        guard hasNews || nextLook.map({ $0 <= now }) ?? false else { return [] }
        hasNews = false
        defer { nextLook = firstDeadline(after: now) }
        facts = facts.filter { !$0.value.isOver(at: now) }
        endConflicts(at: now, plan)
        let wanted = wanted(plan)
        // Objects come and go with their Services.
        notBefore = notBefore.filter { $0.value > now || wanted[$0.key] != nil || written[$0.key] != nil }
        let isCleaning = cleansAfter.map { now >= $0 } ?? false
        let unwanted = written.values.filter { wanted[$0.name] == nil && (isCleaning || notBefore[$0.name] != nil) }
            .map { Write(name: $0.name, service: $0.service, entries: []) }
        let writes = (wanted.values + unwanted).filter {
            $0.entries != written[$0.name]?.entries && now >= notBefore[$0.name] ?? now
        }
        for write in writes { notBefore[write.name] = now + Self.spacing }
        return writes.sorted { $0.name < $1.name }
    }

    /// The write went through, or there is nothing left to write it to.
    package mutating func wrote(_ write: Write) {
        written[write.name] = write.entries.isEmpty ? nil : write
        if write.entries.isEmpty { notBefore[write.name] = nil }
    }

    /// The API server refused these writes, and would refuse them again at once.
    package mutating func refused(_ writes: [Write], at now: Instant) {
        for write in writes { notBefore[write.name] = now + Self.refusalDelay }
        // Others may be due still.
        hasNews = true
    }

    /// When ``due(at:plan:)`` is worth asking again; `nil` while nothing waits.
    package func nextDeadline(at now: Instant) -> Instant? { hasNews ? now : nextLook }

    private func firstDeadline(after now: Instant) -> Instant? {
        let removals = facts.values.compactMap(\.removal)
        let conflicts = facts.values.compactMap(\.conflict?.end)
        let spacings = notBefore.values.filter { $0 > now }
        return (removals + conflicts + spacings + [cleansAfter].compactMap { $0 }.filter { $0 > now }).min()
    }

    /// What each object of a Service is to hold of this node's; none is empty.
    private func wanted(_ plan: SpeakerPlan) -> [String: Write] {
        var wanted: [String: Write] = [:]
        for (place, fact) in facts {
            for service in plan.addresses[place.address]?.services ?? [] {
                let name = ServiceL2Status.objectName(of: service)
                // A Service that has the address next is not told that we announce it.
                if fact.removal != nil, !isWritten(place, in: name) { continue }
                wanted[name, default: Write(name: name, service: service, entries: [])].entries.append(
                    Entry(
                        address: place.address.description, interface: place.link, node: node,
                        hardwareAddress: fact.hardwareAddress?.description,
                        since: fact.since, conflict: fact.conflict?.hardwareAddress.description))
            }
        }
        for name in wanted.keys { wanted[name]?.entries.sort(by: Self.order) }
        return wanted
    }

    private func isWritten(_ place: Place, in name: String) -> Bool { entry(of: place, in: name) != nil }

    private func entry(of place: Place, in name: String) -> Entry? {
        guard let entries = written[name]?.entries else { return nil }
        let text = place.address.description
        return entries.first { $0.address == text && $0.interface == place.link }
    }

    /// A speaker that comes back to what it announced has announced it all the time, for its helper gave its address;
    /// unless another node announced it in between.
    private func recordedSince(_ place: Place, _ plan: SpeakerPlan) -> Timestamp? {
        guard let planned = plan.addresses[place.address] else { return nil }
        let names = planned.services.map(ServiceL2Status.objectName)
        guard let own = names.lazy.compactMap({ entry(of: place, in: $0)?.since }).first else { return nil }
        let others = planned.latestBeginning(on: place.link, besides: node)
        return others.map { $0 > own } ?? false ? nil : own
    }

    private static func order(_ a: Entry, _ b: Entry) -> Bool {
        (a.address, a.interface) < (b.address, b.interface)
    }
}

import Election
package import KubernetesClient
package import KubernetesModel
package import Link
package import MonotonicTime
package import Reconciliation
package import Wire

/// Everything that the control plane of one speaker knows, and what it makes of it: one ``LinkConfiguration`` per link.
///
/// A value, changed by what reflectors and netlink say; time is an argument.
package struct SpeakerState: Sendable {
    package let node: String
    package let selection: LinkSelection
    /// The labels of nodes that are to have a speaker.
    private let speakerNodes: LabelSelector
    package private(set) var planner: SpeakerPlanner
    package private(set) var links: [UsableLink] = []
    package private(set) var key = HelloKeySecret()
    package private(set) var freshness = Freshness<Watch>(Watch.neededToBeFresh)
    package private(set) var missing = Watch.neededToStart
    package private(set) var leases = SpeakerLeases()
    /// Set when a refused claim could not be checked against the API: stale until a watch proves that it lives.
    private var couldNotRead: Instant?
    package var cluster: ClusterID?
    package var timing = LinkTiming()
    /// By link, as long as neither the plan nor the links change.
    private var intents: [String: [AddressIntent]] = [:]

    package init(
        node: String, policy: SpeakerPolicy, selection: LinkSelection, speakerNodes: LabelSelector = LabelSelector()
    ) {
        (self.node, self.selection, self.speakerNodes) = (node, selection, speakerNodes)
        planner = SpeakerPlanner(node: node, policy: policy)
    }

    package mutating func apply(_ change: ClusterChange, at now: Instant, wallClock: Timestamp) {
        let change = planner.snapshot.completing(change)
        if case .lease(let change) = change { leases.take(change, at: now, wallClock: wallClock) }
        planner.apply(change)
        if let listed = change.listed { missing.remove(listed) }
    }

    package mutating func take(_ change: ObjectChange<Secret>) -> HelloKeySecret.Outcome { key.take(change) }

    package mutating func alive(_ watch: Watch, at instant: Instant) {
        freshness.alive(watch, at: instant)
        if let failure = couldNotRead, instant > failure { couldNotRead = nil }
    }

    /// A read that a peer's refusal asked for has failed.
    package mutating func readFailed(at now: Instant) { couldNotRead = now }

    /// Whether the watches have told what the API server has.
    package func agrees(with reading: ServiceReading) -> Bool {
        let snapshot = planner.snapshot
        let slices = snapshot.endpointSlices.values.lazy.filter { $0.service == reading.service }
        let own = snapshot.nodes.values.lazy.filter { [node] in $0.metadata.name == node }
        return reading.services.agree(with: [snapshot.services[reading.service]].compactMap { $0 })
            && reading.endpointSlices.agree(with: slices) && reading.nodes.agree(with: own)
    }

    /// - Returns: Whether anything changed of the links that are used. Interfaces of pods come and go all the time.
    @discardableResult
    package mutating func use(_ links: [UsableLink]) -> Bool {
        let selected = links.filter { selection.selects($0.name) }
        guard selected != self.links else { return false }
        self.links = selected
        intents = [:]
        return true
    }

    package func isStale(at now: Instant) -> Bool { couldNotRead != nil || freshness.isStale(at: now) }

    /// What readiness waits for, in words; `nil` when the API snapshot is complete.
    package var syncProblem: String? {
        if cluster == nil { return "waiting for the API server: namespace kube-system is not known yet" }
        if key.keys == nil { return "waiting for Secret \(HeraldObjects.helloKeySecret), which the controller makes" }
        if missing.isEmpty { return nil }
        return "waiting for the API server: not listed yet: " + missing.map(\.rawValue).sorted().joined(separator: ", ")
    }

    /// Brings the plan up to date.
    /// - Returns: Whether it changed.
    package mutating func replan() -> Bool {
        guard planner.update() else { return false }
        intents = [:]
        return true
    }

    /// Brings the plan up to date and says what each link's speaker must know. Nothing before the cluster is known.
    package mutating func configurations(at now: Instant) -> [LinkConfiguration] {
        _ = replan()
        guard let cluster else { return [] }
        let isStale = isStale(at: now)
        let isLeaving = planner.plan.isExcluded
        return links.map { link in
            var configuration = LinkConfiguration(
                nodeName: node, interfaceName: link.name, interfaceIndex: link.index,
                hardwareAddress: link.hardwareAddress, cluster: cluster)
            configuration.ownAddresses = link.addresses.map(\.address)
            configuration.prefixes = link.prefixes
            configuration.gateways = link.gateways
            configuration.maximumTransmissionUnit = link.maximumTransmissionUnit
            configuration.isWireless = link.isWireless
            configuration.siblings = siblings(of: link)
            if missing.isEmpty {
                configuration.intents = intents(on: link)
            }
            configuration.knownPeers = leases.peers(
                on: link.announcing.prefixes, besides: node, at: now, isStale: isStale)
            configuration.isStale = isStale
            configuration.isLeaving = isLeaving
            configuration.keys = key.keys
            configuration.timing = timing
            return configuration
        }
    }

    /// Linux nodes that are to have a speaker, without one that renews its Lease; 0 as long as that cannot be known.
    package func nodesWithoutSpeaker(at now: Instant) -> Int {
        guard missing.isEmpty, !isStale(at: now) else { return 0 }
        let alive = leases.alive(at: now)
        return planner.snapshot.nodes.values.count { candidate in
            let system = candidate.metadata.labels?["kubernetes.io/os"] ?? "linux"
            return system == "linux" && speakerNodes.matches(candidate.metadata.labels)
                && candidate.metadata.name != node && !alive.contains(candidate.metadata.name)
        }
    }

    private func siblings(of link: UsableLink) -> [SiblingLink] {
        links.filter { $0.index != link.index }.map { other in
            SiblingLink(
                interfaceName: other.name, hardwareAddress: other.hardwareAddress,
                goesFirst: selection.rank(other) < selection.rank(link))
        }
    }

    private mutating func intents(on link: UsableLink) -> [AddressIntent] {
        if let known = intents[link.name] { return known }
        let made = planner.plan.intents(on: link.announcing, of: links.map(\.announcing))
        intents[link.name] = made
        return made
    }
}

extension ClusterChange {
    /// The watch whose whole list this is.
    fileprivate var listed: Watch? {
        switch self {
        case .service(.replaced): .services
        case .pool(.replaced): .pools
        case .advertisement(.replaced): .advertisements
        case .node(.replaced): .nodes
        case .endpointSlice(.replaced): .endpointSlices
        case .announcement(.replaced): .announcements
        case .lease(.replaced): .leases
        default: nil
        }
    }
}

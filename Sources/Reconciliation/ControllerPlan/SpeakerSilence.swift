package import KubernetesModel
package import MonotonicTime

/// Which speakers have fallen silent: a node that lost its power takes back nothing of what it has said.
///
/// Judged by their Leases, as leader election does: by the renewals that are seen here, never by what another machine's
/// clock says. Time counts only while some Lease of Herald's namespace is renewed, be it the leader's own: when nobody
/// can renew, because the API server takes no writes or the watch is dead, nobody is silent.
package struct SpeakerSilence: Sendable, Equatable {
    /// The nodes whose speaker has renewed nothing for the whole hold, as of the last ``judge(among:at:)``.
    package private(set) var nodes: Set<String> = []
    /// By the Lease's name.
    private var renewals: [String: MicroTime?] = [:]
    /// The counted time at which each node's speaker was last heard of.
    private var heard: [String: Interval] = [:]
    private var counted = Interval.zero
    /// When the last renewal of any Lease was seen.
    private var proof: Instant

    /// As long as a peer answers in the place of a speaker that is gone.
    static let hold = Interval.seconds(120)
    /// The most that the time between two renewals counts. A speaker renews every 5 s, the leader every 2 s.
    static let longestPause = Interval.seconds(15)

    package init(at now: Instant) { proof = now }

    /// Takes in Leases. The first sight of one counts as a renewal; a Lease that is gone is one that is not renewed.
    /// - Returns: the nodes that are silent no more.
    package mutating func take(_ change: ObjectChange<Lease>, at now: Instant) -> Set<String> {
        switch change {
        case .replaced(let all, _):
            let names = Set(all.map(\.metadata.name))
            renewals = renewals.filter { names.contains($0.key) }
            return Set(all.compactMap { take($0, at: now) })
        case .applied(let lease): return Set([take(lease, at: now)].compactMap { $0 })
        case .deleted(let lease):
            renewals[lease.metadata.name] = nil
            return []
        }
    }

    private mutating func take(_ lease: Lease, at now: Instant) -> String? {
        let (name, renewed) = (lease.metadata.name, lease.spec?.renewTime)
        guard renewals.updateValue(renewed, forKey: name) != .some(renewed) else { return nil }
        (counted, proof) = (counted(at: now), now)
        guard name.hasPrefix(HeraldObjects.speakerLeasePrefix) else { return nil }
        let node = String(name.dropFirst(HeraldObjects.speakerLeasePrefix.count))
        heard[node] = counted
        return nodes.remove(node)
    }

    /// The speakers of these nodes have written something else, so they live, whatever becomes of their Leases.
    /// - Returns: the nodes that are silent no more.
    package mutating func sees(_ writers: Set<String>, at now: Instant) -> Set<String> {
        let time = counted(at: now)
        for node in writers { heard[node] = time }
        defer { nodes.subtract(writers) }
        return nodes.intersection(writers)
    }

    /// - Parameter named: the nodes that matter, besides those with a Lease; the others are forgotten.
    /// - Returns: the nodes that have fallen silent since the last call.
    package mutating func judge(among named: Set<String>, at now: Instant) -> Set<String> {
        let time = counted(at: now)
        heard = heard.filter { named.contains($0.key) || renewals[HeraldObjects.speakerLease(node: $0.key)] != nil }
        let before = nodes
        nodes = Set(heard.filter { time - $0.value > Self.hold }.keys)
        return nodes.subtracting(before)
    }

    private func counted(at now: Instant) -> Interval { counted + min(now - proof, Self.longestPause) }
}

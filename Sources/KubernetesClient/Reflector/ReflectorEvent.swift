package import KubernetesModel
package import MonotonicTime

/// What a reflector says.
package enum ReflectorEvent<Object: KubernetesObject>: Sendable {
    /// Take it into the snapshot. The first one is always `.replaced`.
    case change(ObjectChange<Object>)
    /// The API server answered about this very watch: what is known was true at this instant (CLOCK_MONOTONIC).
    ///
    /// Comes at least every 12 s (``WatchPace/prompt``) while the API server can be reached, at most once a second.
    /// Hand it to a ``Freshness``.
    case alive(Instant)
    /// Something to log; the reflector has already decided how to go on.
    case problem(ReflectorProblem)
}

/// What went wrong, for a log line.
package enum ReflectorProblem: Sendable, Hashable, CustomStringConvertible {
    /// One object is not what its type says. The last good state of it stays.
    case skipped(SkippedObject)
    /// The watch or list failed; it goes on after the delay, without losing or repeating a change.
    case interrupted(APIError, retryIn: Interval)
    /// The peer is gone without a word; the watch goes on over a new connection.
    case silent
    /// Too much happened since: everything is listed anew.
    case expired(retryIn: Interval)
    /// The API server's data was restored from a backup: everything is listed anew.
    case wentBack

    package var description: String {
        switch self {
        case .skipped(let object): object.description
        case .interrupted(let error, let delay): "\(error); trying again in \(delay.seconds) s"
        case .silent: "the API server fell silent; watching over a new connection"
        case .expired: "the API server does not know the watch's resource version any more; listing anew"
        case .wentBack: "the API server's data is older than before, as after a restore from a backup; listing anew"
        }
    }
}

/// Which of several watches have proved that they live, and when the oldest proof is too old.
///
/// A pure value for the owner of several reflectors: give it every ``ReflectorEvent/alive(_:)``.
package struct Freshness<Watch: Hashable & Sendable>: Sendable {
    /// The age at which a watch is stale: 15 s.
    package let limit: Interval
    private var proofs: [Watch: Instant?]

    /// - Parameter watches: all that are needed; each is stale until its first proof.
    package init(_ watches: some Sequence<Watch>, limit: Interval = .seconds(15)) {
        self.limit = limit
        proofs = Dictionary(watches.map { ($0, nil) }) { first, _ in first }
    }

    package mutating func alive(_ watch: Watch, at instant: Instant) {
        guard let known = proofs[watch] else { return }
        if let known, known > instant { return }
        proofs[watch] = instant
    }

    /// Whether any needed watch has no proof younger than the limit.
    package func isStale(at now: Instant) -> Bool { deadline.map { now >= $0 } ?? true }

    /// When ``isStale(at:)`` becomes true if nothing more is heard; nil when it is already, for want of a first proof.
    package var deadline: Instant? {
        var oldest: Instant?
        for proof in proofs.values {
            guard let proof else { return nil }
            oldest = oldest.map { min($0, proof) } ?? proof
        }
        return oldest.map { $0 + limit }
    }

    /// The watches without a young proof, for a message.
    package func stale(at now: Instant) -> [Watch] {
        proofs.compactMap { watch, proof in proof.map { now >= $0 + limit } ?? true ? watch : nil }
    }
}

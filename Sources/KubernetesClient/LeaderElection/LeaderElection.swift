package import KubernetesModel
package import MonotonicTime

/// How patient candidates are; client-go's defaults.
package struct LeaderElectionTiming: Sendable, Hashable {
    /// How much later than ``retryPeriod`` a candidate may try, as a share of it.
    fileprivate static let spread = (numerator: 6, denominator: 5)

    /// How long others wait after the last renewal that they saw.
    package var leaseDuration: Interval
    /// A leader that could not renew for so long stops leading. Must be less than `leaseDuration`.
    package var renewDeadline: Interval
    /// The pause between attempts.
    package var retryPeriod: Interval

    package init(
        leaseDuration: Interval = .seconds(15), renewDeadline: Interval = .seconds(10),
        retryPeriod: Interval = .seconds(2)
    ) {
        (self.leaseDuration, self.renewDeadline) = (leaseDuration, renewDeadline)
        self.retryPeriod = retryPeriod
    }

    /// What must be changed; nil when a leader can be elected so. client-go's conditions, and an hour at most.
    package var problem: String? {
        let limits = Interval.seconds(1)...Interval.seconds(3600)
        guard [leaseDuration, renewDeadline, retryPeriod].allSatisfy(limits.contains) else {
            return "the lease duration, the renew deadline and the retry period must be 1 to 3600 seconds each"
        }
        guard leaseDuration > renewDeadline else { return "the lease duration must be longer than the renew deadline" }
        let (numerator, denominator) = Self.spread
        guard renewDeadline * denominator > retryPeriod * numerator else {
            return "the renew deadline must be longer than 1.2 times the retry period"
        }
        return nil
    }
}

/// client-go's leader election (`tools/leaderelection`) as a pure state machine.
///
/// Whether a lease is still good is judged only by when *this process* last saw it change, on a monotonic clock. The
/// times in the record are for people: no jump of a wall clock, here or there, changes anything.
package struct LeaderElection: Sendable {
    package let identity: String
    package let timing: LeaderElectionTiming
    package private(set) var isLeader = false
    private var observed: Lease.Spec?
    private var observedAt: Instant?
    private var resourceVersion: String?
    private var renewedAt: Instant?
    /// A write of ours may have reached the API server since we last saw somebody else hold the lease.
    private var mayHold = false

    package init(identity: String, timing: LeaderElectionTiming = LeaderElectionTiming()) {
        (self.identity, self.timing) = (identity, timing)
    }

    /// Who holds the lease, as far as is known; empty when nobody does.
    package var holder: String { observed?.holderIdentity ?? "" }

    /// When leading must end unless a renewal succeeds before.
    package var leadingEnds: Instant? { isLeader ? renewedAt.map { $0 + timing.renewDeadline } : nil }

    // MARK: An attempt

    package enum Attempt: Sendable, Hashable {
        /// Read the lease first, and report it to ``saw(_:at:wall:)``.
        case read
        /// Make a lease with this record.
        case create(Lease.Spec)
        /// Replace the record, if the resource version is still this one.
        case update(Lease.Spec, resourceVersion: String?)
        /// Somebody else holds it: try again after the pause.
        case follow(holder: String)
    }

    /// How an attempt begins: the leader renews what it knows, everybody else reads.
    package func begin(wall: Timestamp) -> Attempt {
        guard isLeader, let observed, let resourceVersion else { return .read }
        return .update(record(after: observed, wall: wall), resourceVersion: resourceVersion)
    }

    /// The lease was read; nil when there is none.
    package mutating func saw(_ lease: Lease?, at now: Instant, wall: Timestamp) -> Attempt {
        guard let lease else {
            (observed, observedAt, resourceVersion) = (nil, nil, nil)
            mayHold = true
            return .create(record(after: nil, wall: wall))
        }
        let spec = lease.spec ?? Lease.Spec()
        if spec != observed || observedAt == nil { (observed, observedAt) = (spec, now) }
        resourceVersion = lease.metadata.resourceVersion
        let holder = spec.holderIdentity ?? ""
        mayHold = true
        if holder == identity || holder.isEmpty {
            return .update(record(after: spec, wall: wall), resourceVersion: resourceVersion)
        }
        if isLeader { lose() }
        let patience = spec.leaseDurationSeconds.map { Interval.seconds(Int64($0)) } ?? timing.leaseDuration
        if let observedAt, now - observedAt < patience {
            mayHold = false
            return .follow(holder: holder)
        }
        return .update(record(after: spec, wall: wall), resourceVersion: resourceVersion)
    }

    package enum Outcome: Sendable, Hashable {
        /// Nothing changed.
        case same
        case becameLeader
        case lost
    }

    /// The record was written.
    ///
    /// - Parameter startedAt: when the record was sent, so that a slow answer shortens our time, never the others'.
    package mutating func wrote(_ lease: Lease, startedAt: Instant, at now: Instant) -> Outcome {
        (observed, observedAt, resourceVersion) = (lease.spec, now, lease.metadata.resourceVersion)
        renewedAt = startedAt
        defer { isLeader = true }
        return isLeader ? .same : .becameLeader
    }

    /// The attempt failed, or somebody else holds the lease.
    package mutating func failed(at now: Instant) -> Outcome {
        // Whatever the failure was, our knowledge of the resource version may be old: read next time.
        resourceVersion = nil
        guard isLeader, let ends = leadingEnds, now >= ends else { return .same }
        lose()
        return .lost
    }

    /// The pause before the next attempt: the leader's is fixed, the others' is spread by client-go's factor of 1.2.
    package func pause(using random: inout some RandomNumberGenerator) -> Interval {
        guard !isLeader else { return timing.retryPeriod }
        let spread = LeaderElectionTiming.spread
        let jitter = Int64.random(
            in: 0...(timing.retryPeriod / spread.denominator * spread.numerator).nanoseconds, using: &random)
        return timing.retryPeriod + Interval(nanoseconds: jitter)
    }

    /// Ends leading for good.
    ///
    /// - Returns: whether the lease may be ours, so that it must be read, and what was read given to
    ///   ``release(_:wall:)``. What we know is not enough: a renewal that failed may have been written all the same.
    package mutating func resign() -> Bool {
        lose()
        return mayHold
    }

    /// Gives the lease up, so that the next leader need not wait.
    ///
    /// - Parameter lease: as it was read just now; nil when there is none.
    /// - Returns: nil when it is not ours.
    package func release(_ lease: Lease?, wall: Timestamp) -> Attempt? {
        guard let lease, let held = lease.spec, held.holderIdentity == identity else { return nil }
        let record = Lease.Spec(
            holderIdentity: "", leaseDurationSeconds: 1, acquireTime: MicroTime(wall), renewTime: MicroTime(wall),
            leaseTransitions: held.leaseTransitions)
        return .update(record, resourceVersion: lease.metadata.resourceVersion)
    }

    private mutating func lose() { (isLeader, renewedAt) = (false, nil) }

    private func record(after old: Lease.Spec?, wall: Timestamp) -> Lease.Spec {
        var record = Lease.Spec(
            holderIdentity: identity, leaseDurationSeconds: Int(timing.leaseDuration.seconds.rounded(.up)),
            acquireTime: MicroTime(wall), renewTime: MicroTime(wall), leaseTransitions: 0)
        if let old {
            if old.holderIdentity == identity {
                record.acquireTime = old.acquireTime ?? record.acquireTime
                record.leaseTransitions = old.leaseTransitions ?? 0
            } else {
                // An int32 in the API.
                let transitions = min(max(0, old.leaseTransitions ?? 0), Int(Int32.max) - 1)
                record.leaseTransitions = transitions + 1
            }
        }
        return record
    }
}

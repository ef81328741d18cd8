import KubernetesModel

/// How a node's speaker does, by its Lease and its Node.
enum SpeakerState: String, Sendable {
    case ready = "Ready"
    case draining = "Draining"
    case cordoned = "Cordoned"
    /// It has stopped renewing its Lease, if its node's clock is right.
    case silent = "Silent"
    /// Its Lease is of the future, so that its age says nothing.
    case clockAhead = "ClockAhead"
    case noSpeaker = "NoSpeaker"
    case nodeGone = "NodeGone"

    /// - Parameter now: by the API server's clock. Leases have the time of the clock of their holder's node.
    init(of lease: Lease?, _ node: Node?, at now: Timestamp) {
        guard let spec = lease?.spec, let age = LeaseAge(spec, at: now) else {
            self = .noSpeaker
            return
        }
        guard let node else {
            self = .nodeGone
            return
        }
        switch age {
        case .expired: self = .silent
        case .ahead: self = .clockAhead
        case .held:
            if node.metadata.annotations?[HeraldObjects.drainAnnotation] != nil {
                self = .draining
            } else {
                self = node.spec?.unschedulable == true ? .cordoned : .ready
            }
        }
    }

    /// As far as can be told.
    var isRunning: Bool {
        switch self {
        case .ready, .draining, .cordoned, .clockAhead: true
        case .silent, .noSpeaker, .nodeGone: false
        }
    }

    var tone: TextTable.Tone {
        switch self {
        case .ready: .good
        case .draining, .cordoned, .nodeGone, .clockAhead: .warning
        case .silent, .noSpeaker: .bad
        }
    }
}

/// How old a Lease is, in seconds.
enum LeaseAge: Sendable, Hashable {
    case held
    case expired(Int64)
    /// Its holder's clock is so far ahead.
    case ahead(Int64)

    /// More than this is no rounding, and no way of a packet.
    static let tolerance: Int64 = 5

    /// nil when it was never held.
    init?(_ spec: Lease.Spec, at now: Timestamp) {
        guard let renewed = spec.renewTime?.time else { return nil }
        let seconds = (now.microseconds - renewed.microseconds) / 1_000_000
        if seconds > Int64(spec.leaseDurationSeconds ?? 15) {
            self = .expired(seconds)
        } else {
            self = seconds < -Self.tolerance ? .ahead(-seconds) : .held
        }
    }
}

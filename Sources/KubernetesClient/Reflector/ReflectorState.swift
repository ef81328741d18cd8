package import MonotonicTime

/// The decisions of one reflector, as a pure state machine: list → watch → resume, and what to do when it breaks.
///
/// The shell asks ``step(at:using:)`` what to do next, does it, and reports what happened. Nothing here reads a clock or
/// draws randomness of its own.
///
/// **Proof of life.** kube-apiserver sends bookmarks only once a minute, but also two seconds before a watch ends. So a
/// watch is asked to end after 10–12 s (``WatchPace/prompt``), and is resumed on the same connection from the last
/// resource version: each end and each beginning proves that this very watch still works, and an event that was lost in
/// a stuck stream comes after all. The price is one request per watch and pace, whatever the number of objects.
///
/// **Going back in time.** An API server whose data was restored from a backup takes a watch from a version that it has
/// not reached, and sends nothing until it has: such a watch would prove nothing. A restore needs the API server to be
/// away, so after every interruption a list of one object tells the current version; a lower one than ours means that
/// everything must be listed anew.
package struct ReflectorState: Sendable {
    package enum Step: Sendable, Hashable {
        /// Read one page; `limit` is nil when the list must come in one piece.
        case list(continue: String?, limit: Int?)
        case watch(from: String, seconds: Int)
        /// Read the current resource version, and nothing else of note.
        case compare
        case wait(Interval)
    }

    /// How a watch came to its end.
    package enum WatchEnd: Sendable, Hashable {
        /// The server ended it, after a whole line.
        case closed
        /// Nothing came until ``silenceDeadline``: the peer is gone.
        case silent
        /// The connection failed, the answer was an error, or an `ERROR` event came.
        case failed(APIError)
        /// A line that is no watch event at all.
        case garbled
        /// A deleted object that could not be decoded: only a new list shows what is gone.
        case unclear

        /// Whether the connection is of no use any more. An answer of any status shows that it works.
        package var losesConnection: Bool {
            switch self {
            case .silent: true
            case .failed(let error): error.code == .transport
            case .closed, .garbled, .unclear: false
            }
        }
    }

    /// What the shell must tell.
    package enum Recovery: Sendable, Hashable {
        /// Nothing is wrong.
        case resume
        /// Compare versions after a delay, and continue from the last one.
        case retry(after: Interval)
        /// The last resource version is too old: list anew after a delay.
        case relist(after: Interval)
    }

    private enum Phase: Sendable {
        case listing(continue: String?, limit: Int?)
        case comparing
        case watching(openedAt: Instant?, hasProgressed: Bool)
        case waiting(until: Instant, isListing: Bool)
    }

    /// The longest delay that a server may ask for.
    package static let retryAfterCap = Interval.seconds(60)
    /// A watch that ends sooner, and brought nothing, counts as a failure.
    package static let shortestWatch = Interval.seconds(1)
    /// How much longer than asked for a watch may be silent.
    package static let grace = Interval.seconds(5)

    private let pace: WatchPace
    private let pageSize: Int
    private var phase: Phase
    private var backoff = Backoff()
    private var watchSeconds = 0
    private var lastSign: Instant?
    private var lastProof: Instant?
    /// Where the next watch begins: the last one that was *processed*.
    package private(set) var resourceVersion: String?

    package init(pace: WatchPace = .prompt, pageSize: Int = 500) {
        (self.pace, self.pageSize) = (pace, pageSize)
        phase = .listing(continue: nil, limit: pageSize)
    }

    /// What to do now.
    package mutating func step(at now: Instant, using random: inout some RandomNumberGenerator) -> Step {
        if case .waiting(let until, let isListing) = phase {
            guard now >= until else { return .wait(until - now) }
            phase = isListing ? .listing(continue: nil, limit: pageSize) : .comparing
        }
        switch phase {
        case .listing(let next, let limit): return .list(continue: next, limit: limit)
        case .comparing: return .compare
        case .watching, .waiting:
            watchSeconds = Int.random(in: pace.seconds, using: &random)
            lastSign = now
            return .watch(from: resourceVersion ?? "", seconds: watchSeconds)
        }
    }

    // MARK: List

    package enum PageResult: Sendable, Hashable {
        /// Ask for the next step: another page.
        case more
        /// Hand over all pages as `.replaced`.
        case complete
    }

    /// A page was read.
    package mutating func pageTaken(resourceVersion version: String?, next: String?) -> PageResult {
        if case .listing(_, let limit) = phase, let next, !next.isEmpty {
            phase = .listing(continue: next, limit: limit)
            return .more
        }
        resourceVersion = version
        // The backoff stays: a server that lists, and then refuses to watch from there, must not be asked in a circle.
        phase = .watching(openedAt: nil, hasProgressed: false)
        return .complete
    }

    /// A page, or the current resource version, could not be read. Pages that were taken before are void.
    package mutating func readFailed(
        _ error: APIError, at now: Instant, using random: inout some RandomNumberGenerator
    ) -> Recovery {
        switch phase {
        case .listing(_?, _) where error.isExpired:
            // The continue token expired. In one piece a list cannot expire.
            phase = .listing(continue: nil, limit: nil)
            return .relist(after: .zero)
        case .comparing: return wait(error, isListing: false, at: now, using: &random)
        case .listing, .watching, .waiting: return wait(error, isListing: true, at: now, using: &random)
        }
    }

    // MARK: Compare

    package enum Comparison: Sendable, Hashable {
        /// The watch goes on from the last resource version.
        case upToDate
        /// The API server's data is older than what was taken from it: everything is listed anew.
        case wentBack
    }

    /// The API server's current resource version was read. Versions that are no numbers cannot be compared.
    package mutating func compared(with current: String?) -> Comparison {
        guard let current = current.flatMap({ UInt64($0) }), let ours = resourceVersion.flatMap({ UInt64($0) }),
            current < ours
        else {
            phase = .watching(openedAt: nil, hasProgressed: false)
            return .upToDate
        }
        resourceVersion = nil
        phase = .listing(continue: nil, limit: pageSize)
        return .wentBack
    }

    // MARK: Watch

    /// The watch was accepted.
    package mutating func watchOpened(at now: Instant) {
        phase = .watching(openedAt: now, hasProgressed: false)
        lastSign = now
    }

    /// An event or a bookmark was processed.
    ///
    /// - Parameter version: its resource version; nil when it could not be read.
    package mutating func took(resourceVersion version: String?, at now: Instant) {
        if let version, !version.isEmpty { resourceVersion = version }
        lastSign = now
        backoff.reset()
        if case .watching(let openedAt, _) = phase { phase = .watching(openedAt: openedAt, hasProgressed: true) }
    }

    /// When the watch counts as silent.
    package var silenceDeadline: Instant? { lastSign.map { $0 + .seconds(Int64(watchSeconds)) + Self.grace } }

    package mutating func watchEnded(
        _ end: WatchEnd, at now: Instant, using random: inout some RandomNumberGenerator
    ) -> Recovery {
        switch end {
        case .closed:
            if case .watching(let openedAt?, let hasProgressed) = phase,
                hasProgressed || now - openedAt >= Self.shortestWatch
            {
                backoff.reset()
                phase = .watching(openedAt: nil, hasProgressed: false)
                return .resume
            }
            return wait(nil, isListing: false, at: now, using: &random)
        case .silent:
            phase = .comparing
            return .retry(after: .zero)
        case .failed(let error) where error.isExpired || error.refusesVersion:
            // At once the first time; a server that says so again and again is left in peace.
            let isFirst = backoff.failures == 0
            let recovery = wait(nil, isListing: true, at: now, using: &random)
            resourceVersion = nil
            guard isFirst else { return recovery }
            phase = .listing(continue: nil, limit: pageSize)
            return .relist(after: .zero)
        case .failed(let error) where error.code == .overflow:
            phase = .comparing
            return .retry(after: .zero)
        case .failed(let error): return wait(error, isListing: false, at: now, using: &random)
        case .garbled: return wait(nil, isListing: false, at: now, using: &random)
        case .unclear: return wait(nil, isListing: true, at: now, using: &random)
        }
    }

    // MARK: Proof of life

    /// The API server answered about this very watch.
    ///
    /// - Returns: whether to tell; at most once a second.
    package mutating func provedAlive(at now: Instant) -> Bool {
        if let lastProof, now - lastProof < .seconds(1), now >= lastProof { return false }
        lastProof = now
        return true
    }

    private mutating func wait(
        _ error: APIError?, isListing: Bool, at now: Instant, using random: inout some RandomNumberGenerator
    ) -> Recovery {
        var delay = backoff.next(using: &random)
        if let asked = error?.retryAfter, asked > 0 {
            // Never before it was asked for, and not all clients in the same moment after it.
            let floor = min(.seconds(Int64(asked)), Self.retryAfterCap)
            let spread = min(floor, Backoff.cap).nanoseconds
            delay = floor + delay / 2 + Interval(nanoseconds: Int64.random(in: 0...spread, using: &random))
        }
        phase = .waiting(until: now + delay, isListing: isListing)
        return isListing ? .relist(after: delay) : .retry(after: delay)
    }
}

/// How often a quiet watch must prove that it lives.
package struct WatchPace: Sendable, Hashable {
    /// How long a watch is asked to last, in seconds; drawn anew for each watch, so that a cluster's watches spread.
    package let seconds: ClosedRange<Int>

    package init(seconds: ClosedRange<Int>) { self.seconds = seconds }

    /// For what must be known to be up to date: a speaker calls itself stale after 15 s.
    package static let prompt = WatchPace(seconds: 10...12)
    /// Half the requests, and a dead peer is still noticed within 30 s.
    package static let relaxed = WatchPace(seconds: 20...24)
}

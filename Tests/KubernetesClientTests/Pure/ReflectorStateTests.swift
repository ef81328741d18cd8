import KubernetesClient
import KubernetesModel
import MonotonicTime
import SeededRandom
import Testing

/// The least random generator: every jitter is its minimum. (0 would be rejected for ever by an unbiased draw.)
struct LeastRandom: RandomNumberGenerator {
    mutating func next() -> UInt64 { 1 }
}

extension Instant {
    static func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }
}

@Suite("Reflector state machine")
struct ReflectorStateTests {
    typealias Step = ReflectorState.Step

    var random = LeastRandom()
    let gone = APIError(code: .status(410), reason: "Expired", message: "too old resource version")

    /// A state that has listed up to version 100 at second 0.
    func listed(_ pace: WatchPace = .prompt) -> ReflectorState {
        var (state, random) = (ReflectorState(pace: pace), LeastRandom())
        _ = state.step(at: .at(0), using: &random)
        _ = state.pageTaken(resourceVersion: "100", next: nil)
        return state
    }

    /// A state whose watch from version 100 was opened at second 0.
    func watching(_ pace: WatchPace = .prompt) -> ReflectorState {
        var (state, random) = (listed(pace), LeastRandom())
        _ = state.step(at: .at(0), using: &random)
        state.watchOpened(at: .at(0))
        return state
    }

    @Test("a fresh reflector lists in pages, and watches from the version of the list")
    mutating func listThenWatch() {
        var state = ReflectorState(pace: .prompt, pageSize: 500)
        #expect(state.step(at: .at(0), using: &random) == .list(continue: nil, limit: 500))
        #expect(state.pageTaken(resourceVersion: "100", next: "abc") == .more)
        #expect(state.step(at: .at(0), using: &random) == .list(continue: "abc", limit: 500))
        #expect(state.pageTaken(resourceVersion: "100", next: "") == .complete)
        #expect(state.step(at: .at(0), using: &random) == .watch(from: "100", seconds: 10))
    }

    @Test("a list that fails is begun anew after a delay, from the first page")
    mutating func listFails() {
        var state = ReflectorState(pace: .prompt)
        _ = state.step(at: .at(0), using: &random)
        _ = state.pageTaken(resourceVersion: "100", next: "abc")
        let error = APIError(code: .status(500), message: "broken")
        #expect(state.readFailed(error, at: .at(0), using: &random) == .relist(after: .milliseconds(250)))
        #expect(state.step(at: .at(0.1), using: &random) == .wait(.milliseconds(150)))
        #expect(state.step(at: .at(0.25), using: &random) == .list(continue: nil, limit: 500))
    }

    @Test("a continue token that expired makes the list come in one piece, at once")
    mutating func continueExpires() {
        var state = ReflectorState(pace: .prompt)
        _ = state.step(at: .at(0), using: &random)
        _ = state.pageTaken(resourceVersion: "100", next: "abc")
        #expect(state.readFailed(gone, at: .at(0), using: &random) == .relist(after: .zero))
        #expect(state.step(at: .at(0), using: &random) == .list(continue: nil, limit: nil))
    }

    @Test("a watch resumes from the last version that was processed, an event's or a bookmark's")
    mutating func resumes() {
        var state = watching()
        state.took(resourceVersion: "101", at: .at(1))
        state.took(resourceVersion: "150", at: .at(8))
        #expect(state.watchEnded(.closed, at: .at(10), using: &random) == .resume)
        #expect(state.step(at: .at(10), using: &random) == .watch(from: "150", seconds: 10))
    }

    @Test("a version that cannot be read leaves the last one")
    mutating func unreadableVersion() {
        var state = watching()
        state.took(resourceVersion: nil, at: .at(1))
        state.took(resourceVersion: "", at: .at(1))
        #expect(state.resourceVersion == "100")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let end: ReflectorState.WatchEnd
        /// What happened before, and when the watch ended.
        var took: String?
        var endsAt = 5.0
        let recovery: ReflectorState.Recovery
        /// The step right after the recovery's delay, and after the versions are compared.
        let next: Step
        var testDescription: String { name }
    }

    static let failed = APIError(code: .transport, message: "reset")
    static let rows: [Row] = [
        Row(name: "server close", end: .closed, recovery: .resume, next: .watch(from: "100", seconds: 10)),
        Row(
            name: "server close at once, with an event", end: .closed, took: "101", endsAt: 0.1, recovery: .resume,
            next: .watch(from: "101", seconds: 10)),
        Row(
            name: "server close at once, with nothing", end: .closed, endsAt: 0.1,
            recovery: .retry(after: .milliseconds(250)), next: .watch(from: "100", seconds: 10)),
        Row(
            name: "silence", end: .silent, endsAt: 15, recovery: .retry(after: .zero),
            next: .watch(from: "100", seconds: 10)),
        Row(
            name: "connection lost", end: .failed(failed), took: "101", recovery: .retry(after: .milliseconds(250)),
            next: .watch(from: "101", seconds: 10)),
        Row(
            name: "cut in the middle of an event", end: .garbled, took: "101",
            recovery: .retry(after: .milliseconds(250)), next: .watch(from: "101", seconds: 10)),
        Row(
            name: "410", end: .failed(APIError(code: .status(410), reason: "Gone", message: "")),
            recovery: .relist(after: .zero), next: .list(continue: nil, limit: 500)),
        Row(
            name: "ERROR event with reason Expired",
            end: .failed(APIError(code: .status(500), reason: "Expired", message: "")),
            recovery: .relist(after: .zero), next: .list(continue: nil, limit: 500)),
        Row(
            name: "overflow", end: .failed(APIError(code: .overflow, message: "")), took: "140",
            recovery: .retry(after: .zero), next: .watch(from: "140", seconds: 10)),
        Row(
            name: "429 with Retry-After",
            end: .failed(APIError(code: .status(429), message: "", retryAfter: 7)),
            recovery: .retry(after: .milliseconds(7125)), next: .watch(from: "100", seconds: 10)),
        Row(
            name: "Retry-After of an hour", end: .failed(APIError(code: .status(503), message: "", retryAfter: 3600)),
            recovery: .retry(after: .milliseconds(60_125)), next: .watch(from: "100", seconds: 10)),
        Row(
            name: "Retry-After of three centuries",
            end: .failed(APIError(code: .status(429), message: "", retryAfter: 10_000_000_000)),
            recovery: .retry(after: .milliseconds(60_125)), next: .watch(from: "100", seconds: 10)),
        Row(
            name: "the longest Retry-After",
            end: .failed(
                APIError(status: 503, body: Status(code: 503, details: .init(retryAfterSeconds: .max)))),
            recovery: .retry(after: .milliseconds(60_125)), next: .watch(from: "100", seconds: 10)),
        Row(
            name: "the most negative Retry-After",
            end: .failed(APIError(code: .status(429), message: "", retryAfter: .min)),
            recovery: .retry(after: .milliseconds(250)), next: .watch(from: "100", seconds: 10)),
        Row(
            name: "500", end: .failed(APIError(code: .status(500), message: "")),
            recovery: .retry(after: .milliseconds(250)), next: .watch(from: "100", seconds: 10)),
        Row(
            name: "a version that the server never gave out (restored from a backup)",
            end: .failed(
                APIError(
                    code: .status(504), reason: "Timeout",
                    message: "Timeout: Too large resource version: 100, current: 9",
                    retryAfter: 1)),
            recovery: .relist(after: .zero), next: .list(continue: nil, limit: 500)),
        Row(
            name: "a version that the server cannot read",
            end: .failed(APIError(code: .status(400), reason: "BadRequest", message: "invalid resourceVersion")),
            recovery: .relist(after: .zero), next: .list(continue: nil, limit: 500)),
        Row(
            name: "504 for another reason", end: .failed(APIError(code: .status(504), reason: "Timeout", message: "")),
            recovery: .retry(after: .milliseconds(250)), next: .watch(from: "100", seconds: 10)),
        Row(
            name: "ERROR event with 429",
            end: .failed(APIError(status: 429, body: Status(reason: "TooManyRequests", code: 429))), took: "101",
            recovery: .retry(after: .milliseconds(250)), next: .watch(from: "101", seconds: 10)),
        Row(
            name: "403", end: .failed(APIError(code: .status(403), message: "")),
            recovery: .retry(after: .milliseconds(250)), next: .watch(from: "100", seconds: 10)),
        Row(
            name: "a deleted object that cannot be read", end: .unclear, took: "101",
            recovery: .relist(after: .milliseconds(250)), next: .list(continue: nil, limit: 500)),
    ]

    @Test("how a watch ends decides how it goes on", arguments: rows)
    mutating func transitions(row: Row) {
        var state = watching()
        if let version = row.took { state.took(resourceVersion: version, at: .at(row.endsAt)) }
        let recovery = state.watchEnded(row.end, at: .at(row.endsAt), using: &random)
        #expect(recovery == row.recovery)
        var resumesAt = Instant.at(row.endsAt)
        switch recovery {
        case .retry(let delay), .relist(let delay): resumesAt = resumesAt + delay
        case .resume: break
        }
        if resumesAt > .at(row.endsAt) {
            let early = state.step(at: resumesAt - .milliseconds(1), using: &random)
            #expect(early == .wait(.milliseconds(1)))
        }
        if case .retry = recovery {
            #expect(state.step(at: resumesAt, using: &random) == .compare)
            #expect(state.compared(with: "500") == .upToDate)
        }
        #expect(state.step(at: resumesAt, using: &random) == row.next)
    }

    @Test(
        "after an interruption, a server whose data is older than ours is listed anew; versions compare as numbers",
        arguments: [
            ("100", "99", .wentBack), ("100", "9", .wentBack), ("18446744073709551615", "7", .wentBack),
            ("100", "100", .upToDate), ("100", "1000", .upToDate), ("99", "100", .upToDate),
            ("100", nil, .upToDate), ("100", "", .upToDate), ("100", "v9", .upToDate), ("v100", "9", .upToDate),
        ] as [(String, String?, ReflectorState.Comparison)], [.silent, .failed(failed)] as [ReflectorState.WatchEnd])
    mutating func compares(
        versions: (ours: String, current: String?, result: ReflectorState.Comparison), end: ReflectorState.WatchEnd
    ) {
        var state = watching()
        state.took(resourceVersion: versions.ours, at: .at(1))
        _ = state.watchEnded(end, at: .at(5), using: &random)
        #expect(state.step(at: .at(6), using: &random) == .compare)
        #expect(state.compared(with: versions.current) == versions.result)
        let next: Step =
            versions.result == .wentBack
            ? .list(continue: nil, limit: 500) : .watch(from: versions.ours, seconds: 10)
        #expect(state.step(at: .at(6), using: &random) == next)
    }

    @Test("a version that cannot be read is asked for again, less and less often, before any watch")
    mutating func compareFails() {
        var state = watching()
        var delays: [Double] = []
        var recovery = state.watchEnded(.failed(Self.failed), at: .at(5), using: &random)
        var now = Instant.at(5)
        for _ in 0..<4 {
            guard case .retry(let delay) = recovery else {
                Issue.record("no retry")
                return
            }
            delays.append(delay.seconds)
            now = now + delay
            #expect(state.step(at: now, using: &random) == .compare)
            recovery = state.readFailed(Self.failed, at: now, using: &random)
        }
        #expect(delays == [0.25, 0.5, 1, 2])
    }

    @Test(
        "only a failure of the transport loses the connection, no answer does",
        arguments: [
            (.silent, true), (.failed(failed), true), (.closed, false), (.garbled, false), (.unclear, false),
            (.failed(APIError(code: .status(403), message: "")), false),
            (.failed(APIError(code: .status(410), message: "")), false),
            (.failed(APIError(code: .status(429), message: "")), false),
            (.failed(APIError(code: .overflow, message: "")), false),
        ] as [(ReflectorState.WatchEnd, Bool)])
    func connections(end: ReflectorState.WatchEnd, isLost: Bool) {
        #expect(end.losesConnection == isLost)
    }

    @Test("a server that says 410 again and again is asked less and less often")
    mutating func expiresAgain() {
        var state = watching()
        #expect(state.watchEnded(.failed(gone), at: .at(0), using: &random) == .relist(after: .zero))
        _ = state.step(at: .at(0), using: &random)
        _ = state.readFailed(gone, at: .at(0), using: &random)
        #expect(state.step(at: .at(0.1), using: &random) == .wait(.milliseconds(400)))
    }

    @Test("a server that lists, and then refuses every watch from there, is not listed in a circle")
    mutating func refusesEveryWatch() {
        var state = watching()
        var delays: [Double] = []
        var now = Instant.at(0)
        for _ in 0..<5 {
            guard case .relist(let delay) = state.watchEnded(.failed(gone), at: now, using: &random) else {
                Issue.record("no list")
                return
            }
            delays.append(delay.seconds)
            now = now + delay
            #expect(state.step(at: now, using: &random) == .list(continue: nil, limit: 500))
            _ = state.pageTaken(resourceVersion: "200", next: nil)
            #expect(state.step(at: now, using: &random) == .watch(from: "200", seconds: 10))
        }
        #expect(delays == [0, 0.5, 1, 2, 3])
        state.watchOpened(at: now)
        #expect(state.watchEnded(.closed, at: now + .seconds(10), using: &random) == .resume)
        #expect(state.watchEnded(.failed(gone), at: now, using: &random) == .relist(after: .zero))
    }

    @Test("a list in one piece that fails too is tried in pages again")
    mutating func onePieceFails() {
        var state = ReflectorState(pace: .prompt)
        _ = state.step(at: .at(0), using: &random)
        for next in ["a", "b"] { _ = state.pageTaken(resourceVersion: "100", next: next) }
        #expect(state.readFailed(gone, at: .at(0), using: &random) == .relist(after: .zero))
        #expect(state.step(at: .at(0), using: &random) == .list(continue: nil, limit: nil))
        #expect(state.readFailed(Self.failed, at: .at(0), using: &random) == .relist(after: .milliseconds(250)))
        #expect(state.step(at: .at(0.25), using: &random) == .list(continue: nil, limit: 500))
    }

    @Test(
        "a thousand clients do not come back at once, neither by themselves nor when asked to wait",
        arguments: [nil, 1, 30])
    func herd(retryAfter: Int?) {
        let error = APIError(code: .status(503), message: "", retryAfter: retryAfter)
        var slots: [Int: Int] = [:]
        for seed in 0..<1000 as Range<UInt64> {
            var (state, random) = (watching(), SeededGenerator(seed: seed))
            for _ in 0..<4 { _ = state.watchEnded(.failed(Self.failed), at: .at(0), using: &random) }
            guard case .retry(let delay) = state.watchEnded(.failed(error), at: .at(0), using: &random) else {
                Issue.record("no retry")
                return
            }
            #expect(delay >= .seconds(Int64(retryAfter ?? 3)))
            #expect(delay <= .seconds(Int64(retryAfter ?? 0)) + .seconds(9))
            slots[Int(delay.seconds * 10), default: 0] += 1
        }
        // Evenly over 2.5 s or more would be 40 in each tenth of a second.
        #expect(slots.values.max() ?? 0 <= 80, "\(slots)")
    }

    @Test("delays grow to the cap, and begin anew after an event")
    mutating func backoffResets() {
        var state = watching()
        var delays: [Interval] = []
        var now = 0.0
        for _ in 0..<6 {
            guard case .retry(let delay) = state.watchEnded(.failed(Self.failed), at: .at(now), using: &random) else {
                Issue.record("no retry")
                return
            }
            delays.append(delay)
            now += delay.seconds
            _ = state.step(at: .at(now), using: &random)
        }
        #expect(delays.map(\.seconds) == [0.25, 0.5, 1, 2, 3, 3])
        state.watchOpened(at: .at(now))
        state.took(resourceVersion: "101", at: .at(now))
        let first = state.watchEnded(.failed(Self.failed), at: .at(now), using: &random)
        #expect(first == .retry(after: .milliseconds(250)))
    }

    @Test("a silent peer is noticed within 30 s at every pace", arguments: [WatchPace.prompt, .relaxed])
    func silence(pace: WatchPace) throws {
        var state = listed(pace)
        var random = SystemRandomNumberGenerator()
        _ = state.step(at: .at(0), using: &random)
        // Not even the head of the answer comes.
        #expect(try #require(state.silenceDeadline) <= .at(29))
        state.watchOpened(at: .at(1))
        state.took(resourceVersion: "101", at: .at(8))
        #expect(try #require(state.silenceDeadline) - .at(8) <= .seconds(29))
        #expect(pace == .relaxed || Int64(pace.seconds.upperBound) < 15)
    }

    @Test("proof of life is told at most once a second")
    func proofs() {
        var state = watching()
        let told = [0.0, 0.2, 0.9, 1.0, 1.5, 2.1].map { state.provedAlive(at: .at($0)) }
        #expect(told == [true, false, false, true, false, true])
    }

    @Test("jitter keeps every delay between half and all of it", arguments: 0..<20)
    func jitter(round: Int) {
        var (backoff, random) = (Backoff(), SystemRandomNumberGenerator())
        for full in [0.5, 1, 2, 4, 6, 6, 6] {
            let delay = backoff.next(using: &random).seconds
            #expect(delay >= full / 2 && delay <= full)
        }
    }
}

@Suite("Freshness of several watches")
struct FreshnessTests {
    @Test("all are stale until each has proved itself, and again 15 s after the oldest proof")
    func staleness() {
        var freshness = Freshness(["services", "nodes"])
        #expect(freshness.isStale(at: .at(0)))
        freshness.alive("services", at: .at(1))
        #expect(freshness.isStale(at: .at(1)))
        #expect(freshness.deadline == nil)
        freshness.alive("nodes", at: .at(3))
        #expect(!freshness.isStale(at: .at(3)))
        #expect(freshness.deadline == .at(16))
        #expect(!freshness.isStale(at: .at(15.9)))
        #expect(freshness.isStale(at: .at(16)))
        #expect(freshness.stale(at: .at(16)) == ["services"])
    }

    @Test("a proof never moves back, and one of an unknown watch is nothing")
    func order() {
        var freshness = Freshness(["services"])
        freshness.alive("services", at: .at(5))
        freshness.alive("services", at: .at(4))
        freshness.alive("pods", at: .at(9))
        #expect(freshness.deadline == .at(20))
    }
}

import FoundationEssentials
package import KubernetesModel
import MonotonicTime
import ServiceLifecycle
import Synchronization

/// Holds a Lease while it can, and runs something only while it holds it.
package struct LeaderElector: Sendable {
    /// What an observer is told.
    package enum Change: Sendable, Hashable {
        case becameLeader
        case lostLeadership
        /// Somebody else leads now.
        case follows(holder: String)
        /// An attempt to take or to renew the Lease has failed, for another reason than the one before.
        case failed(reason: String)
    }

    /// Whether whoever asks may act as the leader now: within `lead` until the renew deadline, and always outside of it.
    ///
    /// A process that was paused finds out here before its renewal does. ``APIClient`` asks before each request that it sends.
    package static func isLeading() -> Bool { reign?.isOn() ?? true }

    /// The time in which somebody leads. An object: optimized programs of Swift 6.3 crash with a function as a task's own value.
    package final class Reign: Sendable {
        fileprivate let isOn: @Sendable () -> Bool
        package init(_ isOn: @escaping @Sendable () -> Bool) { self.isOn = isOn }
    }

    @TaskLocal package static var reign: Reign?

    private let client: APIClient
    private let key: ObjectKey
    private let identity: String
    private let timing: LeaderElectionTiming

    /// - Parameters:
    ///   - client: says which API server; requests for the Lease never wait behind its other ones.
    ///   - identity: unique in the cluster, also across restarts of one pod.
    package init(
        _ client: APIClient, namespace: String, name: String, identity: String,
        timing: LeaderElectionTiming = LeaderElectionTiming()
    ) {
        (self.client, self.identity, self.timing) = (client, identity, timing)
        key = ObjectKey(namespace: namespace, name: name)
    }

    /// Runs until graceful shutdown, or until `lead` ends by itself.
    ///
    /// When leadership is lost `lead` is cancelled and waited for, and the candidate tries again: caches stay warm. At
    /// graceful shutdown `lead` is cancelled, and then the lease is given up.
    ///
    /// - Parameter observe: told of every change, in order.
    package func run(
        observe: @escaping @Sendable (Change) async -> Void = { _ in },
        lead: @escaping @Sendable () async throws -> Void
    ) async throws {
        // Its connections close when it is let go of: a shutdown has no time to wait for a peer's farewell.
        let session = LeaderSession(try client.separate(), key, LeaderElection(identity: identity, timing: timing))
        do {
            try await cancelWhenGracefulShutdown { try await session.run(observe, lead) }
        } catch {
            await session.release()
            guard error is CancellationError else { throw error }
            return
        }
        await session.release()
    }
}

private final class LeaderSession: Sendable {
    private let client: APIClient
    private let key: ObjectKey
    private let state: Mutex<LeaderElection>
    /// Why the last attempt failed.
    private let failure = Mutex<String?>(nil)

    init(_ client: APIClient, _ key: ObjectKey, _ election: LeaderElection) {
        (self.client, self.key) = (client, key)
        state = Mutex(election)
    }

    func run(
        _ observe: @escaping @Sendable (LeaderElector.Change) async -> Void,
        _ lead: @escaping @Sendable () async throws -> Void
    ) async throws {
        while !Task.isCancelled {
            try await acquire(observe)
            await observe(.becameLeader)
            let ended = try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    try await LeaderElector.$reign.withValue(LeaderElector.Reign { self.isLeading }) {
                        try await lead()
                    }
                    return true
                }
                group.addTask {
                    try await self.renewUntilLost(observe)
                    return false
                }
                defer { group.cancelAll() }
                return try await group.next() ?? true
            }
            await observe(.lostLeadership)
            if ended { return }
        }
    }

    private var isLeading: Bool {
        state.withLock { election in election.leadingEnds.map { client.now() < $0 } ?? false }
    }

    private func acquire(_ observe: @Sendable (LeaderElector.Change) async -> Void) async throws {
        var random = SystemRandomNumberGenerator()
        var holder: String?
        while true {
            try Task.checkCancellation()
            if try await attempt(observe) == .becameLeader { return }
            let current = state.withLock { $0.holder }
            if current != holder, !current.isEmpty {
                holder = current
                await observe(.follows(holder: current))
            }
            try await Task.sleep(for: state.withLock { $0.pause(using: &random) }.duration)
        }
    }

    private func renewUntilLost(_ observe: @Sendable (LeaderElector.Change) async -> Void) async throws {
        var random = SystemRandomNumberGenerator()
        while true {
            let pause = state.withLock { election in
                let pause = election.pause(using: &random)
                return election.leadingEnds.map { min(pause, $0 - client.now()) } ?? pause
            }
            if pause > .zero { try await Task.sleep(for: pause.duration) }
            _ = try await attempt(observe)
            guard state.withLock({ $0.isLeader }) else { return }
        }
    }

    /// One attempt to take or to renew the lease.
    private func attempt(
        _ observe: @Sendable (LeaderElector.Change) async -> Void
    ) async throws -> LeaderElection.Outcome {
        do {
            let written = try await write()
            let now = client.now()
            failure.withLock { $0 = nil }
            return state.withLock { election in
                guard let written else { return election.failed(at: now) }
                return election.wrote(written.lease, startedAt: written.startedAt, at: now)
            }
        } catch {
            try Task.checkCancellation()
            let reason = (error as? APIError ?? TransportError(error).apiError).message
            let isNews = failure.withLock { known in
                defer { known = reason }
                return known != reason
            }
            if isNews { await observe(.failed(reason: reason)) }
            return state.withLock { $0.failed(at: client.now()) }
        }
    }

    /// - Returns: the lease that we hold now, and when it was sent; nil when somebody else holds it.
    private func write() async throws -> (lease: Lease, startedAt: Instant)? {
        var attempt = state.withLock { $0.begin(wall: .now) }
        if attempt == .read {
            let lease = try await inTime { try await self.read() }
            attempt = state.withLock { $0.saw(lease, at: client.now(), wall: .now) }
        }
        let (startedAt, next) = (client.now(), attempt)
        switch next {
        case .read, .follow: return nil
        case .create(let record):
            let lease = Lease(metadata: ObjectMeta(name: key.name, namespace: key.namespace), spec: record)
            return (try await inTime { try await self.client.create(lease) }, startedAt)
        case .update(let record, let version):
            return (try await inTime { try await self.update(record, version) }, startedAt)
        }
    }

    /// A request may take a third of the renew deadline, so that a leader whose connection is dead has time for another
    /// one, and may not outlast the leading.
    private func inTime<Value: Sendable>(_ request: @escaping @Sendable () async throws -> Value) async throws -> Value
    {
        let limit = state.withLock { election in
            let third = election.timing.renewDeadline / 3
            return election.leadingEnds.map { min(third, max($0 - client.now(), .milliseconds(1))) } ?? third
        }
        return try await withDeadline(limit, "the Lease took the API server more than \(limit.seconds) s", request)
    }

    /// - Returns: nil when there is none.
    private func read() async throws(APIError) -> Lease? {
        do { return try await client.get(Lease.self, name: key.name, namespace: key.namespace) } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    private func update(_ record: Lease.Spec, _ version: String?) async throws(APIError) -> Lease {
        let metadata = ObjectMeta(name: key.name, namespace: key.namespace, resourceVersion: version)
        return try await client.replace(Lease(metadata: metadata, spec: record))
    }

    /// Gives the lease up if it is ours, in less time than a supervisor leaves for shutdown.
    func release() async {
        guard state.withLock({ $0.resign() }) else { return }
        try? await withDeadline(.seconds(4), "the lease was not given up in time") {
            // A renewal that was on its way may come between reading and writing.
            for _ in 1...4 {
                do { return try await self.readAndRelease() } catch {
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
        }
    }

    private func readAndRelease() async throws(APIError) {
        let lease = try await read()
        guard case .update(let record, let version)? = state.withLock({ $0.release(lease, wall: .now) }) else { return }
        _ = try await update(record, version)
    }
}

extension Timestamp {
    /// The wall clock, for records that people read.
    package static var now: Timestamp {
        Timestamp(microseconds: Int64((Date().timeIntervalSince1970 * 1_000_000).rounded()))
    }
}

import FoundationEssentials
package import KubernetesModel
import MonotonicTime
import Synchronization

extension APIClient {
    /// Lists all objects of a type, then follows every change, for ever: ends when the task is cancelled.
    ///
    /// After any failure it resumes where it was; no change is lost or repeated. `handle` is called for one event at a
    /// time; while it runs, no more events are taken in.
    ///
    /// - Parameters:
    ///   - namespace: nil means all of them.
    ///   - pace: how often a quiet watch proves that it lives.
    package func reflect<Object: KubernetesObject>(
        _ type: Object.Type = Object.self, namespace: String? = nil, labelSelector: String? = nil,
        fieldSelector: String? = nil, pace: WatchPace = .prompt,
        handle: @escaping @Sendable (ReflectorEvent<Object>) async -> Void
    ) async {
        let target = ListTarget(namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector)
        let reflector = Reflector(self, target, ReflectorState(pace: pace, pageSize: Self.pageSize), handle)
        await reflector.run()
    }
}

/// Performs what ``ReflectorState`` decides, for one resource type.
private final class Reflector<Object: KubernetesObject>: Sendable {
    private let client: APIClient
    private let target: ListTarget
    private let handle: @Sendable (ReflectorEvent<Object>) async -> Void
    private let channel: any WatchChannel
    private let state: Mutex<ReflectorState>

    init(
        _ client: APIClient, _ target: ListTarget, _ state: ReflectorState,
        _ handle: @escaping @Sendable (ReflectorEvent<Object>) async -> Void
    ) {
        (self.client, self.target, self.handle) = (client, target, handle)
        channel = client.transport.makeWatchChannel()
        self.state = Mutex(state)
    }

    func run() async {
        var random = SystemRandomNumberGenerator()
        var list = ObjectList<Object>()
        while !Task.isCancelled {
            let now = client.now()
            switch state.withLock({ $0.step(at: now, using: &random) }) {
            case .wait(let delay): try? await Task.sleep(for: delay.duration)
            case .list(let next, let limit): await self.list(&list, limit: limit, continue: next)
            case .watch(let version, let seconds): await watch(from: version, seconds: seconds)
            case .compare: await compare()
            }
        }
        await channel.close()
    }

    // MARK: List

    /// - Parameter list: the pages so far; empty again when they are handed over, or void.
    private func list(_ list: inout ObjectList<Object>, limit: Int?, continue next: String?) async {
        do {
            let page: ListPage<Object> = try await client.page(target, limit: limit, continue: next)
            page.add(to: &list)
            let version = list.resourceVersion
            guard state.withLock({ $0.pageTaken(resourceVersion: version, next: page.next) }) == .complete else {
                return
            }
            let (items, skipped) = (list.items, list.skipped)
            list = ObjectList()
            client.metrics.relisted(Object.resource.plural)
            for object in skipped { await tell(.skipped(object)) }
            await handle(.change(.replaced(items, unreadable: skipped.map(\.key))))
            await tellAlive()
        } catch {
            list = ObjectList()
            await readFailed(error)
        }
    }

    private func readFailed(_ error: APIError) async {
        let now = client.now()
        var random = SystemRandomNumberGenerator()
        switch state.withLock({ $0.readFailed(error, at: now, using: &random) }) {
        case .resume: break
        case .retry(let delay), .relist(let delay):
            await tell(error.isExpired ? .expired(retryIn: delay) : .interrupted(error, retryIn: delay))
        }
    }

    // MARK: Compare

    /// How long the answer may take: a connection that is gone without a word must not hold up the watch for long.
    private static var comparisonTimeout: Interval { .seconds(5) }

    private func compare() async {
        do {
            let page: ListPage<Object> = try await client.page(
                target, limit: 1, continue: nil, timeout: Self.comparisonTimeout)
            let version = page.metadata?.resourceVersion
            if state.withLock({ $0.compared(with: version) }) == .wentBack { await tell(.wentBack) }
        } catch {
            await readFailed(error)
        }
    }

    // MARK: Watch

    private func watch(from version: String, seconds: Int) async {
        let end = await watchUntilEnd(from: version, seconds: seconds)
        if end.losesConnection { await channel.close() }
        if Task.isCancelled { return }
        client.metrics.watchEnded(Object.resource.plural, end)
        if case .failed(let error) = end { client.metrics.watch(Object.resource.plural, status: error.status ?? 0) }
        let now = client.now()
        var random = SystemRandomNumberGenerator()
        let recovery = state.withLock { $0.watchEnded(end, at: now, using: &random) }
        switch (recovery, end) {
        case (.resume, _): await tellAlive()
        case (_, .silent): await tell(.silent)
        case (.relist(let delay), .failed(let error)) where error.isExpired || error.refusesVersion:
            await tell(.expired(retryIn: delay))
        case (.relist(let delay), .failed(let error)), (.retry(let delay), .failed(let error)):
            await tell(.interrupted(error, retryIn: delay))
        case (.relist(let delay), _), (.retry(let delay), _):
            let error = APIError(code: .transport, message: "the watch ended too soon, or in the middle of an event")
            await tell(.interrupted(error, retryIn: delay))
        }
    }

    private func watchUntilEnd(from version: String, seconds: Int) async -> ReflectorState.WatchEnd {
        let query =
            target.query + [
                ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version),
                ("timeoutSeconds", "\(seconds)"),
            ]
        let timeout = Interval.seconds(Int64(seconds)) + ReflectorState.grace
        let request = HTTPRequest(
            .get, Object.resource.path(namespace: target.namespace), query: query, timeout: timeout)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.follow(request) }
                group.addTask { try await self.guardAgainstSilence() }
                defer { group.cancelAll() }
                try await group.next()
            }
            return .closed
        } catch let end as EarlyEnd {
            return end.end
        } catch let error as APIError {
            return .failed(error)
        } catch TransportError.timedOut {
            return .silent
        } catch {
            return .failed(TransportError(error).apiError)
        }
    }

    private struct EarlyEnd: WatchStop { let end: ReflectorState.WatchEnd }

    private func follow(_ request: HTTPRequest) async throws {
        try await client.watch(request, on: channel) {
            self.client.metrics.watch(Object.resource.plural, status: 200)
            self.state.withLock { $0.watchOpened(at: self.client.now()) }
            await self.tellAlive()
        } line: {
            try await self.take($0)
        }
    }

    private func take(_ bytes: Data) async throws {
        guard let line = WatchLine<Object>(bytes) else { throw EarlyEnd(end: .garbled) }
        switch line {
        case .applied(let object):
            await handle(.change(.applied(object)))
            took(object.metadata.resourceVersion)
        case .deleted(let object):
            await handle(.change(.deleted(object)))
            took(object.metadata.resourceVersion)
        case .bookmark(let version): took(version)
        case .failure(let error): throw EarlyEnd(end: .failed(error))
        case .skipped(let skipped, let version, let isDeletion):
            await tell(.skipped(skipped))
            took(version)
            if isDeletion { throw EarlyEnd(end: .unclear) }
        case .unknown: took(nil)
        }
        await tellAlive()
    }

    private func took(_ version: String?) {
        let now = client.now()
        state.withLock { $0.took(resourceVersion: version, at: now) }
    }

    private func guardAgainstSilence() async throws {
        while let deadline = state.withLock({ $0.silenceDeadline }) {
            let now = client.now()
            guard now < deadline else { throw EarlyEnd(end: .silent) }
            try await Task.sleep(for: (deadline - now).duration)
        }
    }

    // MARK: Telling

    private func tellAlive() async {
        let now = client.now()
        if state.withLock({ $0.provedAlive(at: now) }) { await handle(.alive(now)) }
    }

    private func tell(_ problem: ReflectorProblem) async {
        if !Task.isCancelled { await handle(.problem(problem)) }
    }
}

import Foundation
import FoundationNetworking
import MonotonicTime
import Synchronization

/// One watch = one URLSession = one connection.
///
/// A watch on a connection that never carried a short request burns a core (the write-ready source of its socket is
/// never cancelled), so the first thing on a new connection is `GET /version`. Watches that follow a clean end reuse the
/// connection, which stays warm; any failure drops it.
final class URLSessionWatchChannel: WatchChannel {
    /// URLSession has no back-pressure: it reads as fast as the server writes, so what waits is bounded here.
    ///
    /// Room for several of the largest objects (3 MiB), and for a container of 192 MiB when all eight watches of a
    /// speaker are this far behind.
    static let bufferLimit = 16 << 20

    private let base: String
    private let session = Mutex<URLSession?>(nil)

    init(base: String) { self.base = base }

    func stream(
        _ request: HTTPRequest, opened: @Sendable () async -> Void, line: @Sendable (Data) async throws -> Void
    ) async throws {
        do {
            let prepared = try URLRequest(request, base: base)
            try await watch(try await warmSession(like: request), prepared, opened, line)
        } catch {
            if case .status = error as? TransportError { throw error }
            session.withLock { $0 = nil }
            if error is any WatchStop { throw error }
            throw TransportError(error)
        }
    }

    func close() async { session.withLock { $0 = nil } }

    private func warmSession(like request: HTTPRequest) async throws -> URLSession {
        if let session = session.withLock({ $0 }) { return session }
        let fresh = URLSession(configuration: .kubernetes, delegate: SessionDelegate(), delegateQueue: nil)
        var warmUp = HTTPRequest(.get, "/version", timeout: request.timeout)
        warmUp.authorization = request.authorization
        let prepared = try URLRequest(warmUp, base: base)
        // Whatever the status, the connection is warm; the watch itself shows what is wrong.
        _ = try await withDeadline(request.timeout, "no answer within \(request.timeout.seconds) s") {
            try await fresh.fetch(prepared)
        }
        session.withLock { $0 = fresh }
        return fresh
    }

    private func watch(
        _ session: URLSession, _ request: URLRequest, _ opened: @Sendable () async -> Void,
        _ line: @Sendable (Data) async throws -> Void
    ) async throws {
        guard let delegate = session.delegate as? SessionDelegate else { throw TransportError.cancelled }
        let (parts, continuation) = AsyncThrowingStream<WatchPart, any Error>.makeStream()
        let buffer = WatchBuffer(continuation, limit: Self.bufferLimit)
        let task = session.dataTask(with: request)
        delegate.route(task, to: buffer)
        continuation.onTermination = { _ in urlSessionCancelQueue.async { task.cancel() } }
        task.resume()
        for try await part in parts {
            switch part {
            case .opened: await opened()
            case .line(let bytes):
                buffer.consumed(bytes.count)
                try await line(bytes)
            }
        }
        if Task.isCancelled { throw TransportError.cancelled }
    }
}

enum WatchPart: Sendable {
    case opened
    case line(Data)
}

/// What the delegate collects for one watch.
final class WatchBuffer: Sendable {
    private struct State {
        var splitter = LineSplitter()
        var response: HTTPResponse?
        var waiting = 0
        var failure: TransportError?
    }
    private let state = Mutex(State())
    private let continuation: AsyncThrowingStream<WatchPart, any Error>.Continuation
    private let limit: Int

    init(_ continuation: AsyncThrowingStream<WatchPart, any Error>.Continuation, limit: Int) {
        (self.continuation, self.limit) = (continuation, limit)
    }

    func consumed(_ bytes: Int) { state.withLock { $0.waiting -= bytes } }

    func began(status: Int, retryAfter: Int?) {
        if status == 200 {
            continuation.yield(.opened)
        } else {
            state.withLock { $0.response = HTTPResponse(status: status, retryAfter: retryAfter, body: Data()) }
        }
    }

    /// - Returns: false when the bound is passed, and the task must be cancelled.
    func received(_ data: Data) -> Bool {
        state.withLock { state in
            if state.response != nil {
                if state.response?.body.count ?? 0 < 1 << 16 { state.response?.body.append(data) }
                return true
            }
            guard state.failure == nil else { return true }
            var lines: [Data] = []
            state.splitter.append(data) { lines.append($0) }
            for line in lines {
                state.waiting += line.count
                continuation.yield(.line(line))
            }
            guard state.waiting + state.splitter.rest.count > limit else { return true }
            state.failure = .overflow(limit: limit)
            return false
        }
    }

    func ended(_ error: (any Error)?) {
        let failure = state.withLock { state -> TransportError? in
            if let failure = state.failure { return failure }
            if let response = state.response { return .status(response) }
            if let error { return TransportError(urlSession: error) }
            return state.splitter.rest.isEmpty ? nil : .truncated
        }
        continuation.finish(throwing: failure)
    }
}

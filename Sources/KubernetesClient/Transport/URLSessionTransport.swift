import Dispatch
import Foundation
import FoundationNetworking
import MonotonicTime
import Synchronization

/// URLSession on Linux, used only inside the fence that its faults leave (measured with Swift 6.3 and libcurl 7.88).
///
/// - `data(for:)` and Swift task cancellation deadlock every session of the process: handler-based tasks only, and
///   `cancel()` only from a queue of our own.
/// - A pooled HTTP/2 connection whose peer is gone is used for ever: after any failure, or cancellation, the session is dropped.
/// - `dataTask` on an invalidated session ends the process: sessions are never invalidated, only let go of. Their
///   connections close with the last reference.
/// - A redirect would carry the token elsewhere, and a basic challenge would hang: the delegate refuses both.
package final class URLSessionTransport: APITransport {
    private let base: String
    private let session = Mutex<URLSession?>(nil)

    package init(_ configuration: APIConfiguration) { base = configuration.server.url() }

    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let prepared: URLRequest
        do { prepared = try URLRequest(request, base: base) } catch { throw TransportError(error) }
        let current = session.withLock { session in
            if let session { return session }
            let fresh = URLSession(configuration: .kubernetes, delegate: SessionDelegate(), delegateQueue: nil)
            session = fresh
            return fresh
        }
        do {
            return try await withDeadline(request.timeout, "no answer within \(request.timeout.seconds) s") {
                try await current.fetch(prepared)
            }
        } catch {
            let failure = TransportError(error)
            // Whoever cancels may have waited for long enough: that, too, can be a peer that is gone.
            session.withLock { if $0 === current { $0 = nil } }
            throw failure
        }
    }

    package func makeWatchChannel() -> any WatchChannel { URLSessionWatchChannel(base: base) }

    package func shutdown() async { session.withLock { $0 = nil } }
}

/// Where tasks are cancelled: `cancel()` waits for URLSession's own queue, which must never wait for us.
let urlSessionCancelQueue = DispatchQueue(label: "kubernetes-client.cancel")

extension URLSessionConfiguration {
    static var kubernetes: URLSessionConfiguration {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.httpCookieStorage = nil
        configuration.urlCredentialStorage = nil
        configuration.httpShouldSetCookies = false
        // Without it every line of every header is searched for cookies.
        configuration.httpCookieAcceptPolicy = .never
        configuration.httpMaximumConnectionsPerHost = 16
        return configuration
    }
}

extension URLRequest {
    init(_ request: HTTPRequest, base: String) throws(TransportError) {
        guard let url = URL(string: base + request.path) else {
            throw TransportError.failed("\(base + request.path) is no URL")
        }
        self.init(url: url)
        httpMethod = request.method.rawValue
        for (name, value) in request.headers { setValue(value, forHTTPHeaderField: name) }
        httpBody = request.body
        // An idle timer in whole seconds; 0 would fire at once.
        timeoutInterval = max(1, request.timeout.seconds.rounded(.up))
    }
}

extension URLSession {
    /// One exchange. Cancellation is passed on through a queue of its own.
    func fetch(_ request: URLRequest) async throws -> HTTPResponse {
        let running = Mutex<(task: URLSessionTask?, isCancelled: Bool)>((nil, false))
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<HTTPResponse, any Error>) in
                let task = dataTask(with: request) { data, response, error in
                    if let error {
                        continuation.resume(throwing: TransportError(urlSession: error))
                    } else if let response = response as? HTTPURLResponse {
                        continuation.resume(
                            returning: HTTPResponse(
                                status: response.statusCode, retryAfter: response.retryAfter,
                                date: response.value(forHTTPHeaderField: "Date").flatMap(HTTPResponse.date),
                                body: data ?? Data()))
                    } else {
                        continuation.resume(throwing: TransportError.failed("an answer that is not HTTP"))
                    }
                }
                let isCancelled = running.withLock { running in
                    running.task = task
                    return running.isCancelled
                }
                task.resume()
                if isCancelled { urlSessionCancelQueue.async { task.cancel() } }
            }
        } onCancel: {
            let task = running.withLock { running in
                running.isCancelled = true
                return running.task
            }
            if let task { urlSessionCancelQueue.async { task.cancel() } }
        }
    }
}

extension HTTPURLResponse {
    var retryAfter: Int? { value(forHTTPHeaderField: "Retry-After").flatMap { Int($0) } }
}

extension TransportError {
    /// Almost every failure has the code -1, so only the text tells them apart; all may be retried.
    init(urlSession error: any Error) {
        let code = (error as? URLError)?.code
        switch code {
        case .cancelled?: self = .cancelled
        case .timedOut?: self = .timedOut("nothing came from the API server for too long")
        default: self = .failed("\((error as NSError).localizedDescription)")
        }
    }
}

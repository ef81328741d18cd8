import Foundation
import FoundationNetworking
import Synchronization

/// Refuses redirects and challenges, and hands what watches deliver to the buffers of their tasks.
final class SessionDelegate: NSObject, URLSessionDataDelegate {
    private let buffers = Mutex<[Int: WatchBuffer]>([:])

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        completionHandler(.cancelAuthenticationChallenge, nil)
    }

    func route(_ task: URLSessionTask, to buffer: WatchBuffer) {
        buffers.withLock { $0[task.taskIdentifier] = buffer }
    }

    private func buffer(_ task: URLSessionTask) -> WatchBuffer? { buffers.withLock { $0[task.taskIdentifier] } }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        let http = response as? HTTPURLResponse
        buffer(dataTask)?.began(status: http?.statusCode ?? 0, retryAfter: http?.retryAfter)
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        guard let buffer = buffer(dataTask), !buffer.received(data) else { return }
        urlSessionCancelQueue.async { dataTask.cancel() }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        buffers.withLock { $0.removeValue(forKey: task.taskIdentifier) }?.ended(error)
    }
}

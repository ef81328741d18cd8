package import FoundationEssentials

/// What carries requests to the API server: the seam between Kubernetes and HTTP.
///
/// Two implementations with one behaviour, held to one contract suite: ``URLSessionTransport`` and
/// ``AsyncHTTPClientTransport``. Nothing above knows which one works.
package protocol APITransport: Sendable {
    /// Sends a request, and returns its whole answer, whatever its status. Redirects are never followed.
    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse

    /// A connection for one watch, reused by the watches that follow on it until it is closed.
    func makeWatchChannel() -> any WatchChannel

    /// Closes every connection. Nothing may be sent afterwards.
    func shutdown() async
}

/// The connection of one watch.
package protocol WatchChannel: Sendable {
    /// Opens a streamed answer and hands over each line, in order, until the server ends it.
    ///
    /// - Parameters:
    ///   - opened: the answer began with status 200.
    ///   - line: one non-empty line. While it runs, no more lines are taken in.
    /// - Throws: ``TransportError/status(_:)`` for any status but 200, ``TransportError/truncated`` when the last line
    ///   was cut, ``TransportError/overflow`` when more than the bound waits, the failure of the connection, or the
    ///   ``WatchStop`` that `line` threw, as it is.
    func stream(
        _ request: HTTPRequest, opened: @Sendable () async -> Void, line: @Sendable (Data) async throws -> Void
    ) async throws

    /// Drops the connection: the peer is gone, or the credentials are too old.
    func close() async
}

/// Thrown by the one who takes lines in, to end the watch: nothing is wrong with the transport.
package protocol WatchStop: Error {}

package enum TransportError: Error, Sendable {
    /// A watch was answered with something else than 200.
    case status(HTTPResponse)
    /// The answer ended in mid-line.
    case truncated
    /// More bytes waited than may wait.
    case overflow(limit: Int)
    /// Nothing came for too long.
    case timedOut(String)
    case cancelled
    /// Anything else, in the words of the library underneath.
    case failed(String)
}

extension TransportError {
    package var apiError: APIError {
        switch self {
        case .status(let response): APIError(response)
        case .truncated: APIError(code: .transport, message: "the API server's answer was cut short")
        case .overflow(let limit):
            APIError(code: .overflow, message: "more than \(limit) bytes of watch events wait to be taken in")
        case .timedOut(let what): APIError(code: .transport, message: what)
        case .cancelled: APIError(code: .cancelled, message: "cancelled")
        case .failed(let message): APIError(code: .transport, message: message)
        }
    }
}

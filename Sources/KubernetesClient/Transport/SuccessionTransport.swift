import FoundationEssentials
package import Logging
import Synchronization

/// URLSession for a bounded number of requests, then async-http-client.
///
/// FoundationNetworking of Swift 6.3 loses 165 bytes with each request, whatever becomes of the session. The watches of a
/// speaker make 51,000 requests a day, 8.4 MB: after 18 days the container would be killed at its memory limit, and
/// speakers that were started together would die together. So URLSession carries ``limit`` requests, and the transport
/// that loses nothing carries the rest. A watch changes over when it is resumed, from where it was.
package final class SuccessionTransport: APITransport {
    /// Four days of a speaker's watches; 33 MB lost.
    package static let limit = 200_000

    private let first: any APITransport
    private let second: any APITransport
    private let limit: Int
    private let requests = Atomic(0)
    private let passed: @Sendable () -> Void

    package convenience init(_ configuration: APIConfiguration, logger: Logger?) throws(APIError) {
        self.init(
            URLSessionTransport(configuration), try AsyncHTTPClientTransport(configuration), limit: Self.limit
        ) {
            logger?.notice(
                "URLSession has carried its share of requests; async-http-client carries on",
                metadata: ["api.requests": "\(Self.limit)"])
        }
    }

    /// - Parameter passed: called once, when the second takes over.
    init(
        _ first: any APITransport, _ second: any APITransport, limit: Int, passed: @escaping @Sendable () -> Void = {}
    ) {
        (self.first, self.second, self.limit, self.passed) = (first, second, limit, passed)
    }

    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        try await (isFirst() ? first : second).send(request)
    }

    package func makeWatchChannel() -> any WatchChannel {
        SuccessionChannel(owner: self, first: first.makeWatchChannel(), second: second.makeWatchChannel())
    }

    package func shutdown() async {
        await first.shutdown()
        await second.shutdown()
    }

    /// Counts one more request, and says who carries it.
    fileprivate func isFirst() -> Bool {
        let number = requests.add(1, ordering: .relaxed).newValue
        if number == limit + 1 { passed() }
        return number <= limit
    }
}

private struct SuccessionChannel: WatchChannel {
    let owner: SuccessionTransport
    let first: any WatchChannel
    let second: any WatchChannel

    func stream(
        _ request: HTTPRequest, opened: @Sendable () async -> Void, line: @Sendable (Data) async throws -> Void
    ) async throws {
        if owner.isFirst() { return try await first.stream(request, opened: opened, line: line) }
        // The connection of a watch that ended well is still open.
        await first.close()
        try await second.stream(request, opened: opened, line: line)
    }

    func close() async {
        await first.close()
        await second.close()
    }
}

import AsyncHTTPClient
import FoundationEssentials
import MonotonicTime
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// async-http-client over SwiftNIO and BoringSSL: for what URLSession on Linux cannot do.
///
/// Short requests and watches have a client each, so that a slow write never disturbs a watch. Watches share one HTTP/2
/// connection; short requests go over a few HTTP/1.1 connections that are kept alive, because a stream for each would cost
/// more than the request. When the peer of a watch is gone, the watch client is replaced, because HTTP/2 would go on using
/// the dead connection; the old one is shut down when the last watch has left it. A certificate authority or client
/// certificate that changed on disk replaces both clients.
package final class AsyncHTTPClientTransport: APITransport {
    private let group: MultiThreadedEventLoopGroup
    private let short: ClientPool
    private let watching: ClientPool
    private let base: String
    private let isShutDown = Atomic(false)

    /// - Throws: ``APIError`` when a certificate or key cannot be read.
    package init(_ configuration: APIConfiguration) throws(APIError) {
        let source = TLSSource(configuration)
        _ = try source.read()
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        short = ClientPool(source, configuration, group, .http1Only, silence: .seconds(30))
        watching = ClientPool(source, configuration, group, .automatic)
        // The certificate is checked against the URL's host; `dnsOverride` connects to the real one.
        base = configuration.server.url(host: configuration.tlsServerName)
    }

    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let (prepared, pool) = (HTTPClientRequest(request, base: base), short)
        // Kept by the event loop: a task that sleeps beside each request would cost as much as the request, and its timer
        // would stay until its time is up.
        let deadline = NIODeadline.now() + .nanoseconds(request.timeout.nanoseconds)
        do {
            return try await pool.with { client in
                let response = try await client.execute(prepared, deadline: deadline)
                return try await Self.collect(response, until: deadline)
            }
        } catch let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout {
            pool.retire()
            throw .timedOut("no answer within \(request.timeout.seconds) s")
        } catch let error as HTTPClientError where error == .cancelled {
            throw .cancelled
        } catch {
            throw TransportError(error)
        }
    }

    package func makeWatchChannel() -> any WatchChannel {
        AsyncHTTPClientWatchChannel(owner: self, pool: watching, base: base)
    }

    package func shutdown() async {
        guard !isShutDown.exchange(true, ordering: .relaxed) else { return }
        await withCheckedContinuation { done in
            Self.close(short, watching, group) { done.resume() }
        }
    }

    /// Whoever forgets ``shutdown()``, or fails before it, leaves neither a connection nor a thread behind.
    deinit { if !isShutDown.load(ordering: .relaxed) { Self.close(short, watching, group) {} } }

    private static func close(
        _ short: ClientPool, _ watching: ClientPool, _ group: MultiThreadedEventLoopGroup,
        _ done: @escaping @Sendable () -> Void
    ) {
        short.shutdown { watching.shutdown { group.shutdownGracefully { _ in done() } } }
    }

    /// - Parameter deadline: for the last byte; a body that stalls ends by the client's own read timeout.
    static func collect(
        _ response: HTTPClientResponse, limit: Int = 256 << 20, until deadline: NIODeadline = .distantFuture
    ) async throws -> HTTPResponse {
        var body = Data()
        if let length = response.headers.first(name: "content-length").flatMap(Int.init), length <= limit {
            body.reserveCapacity(length)
        }
        for try await chunk in response.body {
            guard body.count + chunk.readableBytes <= limit else { throw TransportError.overflow(limit: limit) }
            guard NIODeadline.now() < deadline else { throw HTTPClientError.deadlineExceeded }
            body.append(contentsOf: chunk.readableBytesView)
        }
        return HTTPResponse(
            status: Int(response.status.code),
            retryAfter: response.headers.first(name: "retry-after").flatMap { Int($0) },
            date: response.headers.first(name: "date").flatMap(HTTPResponse.date), body: body)
    }
}

extension HTTPClientRequest {
    init(_ request: HTTPRequest, base: String) {
        self.init(url: base + request.path)
        method = HTTPMethod(rawValue: request.method.rawValue)
        for (name, value) in request.headers { headers.add(name: name, value: value) }
        if let body = request.body { self.body = .bytes(ByteBuffer(bytes: body)) }
    }
}

/// Watches over async-http-client: each line is taken in before more bytes are read (real back-pressure).
struct AsyncHTTPClientWatchChannel: WatchChannel {
    /// Shuts the pool down when the last one lets go of it.
    let owner: AsyncHTTPClientTransport
    let pool: ClientPool
    let base: String

    func stream(
        _ request: HTTPRequest, opened: @Sendable () async -> Void, line: @Sendable (Data) async throws -> Void
    ) async throws {
        let prepared = HTTPClientRequest(request, base: base)
        do {
            try await pool.with { client in
                let response = try await client.execute(prepared, timeout: .nanoseconds(request.timeout.nanoseconds))
                guard response.status == .ok else {
                    throw TransportError.status(try await AsyncHTTPClientTransport.collect(response, limit: 1 << 20))
                }
                await opened()
                var splitter = LineSplitter()
                var lines: [Data] = []
                for try await chunk in response.body {
                    splitter.append(Data(chunk.readableBytesView)) { lines.append($0) }
                    for complete in lines { try await line(complete) }
                    lines.removeAll(keepingCapacity: true)
                }
                if !splitter.rest.isEmpty { throw TransportError.truncated }
            }
        } catch let stop as any WatchStop {
            throw stop
        } catch {
            throw TransportError(error)
        }
    }

    func close() async { pool.retire() }
}

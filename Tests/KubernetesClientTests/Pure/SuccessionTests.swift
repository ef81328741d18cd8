import Foundation
import KubernetesModel
import Synchronization
import Testing

@testable import KubernetesClient

@Suite("The transport that follows URLSession")
struct SuccessionTests {
    @Test("a bounded number of requests and watches goes to the first transport, all others to the second")
    func succession() async throws {
        let log = Log()
        let transport = SuccessionTransport(
            FakeTransport(name: "first", log: log), FakeTransport(name: "second", log: log), limit: 3
        ) { log.add("passed") }
        let channel = transport.makeWatchChannel()
        let request = HTTPRequest(.get, "/version")
        _ = try await transport.send(request)
        try await channel.stream(request, opened: {}, line: { _ in })
        _ = try await transport.send(request)
        try await channel.stream(request, opened: {}, line: { _ in })
        _ = try await transport.send(request)
        #expect(
            log.lines == [
                "first sends", "first watches", "first sends", "passed", "first closes", "second watches",
                "second sends",
            ])
        await transport.shutdown()
        #expect(log.lines.suffix(2) == ["first ends", "second ends"])
    }

    final class Log: Sendable {
        private let state = Mutex<[String]>([])
        var lines: [String] { state.withLock { $0 } }
        func add(_ line: String) { state.withLock { $0.append(line) } }
    }

    struct FakeTransport: APITransport, WatchChannel {
        let name: String
        let log: Log

        func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
            log.add("\(name) sends")
            return HTTPResponse(status: 200, retryAfter: nil, body: Data())
        }
        func makeWatchChannel() -> any WatchChannel { self }
        func shutdown() async { log.add("\(name) ends") }
        func stream(
            _ request: HTTPRequest, opened: @Sendable () async -> Void, line: @Sendable (Data) async throws -> Void
        ) async throws { log.add("\(name) watches") }
        func close() async { log.add("\(name) closes") }
    }
}

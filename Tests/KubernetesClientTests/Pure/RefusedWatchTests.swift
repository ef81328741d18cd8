import Foundation
import KubernetesModel
import Synchronization
import Testing

@testable import KubernetesClient

@Suite("A watch that is refused")
struct RefusedWatchTests {
    @Test("the connection that brought the refusal is kept", arguments: [403, 410, 429, 500])
    func connection(status: Int) async throws {
        let log = SuccessionTests.Log()
        let configuration = APIConfiguration(server: ServerAddress(host: "api.invalid", port: 6443, isTLS: true))
        let selection = try TransportSelection(for: configuration, preference: .asyncHTTPClient)
        let client = try APIClient(configuration, selection: selection, limits: RequestLimits()) {
            _ throws(APIError) in RefusingTransport(status: status, log: log)
        }
        await withTaskGroup(of: Void.self) { group in
            let (told, end) = AsyncStream.makeStream(of: Void.self)
            group.addTask {
                await client.reflect(Service.self) { event in
                    guard case .problem = event else { return }
                    log.add("told")
                    end.finish()
                }
            }
            for await _ in told {}
            #expect(log.lines.prefix(3) == ["lists", "watches", "told"])
            group.cancelAll()
        }
    }

    struct RefusingTransport: APITransport, WatchChannel {
        let status: Int
        let log: SuccessionTests.Log

        func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
            log.add("lists")
            let list = #"{"metadata":{"resourceVersion":"7"},"items":[]}"#
            return HTTPResponse(status: 200, retryAfter: nil, body: Data(list.utf8))
        }
        func makeWatchChannel() -> any WatchChannel { self }
        func shutdown() async {}
        func stream(
            _ request: HTTPRequest, opened: @Sendable () async -> Void, line: @Sendable (Data) async throws -> Void
        ) async throws {
            log.add("watches")
            throw TransportError.status(HTTPResponse(status: status, retryAfter: 60, body: Data()))
        }
        func close() async { log.add("closes") }
    }
}

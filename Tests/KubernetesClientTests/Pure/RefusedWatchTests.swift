import Foundation
import KubernetesModel
import Synchronization
import Testing

@testable import KubernetesClient

@Suite("What is refused")
struct RefusedWatchTests {
    @Test("the connection that brought the refusal of a watch is kept", arguments: [403, 410, 429, 500])
    func connection(status: Int) async throws {
        let log = Log()
        _ = try await firstProblem(over: RefusingTransport(status: status, log: log))
        #expect(log.lines.prefix(3) == ["lists", "watches", "told"])
    }

    @Test("a list that is refused tells the API server's reason", arguments: [400, 403, 500])
    func list(status: Int) async throws {
        let transport = RefusingTransport(status: status, refusesLists: true, log: Log())
        guard case .interrupted(let error, _)? = try await firstProblem(over: transport) else {
            Issue.record("no reason is told")
            return
        }
        #expect(error.status == status)
    }

    private func firstProblem(over transport: RefusingTransport) async throws -> ReflectorProblem? {
        let configuration = APIConfiguration(server: ServerAddress(host: "api.invalid", port: 6443, isTLS: true))
        let selection = try TransportSelection(for: configuration, preference: .asyncHTTPClient)
        let client = try APIClient(configuration, selection: selection, limits: RequestLimits()) {
            _ throws(APIError) in transport
        }
        return await withTaskGroup(of: Void.self) { group in
            let (problems, told) = AsyncStream.makeStream(of: ReflectorProblem.self)
            group.addTask {
                await client.reflect(Service.self) { event in
                    guard case .problem(let problem) = event else { return }
                    transport.log.add("told")
                    told.yield(problem)
                }
            }
            defer { group.cancelAll() }
            return await problems.first { _ in true }
        }
    }

    final class Log: Sendable {
        private let state = Mutex<[String]>([])
        var lines: [String] { state.withLock { $0 } }
        func add(_ line: String) { state.withLock { $0.append(line) } }
    }

    struct RefusingTransport: APITransport, WatchChannel {
        let status: Int
        var refusesLists = false
        let log: Log

        func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
            log.add("lists")
            if refusesLists { return HTTPResponse(status: status, retryAfter: 60, body: Data()) }
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

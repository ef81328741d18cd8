import AsyncHTTPClient
import ChildProcess
import EmbeddedAPIServer
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import ServiceLifecycle
import Synchronization
import Testing

/// How a server ends while clients are in the middle of everything.
@Suite(.timeLimit(.minutes(10)))
struct ShutdownTests {
    /// The ways in which a server is ended.
    enum End: CaseIterable { case stopped, cancelled, shutDown }

    /// In a child process, whose exit status is the result.
    static let isChild = ProcessInfo.processInfo.environment["HERALD_ENDING_SERVERS"] != nil

    @Test("50 servers that end under live watches, over HTTP/1.1 and HTTP/2", .enabled(if: isChild))
    func endingServers() async throws {
        for round in 0..<50 { try await Self.endUnderLoad(End.allCases[round % End.allCases.count]) }
    }

    @Test("servers that end under live watches leave their process alive", .enabled(if: !isChild))
    func underLoad() async throws {
        let log = FileManager.default.temporaryDirectory.appending(path: "herald-ends-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: log) }
        let child = Program(
            [
                CommandLine.arguments[0], "--testing-library", "swift-testing", "--filter",
                "ShutdownTests/endingServers",
            ],
            environment: ["HERALD_ENDING_SERVERS": "1"])
        // Cancelled when the time is up: the child ends, and what it printed is told.
        let status = try? await child.run(log: log) { _ in }
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        #expect(status == 0, "\(text.suffix(3000))")
        #expect(text.contains("Test run with 1 test"), "\(text.suffix(1000))")
    }

    @Test("a stopped server ends its watches in order", arguments: [false, true])
    func endsWatches(isHTTP2: Bool) async throws {
        try await withEmbeddedAPIServer { server in
            let client = try Self.client(of: server, isHTTP2: isHTTP2)
            do {
                let response = try await client.execute(Self.watch(server), timeout: .seconds(20))
                #expect(response.version == (isHTTP2 ? .http2 : .http1_1))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await server.stop() }
                    // An answer that is cut off would throw.
                    for try await _ in response.body {}
                    try await group.waitForAll()
                }
            } catch {
                Issue.record(error)
            }
            try await client.shutdown()
        }
    }

    private final class Load: Sendable {
        let answers = Atomic(0)
        let isOver = Atomic(false)
    }

    static func endUnderLoad(_ end: End) async throws {
        let server = try EmbeddedAPIServer()
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [server], logger: Logger(label: "test")))
        let clients = [try client(of: server, isHTTP2: false), try client(of: server, isHTTP2: true)]
        let (wish, cancel) = AsyncStream.makeStream(of: Void.self)
        let load = Load()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await withTaskGroup(of: Void.self) { serving in
                    serving.addTask { try? await services.run() }
                    serving.addTask { for await _ in wish {} }
                    await serving.next()
                    serving.cancelAll()
                }
            }
            try? await server.untilListening()
            for client in clients {
                for index in 0..<8 {
                    group.addTask {
                        while !load.isOver.load(ordering: .relaxed) {
                            let request = index < 4 ? Self.watch(server) : Self.request(server, "/version")
                            await Self.ask(client, request, load)
                        }
                    }
                }
            }
            let enough = Int.random(in: 40...80)
            while !Task.isCancelled, load.answers.load(ordering: .relaxed) < enough {
                try? await Task.sleep(for: .milliseconds(1))
            }
            switch end {
            case .stopped:
                await server.stop()
                cancel.finish()
            case .cancelled: cancel.finish()
            case .shutDown: await services.triggerGracefulShutdown()
            }
            // The one that serves is the first that ends.
            await group.next()
            load.isOver.store(true, ordering: .relaxed)
        }
        for client in clients { try await client.shutdown() }
    }

    /// Counts the answers that begin, and reads each to its end.
    private static func ask(_ client: HTTPClient, _ request: HTTPClientRequest, _ load: Load) async {
        do {
            let response = try await client.execute(request, timeout: .seconds(20))
            load.answers.add(1, ordering: .relaxed)
            for try await _ in response.body {}
        } catch {
            // The end of the server is what this is about.
            try? await Task.sleep(for: .milliseconds(1))
        }
    }

    private static func watch(_ server: EmbeddedAPIServer) -> HTTPClientRequest {
        request(server, "/api/v1/namespaces?watch=true&timeoutSeconds=15")
    }

    private static func request(_ server: EmbeddedAPIServer, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: server.url + path)
        request.headers.add(name: "Authorization", value: "Bearer \(server.adminToken)")
        return request
    }

    private static func client(of server: EmbeddedAPIServer, isHTTP2: Bool) throws -> HTTPClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates([
            try NIOSSLCertificate(bytes: Array(server.certificateAuthorityPEM.utf8), format: .pem)
        ])
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = isHTTP2 ? .automatic : .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}

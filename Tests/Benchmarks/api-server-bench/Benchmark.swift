import AsyncHTTPClient
import EmbeddedAPIServer
import Foundation
import KubernetesModel
import NIOCore
import NIOHTTP1
import NIOSSL
import ObjectStore

/// How fast the embedded API server is, over TLS from the same process: `api-server-bench [SERVICES]`.
///
/// Creates Services, lists them, patches the status of each while watchers follow, and prints one line per step.
@main
struct Benchmark {
    private let client: HTTPClient
    private let server: EmbeddedAPIServer
    private let count: Int
    private static let writers = 16
    private static let watchers = 8

    static func main() async throws {
        let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000
        let isDurable = CommandLine.arguments.contains("--durable")
        var configuration = APIServerConfiguration()
        configuration.historyLimit = 4 * count
        let folder = NSTemporaryDirectory() + "herald-api-bench-\(UInt32.random(in: 0...UInt32.max))"
        if isDurable { configuration.dataDirectory = folder }
        try await withEmbeddedAPIServer(configuration) { server in
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates([
                try NIOSSLCertificate(bytes: Array(server.certificateAuthorityPEM.utf8), format: .pem)
            ])
            var options = HTTPClient.Configuration(tlsConfiguration: tls)
            options.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = writers
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: options)
            try await Benchmark(client: client, server: server, count: count).run()
            try await client.shutdown()
        }
        if isDurable { try? FileManager.default.removeItem(atPath: folder) }
    }

    private func run() async throws {
        try await spread("create", count) { number in
            let service: JSONValue = [
                "metadata": ["name": .string("s\(number)"), "labels": ["app": .string("a\(number % 100)")]],
                "spec": [
                    "type": "LoadBalancer", "allocateLoadBalancerNodePorts": false, "selector": ["app": "web"],
                    "ports": [["name": "http", "port": 80]],
                ],
            ]
            try await call(.POST, "/api/v1/namespaces/default/services", service, type: "application/json")
        }
        try await list("")
        try await list("?limit=500")
        try await list("?labelSelector=app%3Da7")
        try await patchWhileWatched()
    }

    /// Runs a step for every number, by several writers at once.
    private func spread(_ name: String, _ count: Int, _ body: @Sendable @escaping (Int) async throws -> Void)
        async throws
    {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<Self.writers {
                group.addTask {
                    for number in stride(from: writer, to: count, by: Self.writers) { try await body(number) }
                }
            }
            try await group.waitForAll()
        }
        report(name, count, start)
    }

    private func list(_ query: String) async throws {
        let start = ContinuousClock.now
        let size = try await call(.GET, "/api/v1/services\(query)", nil, type: nil)
        let duration = ContinuousClock.now - start
        print("list \(query.isEmpty ? "all" : query): \(size) bytes in \(duration)")
    }

    private func patchWhileWatched() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (ready, started) = AsyncStream.makeStream(of: Void.self)
            for _ in 0..<Self.watchers { group.addTask { try await watch(started) } }
            var waiting = ready.makeAsyncIterator()
            for _ in 0..<Self.watchers { _ = await waiting.next() }
            let start = ContinuousClock.now
            try await spread("patch status, \(Self.watchers) watchers", count) { number in
                let patch: JSONValue = [
                    "status": [
                        "loadBalancer": [
                            "ingress": [
                                [
                                    "ip": .string("10.\(number >> 16).\(number >> 8 & 255).\(number & 255)"),
                                    "ipMode": "VIP",
                                ]
                            ]
                        ]
                    ]
                ]
                try await call(
                    .PATCH, "/api/v1/namespaces/default/services/s\(number)/status", patch,
                    type: "application/merge-patch+json")
            }
            try await group.waitForAll()
            report("events seen by \(Self.watchers) watchers", count * Self.watchers, start)
        }
    }

    /// Follows until an event for every Service has come.
    private func watch(_ started: AsyncStream<Void>.Continuation) async throws {
        var request = HTTPClientRequest(
            url: "\(server.url)/api/v1/services?resourceVersion=\(try await newest())&watch=true")
        request.headers.add(name: "Authorization", value: "Bearer \(server.adminToken)")
        let response = try await client.execute(request, timeout: .hours(1))
        started.yield()
        var lines = 0
        for try await part in response.body {
            lines += part.readableBytesView.count { $0 == UInt8(ascii: "\n") }
            if lines >= count { return }
        }
    }

    private func newest() async throws -> String {
        var request = HTTPClientRequest(url: "\(server.url)/api/v1/services?limit=1")
        request.headers.add(name: "Authorization", value: "Bearer \(server.adminToken)")
        let body = try await client.execute(request, timeout: .seconds(60)).body.collect(upTo: 1 << 20)
        return try JSONParser.parse(Array(buffer: body)).at("metadata", "resourceVersion")?.string ?? ""
    }

    @discardableResult
    private func call(_ method: HTTPMethod, _ path: String, _ body: JSONValue?, type: String?) async throws -> Int {
        var request = HTTPClientRequest(url: server.url + path)
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer \(server.adminToken)")
        if let type { request.headers.add(name: "Content-Type", value: type) }
        if let body { request.body = .bytes(body.jsonBytes) }
        let response = try await client.execute(request, timeout: .seconds(60))
        let size = try await response.body.collect(upTo: 1 << 30).readableBytes
        guard (200..<300).contains(response.status.code) else {
            throw Refused(description: "\(path): \(response.status)")
        }
        return size
    }

    private struct Refused: Error, CustomStringConvertible { let description: String }

    private func report(_ name: String, _ count: Int, _ start: ContinuousClock.Instant) {
        let parts = (ContinuousClock.now - start).components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        print("\(name): \(count) in \(String(format: "%.2f", seconds)) s, \(Int(Double(count) / seconds))/s")
    }
}

import Foundation
import KubernetesModel
import Metrics
import Telemetry
import Testing

/// A real Prometheus scrapes the real telemetry service, loads the alerts, and answers every query of the dashboard.
@Suite("Manifests: dashboard")
struct DashboardTests {
    static let directory = manifests.appending(path: "monitoring")

    @Test(
        "every query of the dashboard returns data, and every alert can be evaluated",
        .enabled(if: find("prometheus") != nil, "it takes a prometheus"))
    func queries() async throws {
        let prometheus = try #require(find("prometheus"))
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let telemetry = Telemetry(
            TelemetryConfiguration(
                component: "speaker", address: ListenAddress(host: "127.0.0.1", port: 0),
                onListening: { continuation.yield($0) }))
        Self.fill(telemetry.metrics)
        try await withThrowingTaskGroup { group in
            group.addTask { try await telemetry.run() }
            let port = try #require(await ports.first { _ in true })
            let server = try Prometheus(prometheus, target: port, rules: Self.directory.appending(path: "rules.yaml"))
            defer { server.stop() }
            try await server.untilScraped(times: 3)
            for query in try Self.dashboardQueries() {
                let answer = try await server.answer(query)
                #expect(answer["status"] == "success", "\(query): \(answer)")
                #expect(answer.at("data", "result")?.array?.isEmpty == false, "\(query) returns nothing")
            }
            let rules = try await server.get("/api/v1/rules")
            let health = rules.at("data", "groups", "0", "rules")?.array?.map { $0["health"]?.string ?? "" } ?? []
            #expect(health.count >= 13 && health.allSatisfy { $0 == "ok" }, "\(health)")
            group.cancelAll()
        }
    }

    /// One series of everything; the values are those of a cluster in which all is well.
    private static func fill(_ registry: MetricsRegistry) {
        let words = ["state": "waiting", "reason": "failover", "kind": "foreign", "family": "ipv4"]
        for metric in MetricCatalogue.all where metric.name.hasPrefix("herald_") {
            guard metric.name != "herald_telemetry_dropped_series_total" else { continue }
            let labels = metric.labels.map { ($0, words[$0] ?? "value") }
            switch metric.kind {
            case .counter: Counter(label: metric.name, dimensions: labels, factory: registry).increment()
            case .gauge: Gauge(label: metric.name, dimensions: labels, factory: registry).record(1)
            case .histogram:
                Timer(label: metric.name, dimensions: labels, factory: registry).recordMilliseconds(20)
            }
        }
    }

    /// With Grafana's own variable replaced as Grafana would.
    private static func dashboardQueries() throws -> [String] {
        let data = try Data(contentsOf: directory.appending(path: "dashboard.json"))
        let dashboard = try JSONDecoder().decode(JSONValue.self, from: data)
        let queries = (dashboard["panels"]?.array ?? []).flatMap { $0["targets"]?.array ?? [] }
            .compactMap { $0["expr"]?.string }
        #expect(queries.count > 20)
        return queries.map { $0.replacing("$__rate_interval", with: "30s") }
    }
}

/// A Prometheus of its own, that scrapes one target as both daemons.
private final class Prometheus {
    private let process = Process()
    private let folder: URL
    private let url: String

    init(_ program: URL, target: Int, rules: URL) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "herald-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let port = Int.random(in: 20000...30000)
        url = "http://127.0.0.1:\(port)"
        let jobs = ["herald-controller", "herald-speaker"].map { job in
            "- {job_name: \(job), static_configs: [{targets: ['127.0.0.1:\(target)']}]}"
        }
        let configuration = """
            global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}
            rule_files: ['\(rules.path)']
            scrape_configs:
            \(jobs.joined(separator: "\n"))
            """
        let file = folder.appending(path: "prometheus.yml")
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        process.executableURL = program
        process.arguments = [
            "--config.file=\(file.path)", "--storage.tsdb.path=\(folder.path)/data",
            "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func stop() {
        process.killNow()
        try? FileManager.default.removeItem(at: folder)
    }

    func get(_ path: String, _ options: [String] = []) async throws -> JSONValue {
        let arguments = ["-s", "-g", "--noproxy", "*", "-m", "5", "-G"] + options + [url + path]
        let output = try await run("curl", arguments)?.output ?? ""
        return (try? JSONDecoder().decode(JSONValue.self, from: Data(output.utf8))) ?? JSONValue.null
    }

    private func query(_ text: String) async throws -> JSONValue {
        try await get("/api/v1/query", ["--data-urlencode", "query=\(text)"])
    }

    /// What a query returns. On a busy machine a scrape may come to nothing, and until the next one there is no data.
    func answer(_ text: String) async throws -> JSONValue {
        for _ in 0..<100 where process.isRunning {
            let answer = try await query(text)
            if answer.at("data", "result")?.array?.isEmpty == false { return answer }
            try await Task.sleep(for: .milliseconds(100))
        }
        return try await query(text)
    }

    func untilScraped(times: Int) async throws {
        for _ in 0..<300 where process.isRunning {
            let answer = try await query("min(sum_over_time(up[1m]))")
            let count = answer.at("data", "result", "0", "value", "1")?.string.flatMap { Int($0) }
            if let count, count >= times { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("prometheus has not scraped \(times) times within 30 s")
    }
}

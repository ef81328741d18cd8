import ChildProcess
import CoreMetrics
import Foundation
import Logging
import ServiceLifecycle
import Telemetry
import Testing

@Suite("Telemetry over HTTP")
struct ServerTests {
    @Test(
        "an address to listen on is read from text",
        arguments: [
            (":7475", "[::]:7475"), ("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:80", "[::1]:80"), ("host:1", "host:1"),
            ("7475", nil), ("::1:80", nil), ("[1.2.3.4]:80", nil), (":99999", nil), (":-1", nil), ("", nil),
        ])
    func listenAddress(text: String, expected: String?) {
        #expect(ListenAddress(text)?.description == expected)
    }

    @Test(
        "one address family or both: metrics, health, refusals and the log level",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("::", "127.0.0.1"), ("::", "[::1]"),
        ])
    func service(host: String, peer: String) async throws {
        try await withTelemetry(host: host) { telemetry, port in
            let url = "http://\(peer):\(port)"
            Counter(
                label: "herald_replies_total", dimensions: [("link", "eth0"), ("protocol", "arp")],
                factory: telemetry.metrics
            ).increment(by: 3)
            let metrics = try await curl(url + "/metrics")
            #expect(metrics.status == 200)
            #expect(metrics.body.contains(#"herald_replies_total{link="eth0",protocol="arp"} 3"#))
            #expect(metrics.body.contains(#"herald_build_info{component="speaker",version=""#))
            #expect(metrics.body.contains("\nprocess_resident_memory_bytes "))
            #expect(metrics.type == "text/plain; version=0.0.4; charset=utf-8")

            #expect(try await curl(url + "/readyz").status == 503)
            telemetry.health.set("sockets", problem: nil)
            #expect(try await curl(url + "/readyz").body == "[+]sockets ok\nok\n")
            #expect(try await curl(url + "/healthz").status == 200)
            #expect(try await curl(url + "/nothing").status == 404)
            #expect(try await curl(url + "/metrics", "-X", "DELETE").status == 405)

            #expect(try await curl(url + "/loglevel").body == "info\n")
            #expect(try await curl(url + "/loglevel", "-X", "PUT", "-d", "debug").status == 200)
            #expect(telemetry.logLevel.level == .debug)
            #expect(try await curl(url + "/loglevel", "-X", "PUT", "-d", "louder").status == 400)
            #expect(
                try await curl(url + "/loglevel", "-X", "PUT", "-d", String(repeating: "x", count: 9999)).status == 400)
            #expect(telemetry.logLevel.level == .debug)
        }
    }

    @Test("the whole catalogue passes promtool check metrics")
    func promtool() async throws {
        let registry = MetricsRegistry(catalogue: MetricCatalogue.all)
        for metric in MetricCatalogue.all where metric.name != "herald_telemetry_dropped_series_total" {
            let dimensions = metric.labels.map { ($0, "value") }
            switch metric.kind {
            case .counter: Counter(label: metric.name, dimensions: dimensions, factory: registry).increment()
            case .gauge: Gauge(label: metric.name, dimensions: dimensions, factory: registry).record(1.5)
            case .histogram:
                Timer(label: metric.name, dimensions: dimensions, factory: registry).recordMilliseconds(20)
            }
        }
        #expect(registry.undeclared.isEmpty)
        let result = try await Program(["promtool", "check", "metrics"], input: registry.exposition()).run()
        #expect(result.status == 0, "\(result.output)")
    }

    @Test("connections beyond the limit are closed at once, and there is room again when the others leave")
    func connectionLimit() async throws {
        try await withTelemetry(host: "127.0.0.1") { telemetry, port in
            telemetry.health.set("sockets", problem: nil)
            let script = """
                for i in $(seq 1 40); do exec {fd}<>/dev/tcp/127.0.0.1/\(port); done 2>/dev/null
                curl -s --noproxy '*' -m 5 -o /dev/null http://127.0.0.1:\(port)/readyz || printf refused
                """
            let crowd = try await Program(["bash", "-c", script]).run()
            #expect(crowd.output == "refused", "status \(crowd.status)")
            var status = 0
            for _ in 0..<300 where status != 200 {
                status = try await curl("http://127.0.0.1:\(port)/readyz").status
                if status != 200 { try await Task.sleep(for: .milliseconds(100)) }
            }
            #expect(status == 200)
        }
    }

    @Test("a taken address does not end the service, and a graceful shutdown does")
    func takenAddress() async throws {
        try await withTelemetry(host: "127.0.0.1") { _, port in
            let second = Telemetry(
                TelemetryConfiguration(component: "speaker", address: ListenAddress(host: "127.0.0.1", port: port)))
            let group = ServiceGroup(
                configuration: .init(services: [second], logger: .init(label: "test", factory: { _ in Silent() })))
            try await withThrowingTaskGroup { tasks in
                tasks.addTask { try await group.run() }
                tasks.addTask {
                    try await Task.sleep(for: .milliseconds(300))
                    await group.triggerGracefulShutdown()
                }
                try await tasks.waitForAll()
            }
            #expect(try await curl("http://127.0.0.1:\(port)/metrics").status == 200, "the first one is untouched")
        }
    }
}

import CoreMetrics
import Foundation
import Telemetry
import Testing

@Suite("Metrics")
struct MetricsTests {
    static let catalogue = [
        MetricDescription("replies_total", .counter, "Replies \\ sent.\nBoth families.", labels: ["link"]),
        MetricDescription("delay_seconds", .histogram, "Delay.", labels: ["link"], buckets: [0.1, 0.5, 1]),
        MetricDescription("peers", .gauge, "Peers.", labels: ["state"]),
    ]

    let registry = MetricsRegistry(catalogue: catalogue, seriesLimit: 3)

    func lines(_ prefix: String) -> [Substring] {
        registry.exposition().split(separator: "\n").filter { $0.hasPrefix(prefix) }
    }

    @Test("a counter adds up, never down, and one name with equal labels in any order is one series")
    func counters() {
        let first = Counter(label: "replies_total", dimensions: [("link", "eth0"), ("a", "b")], factory: registry)
        let second = Counter(label: "replies_total", dimensions: [("a", "b"), ("link", "eth0")], factory: registry)
        first.increment(by: 2)
        second.increment()
        second.increment(by: -5)
        #expect(lines("replies_total") == [#"replies_total{a="b",link="eth0"} 3"#])
        #expect(lines("# HELP replies_total") == [#"# HELP replies_total Replies \\ sent.\nBoth families."#])
        #expect(lines("# TYPE replies_total") == ["# TYPE replies_total counter"])
    }

    @Test("a timer is a histogram in seconds with cumulative buckets")
    func timers() {
        let timer = Timer(label: "delay_seconds", dimensions: [("link", "eth0")], factory: registry)
        for milliseconds in [50, 100, 400, 2000] { timer.recordMilliseconds(milliseconds) }
        #expect(
            lines("delay_seconds") == [
                #"delay_seconds_bucket{link="eth0",le="0.1"} 2"#, #"delay_seconds_bucket{link="eth0",le="0.5"} 3"#,
                #"delay_seconds_bucket{link="eth0",le="1"} 3"#, #"delay_seconds_bucket{link="eth0",le="+Inf"} 4"#,
                #"delay_seconds_sum{link="eth0"} 2.55"#, #"delay_seconds_count{link="eth0"} 4"#,
            ])
    }

    @Test("a gauge is set and moved, and disappears when it is destroyed")
    func gauges() {
        let gauge = Gauge(label: "peers", dimensions: [("state", "ready")], factory: registry)
        gauge.record(4)
        let meter = Meter(label: "peers", dimensions: [("state", "dead")], factory: registry)
        meter.increment(by: 1.5)
        meter.decrement()
        #expect(lines("peers") == [#"peers{state="dead"} 0.5"#, #"peers{state="ready"} 4"#])
        gauge.destroy()
        #expect(lines("peers") == [#"peers{state="dead"} 0.5"#])
        meter.destroy()
        #expect(lines("# HELP peers").isEmpty)
    }

    @Test("label values are escaped")
    func escaping() {
        Counter(label: "replies_total", dimensions: [("link", "a\"b\\c\nd")], factory: registry).increment()
        #expect(lines("replies_total") == [#"replies_total{link="a\"b\\c\nd"} 1"#])
    }

    @Test("beyond the limit of series, new label values are counted together and the loss is visible")
    func seriesLimit() {
        for index in 1...10 {
            Counter(label: "replies_total", dimensions: [("link", "eth\(index)")], factory: registry).increment()
        }
        #expect(lines("replies_total").count == 4)
        #expect(lines("replies_total").contains(#"replies_total{link="other"} 7"#))
        #expect(lines("herald_telemetry_dropped_series_total") == ["herald_telemetry_dropped_series_total 7"])
    }

    @Test("a name that is not declared, or of another kind, is noticed, and never breaks the exposition")
    func undeclared() {
        Counter(label: "stranger_total", factory: registry).increment()
        Counter(label: "peers", factory: registry).increment()
        Gauge(label: "peers", factory: registry).record(3)
        #expect(registry.undeclared == ["stranger_total", "peers"])
        #expect(lines("# TYPE peers").count == 1)
        #expect(lines("peers").count == 1)
    }

    @Test("what is collected at the scrape is current")
    func collectors() {
        registry.onScrape { Gauge(label: "peers", dimensions: [("state", "ready")], factory: $0).record(7) }
        #expect(lines("peers") == [#"peers{state="ready"} 7"#])
    }

    @Test("many threads count without losing one")
    func concurrency() async {
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { [registry] in
                    let counter = Counter(label: "replies_total", factory: registry)
                    let timer = Timer(label: "delay_seconds", factory: registry)
                    let meter = Meter(label: "peers", factory: registry)
                    for _ in 0..<1000 {
                        counter.increment()
                        timer.recordMilliseconds(1)
                        meter.increment()
                    }
                }
            }
        }
        #expect(lines("replies_total") == ["replies_total 8000"])
        #expect(lines("delay_seconds_count") == ["delay_seconds_count 8000"])
        #expect(lines("peers") == ["peers 8000"])
    }

    @Test("the kernel's account of a process is read by field, whatever the command is called")
    func processUsage() {
        let usage = ProcessUsage(
            stat: "42 (lb speaker) 1) S 1 42 42 0 -1 4194560 900 0 0 0 250 50 0 0 20 0 7 0 1234 99 88 1",
            status: "Name:\tlb\nVmSize:\t  2048 kB\nVmRSS:\t   30720 kB\n",
            limits: "Limit  Soft  Hard  Units\nMax open files            1024                 4096   files\n",
            kernelStat: "cpu 1 2\nbtime 1790000000\n", openFiles: 9)
        #expect(usage.cpuSeconds == 3 && usage.threads == 7 && usage.startTime == 1_790_000_012.34)
        #expect(usage.residentBytes == 30720 * 1024 && usage.virtualBytes == 2048 * 1024)
        #expect(usage.openFiles == 9 && usage.maximumFiles == 1024)
        let broken = ProcessUsage(stat: "", status: "", limits: "", kernelStat: "", openFiles: 0)
        #expect(broken.cpuSeconds == 0 && broken.maximumFiles == 0)
        let own = ProcessUsage.current()
        #expect(own.residentBytes > 1 << 20 && own.threads > 0 && own.openFiles > 2 && own.maximumFiles > 2)
        #expect(abs(own.startTime - Date().timeIntervalSince1970) < 86400)
    }
}

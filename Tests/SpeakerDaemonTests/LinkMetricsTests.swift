import Layer2
import Link
import Telemetry
import Testing

@testable import SpeakerDaemon

@Suite struct LinkMetricsTests {
    private let registry = MetricsRegistry(catalogue: MetricCatalogue.speaker)
    private var metrics: LinkMetrics

    init() {
        metrics = LinkMetrics(factory: registry)
        metrics.use(["eth0", "eth1"], of: ["eth0", "eth1"])
    }

    private mutating func report(_ link: String, _ phase: LinkPhase = .ready) {
        var report = LinkReport(interfaceName: link, phase: phase)
        report.filteredPeers = 3
        metrics.update(report, PacketCounters())
    }

    /// The samples of a name, without it.
    private func samples(_ name: String) -> [String] {
        registry.exposition().split(separator: "\n").filter { $0.hasPrefix(name + "{") }
            .map { String($0.dropFirst(name.count)) }
    }

    /// Those of all gauges that name a link.
    private func gauges(of link: String) -> [String] {
        let names = MetricCatalogue.speaker.filter { $0.kind == .gauge && $0.labels.contains("link") }.map(\.name)
        return names.flatMap(samples).filter { $0.contains("link=\"\(link)\"") }
    }

    @Test(
        "a link that rightly announces nothing is no trouble",
        arguments: zip(LinkPhase.allCases, [0, 0, 1, 0, 1, 0, 1, 0]))
    mutating func phases(phase: LinkPhase, isReady: Int) {
        report("eth0", phase)
        #expect(samples("herald_link_ready") == ["{link=\"eth0\"} \(isReady)"], "\(phase)")
    }

    @Test("an interface that is gone takes every gauge with it, and a late report does not bring them back")
    mutating func removed() {
        report("eth0")
        report("eth1")
        let whole = gauges(of: "eth1").count
        #expect(whole > 5)
        metrics.use(["eth0"], of: ["eth0"])
        #expect(gauges(of: "eth1") == [])
        report("eth1")
        #expect(gauges(of: "eth1") == [])
        #expect(gauges(of: "eth0").count == whole)

        metrics.use(["eth0", "eth1"], of: ["eth0", "eth1"])
        report("eth1")
        #expect(gauges(of: "eth1").count == whole)
    }

    @Test("every frame of a claim is counted, and every defence")
    mutating func claims() {
        var counters = PacketCounters()
        for (conflicts, defences) in [(40, 1), (90, 2)] as [(UInt64, UInt64)] {
            (counters.layer2.conflicts, counters.layer2.defences) = (conflicts, defences)
            metrics.update(LinkReport(interfaceName: "eth0", phase: .ready), counters)
        }
        #expect(samples("herald_conflicting_frames_total") == ["{link=\"eth0\"} 90"])
        #expect(samples("herald_defences_total") == ["{link=\"eth0\"} 2"])
    }

    @Test("an interface without a cable is not ready, and goes on saying so")
    mutating func unplugged() {
        report("eth0")
        metrics.use([], of: ["eth0", "eth1"])
        #expect(samples("herald_link_ready") == ["{link=\"eth0\"} 0"])
        #expect(samples("herald_peers_filtered") == ["{link=\"eth0\"} 0"])
        metrics.use(["eth0"], of: ["eth0", "eth1"])
        report("eth0")
        #expect(samples("herald_link_ready") == ["{link=\"eth0\"} 1"])
    }
}

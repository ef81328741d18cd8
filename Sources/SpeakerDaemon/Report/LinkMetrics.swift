import KubernetesClient
import Layer2
import Link
import Metrics
import MonotonicTime
import NetworkAddresses
import Wire

/// Turns facts and reports of the packet thread into swift-metrics. Counters of a report are totals: what is exported
/// is what was added since the last one.
struct LinkMetrics {
    private var exported: [String: UInt64] = [:]
    /// Links on which this node helped at the last report, and when that was.
    private var helping: [String: Instant] = [:]
    private var lastDeath: [String: Instant] = [:]
    /// Links that have reported since their interface came.
    private var links: Set<String> = []
    private var usable: Set<String> = []
    /// By link, and by label and second dimension.
    private var gauges: [String: [String: Gauge]] = [:]
    private let factory: any MetricsFactory

    init(factory: any MetricsFactory = MetricsSystem.factory) { self.factory = factory }

    /// An address that is taken so soon after a peer's death is taken because of it.
    private static let afterDeath = Interval.seconds(4)

    mutating func count(_ fact: LinkFact, on link: String, at instant: Instant = MonotonicClock.now()) {
        let place = [("link", link)]
        switch fact {
        case .peer(_, .dead): lastDeath[link] = instant
        case .took:
            let isFailover = lastDeath[link].map { instant - $0 <= Self.afterDeath } ?? false
            let reason = isFailover ? "failover" : "vacant"
            Counter(label: "herald_takeovers_total", dimensions: place + [("reason", reason)], factory: factory)
                .increment()
        case .gaveUp(_, let reason):
            Counter(
                label: "herald_withdrawals_total", dimensions: place + [("reason", reason.rawValue)], factory: factory
            )
            .increment()
        case .conflict, .probeConflict:
            Counter(
                label: "herald_address_conflicts_total", dimensions: place + [("kind", "foreign")], factory: factory
            ).increment()
        case .claimedByNode:
            Counter(label: "herald_address_conflicts_total", dimensions: place + [("kind", "peer")], factory: factory)
                .increment()
        default: break
        }
    }

    /// - Parameter report: Of a link that ``use(_:of:)`` named; one that came too late is left out.
    mutating func update(_ report: LinkReport, _ counters: PacketCounters) {
        let link = report.interfaceName
        guard usable.contains(link) else { return }
        let place = [("link", link)]
        if links.insert(link).inserted { begin(place) }
        for family in IPFamily.allCases {
            let count = report.owned.count { $0.address.family == family }
            gauge("herald_announced_addresses", link, count, ("family", family.rawValue))
        }
        gauge("herald_helped_addresses", link, report.helped)
        countHelping(link, isHelping: report.helped > 0)
        gauge("herald_link_ready", link, report.phase.isAtWork ? 1 : 0)
        gauge("herald_link_deaf", link, report.phase == .deaf ? 1 : 0)
        gauge("herald_receive_buffer_bytes", link, counters.receiveBuffer)
        for condition in PeerCondition.allCases {
            let count = report.peers.count { $0 == condition }
            gauge("herald_peers", link, count, ("state", condition.rawValue))
        }
        gauge("herald_peers_filtered", link, report.filteredPeers)
        addTotals(report.counters, link)
        addTotals(counters, link)
    }

    /// Which interfaces there are, and which of them carry announcements now.
    ///
    /// A link without carrier, or that is down, is not ready and has nothing; the gauges of an interface that is gone,
    /// has another name, or belongs to a bridge or bond now, go with it.
    mutating func use(_ usable: Set<String>, of existing: Set<String>) {
        self.usable = usable
        for link in links.subtracting(usable) {
            for gauge in gauges[link, default: [:]].values {
                if existing.contains(link) { gauge.record(0) } else { gauge.destroy() }
            }
            helping[link] = nil
            if !existing.contains(link) { gauges[link] = nil }
        }
        links.formIntersection(existing)
    }

    private mutating func gauge(_ label: String, _ link: String, _ value: Int, _ more: (String, String)? = nil) {
        let key = "\(label) \(more?.1 ?? "")"
        let gauge =
            gauges[link]?[key]
            ?? Gauge(label: label, dimensions: [("link", link)] + (more.map { [$0] } ?? []), factory: factory)
        gauges[link, default: [:]][key] = gauge
        gauge.record(value)
    }

    /// Counters of rare things start at 0, or the first of them would be no increase to a query.
    private func begin(_ place: [(String, String)]) {
        for kind in ["foreign", "peer"] {
            _ = Counter(label: "herald_address_conflicts_total", dimensions: place + [("kind", kind)], factory: factory)
        }
        for reason in ["failover", "vacant"] {
            _ = Counter(label: "herald_takeovers_total", dimensions: place + [("reason", reason)], factory: factory)
        }
        for reason in GiveUpReason.allCases {
            _ = Counter(
                label: "herald_withdrawals_total", dimensions: place + [("reason", reason.rawValue)], factory: factory)
        }
        _ = FloatingPointCounter(label: "herald_helper_seconds_total", dimensions: place, factory: factory)
    }

    private mutating func countHelping(_ link: String, isHelping: Bool) {
        let now = MonotonicClock.now()
        if let since = helping[link] {
            FloatingPointCounter(label: "herald_helper_seconds_total", dimensions: [("link", link)], factory: factory)
                .increment(by: (now - since).seconds)
        }
        helping[link] = isHelping ? now : nil
    }

    private mutating func addTotals(_ counters: LinkCounters, _ link: String) {
        add("herald_peer_deaths_total", counters.deaths, link)
        add("herald_peer_false_deaths_total", counters.falseDeaths, link)
        add("herald_kernel_asks_total", counters.kernelAsks, link)
        add("herald_pauses_total", counters.pauses, link)
        for (frame, total) in [
            ("hello", counters.hellosSent), ("claims", counters.claimsSent), ("refuse", counters.refusesSent),
        ] {
            add("herald_hello_sent_total", total, link, [("frame", frame)])
        }
        add("herald_hello_received_total", counters.framesAccepted, link, [("frame", "any")])
        for reason in HelloDropReason.allCases {
            let total = counters.framesDropped[reason] ?? 0
            add("herald_hello_rejected_total", total, link, [("reason", reason.rawValue)])
        }
    }

    private mutating func addTotals(_ counters: PacketCounters, _ link: String) {
        let packets = counters.layer2
        add("herald_replies_total", packets.arpReplies, link, [("protocol", "arp")])
        add("herald_replies_total", packets.advertisements, link, [("protocol", "ndp")])
        add("herald_announcements_total", packets.announcements, link, [("protocol", "any")])
        add("herald_probes_total", packets.probes, link, [("protocol", "any")])
        add("herald_conflicting_frames_total", packets.conflicts, link)
        add("herald_defences_total", packets.defences, link)
        add("herald_frames_received_total", counters.framesReceived, link)
        add("herald_send_errors_total", counters.framesRefused, link)
        for reason in DropReason.allCases where packets.drops[reason] > 0 {
            add("herald_frames_dropped_total", packets.drops[reason], link, [("reason", "\(reason)")])
        }
        add("herald_frames_dropped_total", counters.kernelDrops, link, [("reason", "receive_buffer_full")])
        add("herald_frames_dropped_total", counters.framesOutOfTime, link, [("reason", "out_of_time")])
        // One for the whole process, whichever link's report it comes with.
        add("herald_netlink_resynchronisations_total", UInt64(counters.netlinkResynchronisations), place: [])
    }

    private mutating func add(_ label: String, _ total: UInt64, _ link: String, _ more: [(String, String)] = []) {
        add(label, total, place: [("link", link)] + more)
    }

    private mutating func add(_ label: String, _ total: UInt64, place: [(String, String)]) {
        let key = "\(label) \(place.map(\.1).joined(separator: " "))"
        let before = exported[key] ?? 0
        exported[key] = total
        // A link that was closed and opened again counts from zero.
        let difference = total >= before ? total - before : total
        Counter(label: label, dimensions: place, factory: factory).increment(by: Int64(clamping: difference))
    }
}

extension LinkPhase {
    /// Whether the link does what it is there for. A node that is left out of load balancing, and a second interface on
    /// one segment, rightly announce nothing.
    fileprivate var isAtWork: Bool {
        switch self {
        case .ready, .leaving, .passive: true
        case .keyless, .joining, .deaf, .conflict, .restarting: false
        }
    }
}

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
    private var links: Set<String> = []

    /// An address that is taken so soon after a peer's death is taken because of it.
    private static let afterDeath = Interval.seconds(4)

    mutating func count(_ fact: LinkFact, on link: String) {
        let place = [("link", link)]
        switch fact {
        case .peer(_, .dead): lastDeath[link] = MonotonicClock.now()
        case .took:
            let isFailover = lastDeath[link].map { MonotonicClock.now() - $0 <= Self.afterDeath } ?? false
            let reason = isFailover ? "failover" : "vacant"
            Counter(label: "herald_takeovers_total", dimensions: place + [("reason", reason)]).increment()
        case .gaveUp(_, let reason):
            Counter(label: "herald_withdrawals_total", dimensions: place + [("reason", reason.label)]).increment()
        case .conflict, .probeConflict:
            Counter(label: "herald_address_conflicts_total", dimensions: place + [("kind", "foreign")]).increment()
        case .claimedByNode:
            Counter(label: "herald_address_conflicts_total", dimensions: place + [("kind", "peer")]).increment()
        default: break
        }
    }

    mutating func update(_ report: LinkReport, _ counters: PacketCounters) {
        let link = report.interfaceName
        let place = [("link", link)]
        if links.insert(link).inserted { begin(place) }
        func gauge(_ label: String, _ value: Int, _ more: [(String, String)] = []) {
            Gauge(label: label, dimensions: place + more).record(value)
        }
        for family in IPFamily.allCases {
            let count = report.owned.count { $0.address.family == family }
            gauge("herald_announced_addresses", count, [("family", family.rawValue)])
        }
        gauge("herald_helped_addresses", report.helped.count)
        countHelping(link, isHelping: !report.helped.isEmpty)
        gauge("herald_link_ready", report.phase == .ready ? 1 : 0)
        gauge("herald_link_deaf", report.phase == .deaf ? 1 : 0)
        gauge("herald_receive_buffer_bytes", counters.receiveBuffer)
        for condition in PeerCondition.allCases {
            gauge("herald_peers", report.peers.count { $0.condition == condition }, [("state", condition.rawValue)])
        }
        gauge("herald_peers_filtered", report.filteredPeers)
        addTotals(report.counters, link)
        addTotals(counters, link)
    }

    /// Counters of rare things start at 0, or the first of them would be no increase to a query.
    private func begin(_ place: [(String, String)]) {
        for kind in ["foreign", "peer"] {
            _ = Counter(label: "herald_address_conflicts_total", dimensions: place + [("kind", kind)])
        }
        for reason in ["failover", "vacant"] {
            _ = Counter(label: "herald_takeovers_total", dimensions: place + [("reason", reason)])
        }
        for reason in GiveUpReason.allCases {
            _ = Counter(label: "herald_withdrawals_total", dimensions: place + [("reason", reason.label)])
        }
        _ = FloatingPointCounter(label: "herald_helper_seconds_total", dimensions: place)
    }

    mutating func forgetLinks(besides present: Set<String>) {
        for link in links.subtracting(present) {
            for label in ["herald_link_ready", "herald_link_deaf", "herald_helped_addresses"] {
                Gauge(label: label, dimensions: [("link", link)]).record(0)
            }
        }
        links.formIntersection(present)
    }

    private mutating func countHelping(_ link: String, isHelping: Bool) {
        let now = MonotonicClock.now()
        if let since = helping[link] {
            FloatingPointCounter(label: "herald_helper_seconds_total", dimensions: [("link", link)])
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
        for (reason, total) in zip(HelloDropReason.allCases, counters.framesDropped) {
            add("herald_hello_rejected_total", total, link, [("reason", reason.rawValue.snakeCased)])
        }
    }

    private mutating func addTotals(_ counters: PacketCounters, _ link: String) {
        let packets = counters.layer2
        add("herald_replies_total", packets.arpReplies, link, [("protocol", "arp")])
        add("herald_replies_total", packets.advertisements, link, [("protocol", "ndp")])
        add("herald_announcements_total", packets.announcements, link, [("protocol", "any")])
        add("herald_probes_total", packets.probes, link, [("protocol", "any")])
        add("herald_frames_received_total", counters.framesReceived, link)
        add("herald_send_errors_total", counters.framesRefused, link)
        for reason in DropReason.allCases where packets.drops[reason] > 0 {
            add("herald_frames_dropped_total", packets.drops[reason], link, [("reason", "\(reason)")])
        }
        add("herald_frames_dropped_total", counters.kernelDrops, link, [("reason", "receive_buffer_full")])
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
        Counter(label: label, dimensions: place).increment(by: Int64(clamping: difference))
    }
}

extension GiveUpReason {
    fileprivate var label: String { rawValue.snakeCased }
}

extension String {
    /// `higherClaim` as `higher_claim`.
    fileprivate var snakeCased: String {
        reduce(into: "") { text, character in
            if character.isUppercase { text += "_" }
            text += character.lowercased()
        }
    }
}

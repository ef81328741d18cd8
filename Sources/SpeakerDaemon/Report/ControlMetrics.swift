import Metrics

/// What the control plane of a speaker exports: how fresh its view of the API is, and nodes that have no speaker.
struct ControlMetrics {
    private let stale = Dictionary(
        uniqueKeysWithValues: Watch.neededToBeFresh.map {
            ($0, Gauge(label: "herald_api_stale", dimensions: [("resource", $0.rawValue)]))
        })
    private let nodesWithoutSpeaker = Gauge(label: "herald_nodes_without_speaker")

    func update(stale watches: Set<Watch>, nodesWithoutSpeaker count: Int) {
        for (watch, gauge) in stale { gauge.record(watches.contains(watch) ? 1 : 0) }
        nodesWithoutSpeaker.record(count)
    }
}

/// What a metric is: its row in docs/metrics.md and its `# HELP` and `# TYPE` lines.
package struct MetricDescription: Sendable, Hashable {
    package enum Kind: String, Sendable { case counter, gauge, histogram }

    package var name: String
    package var kind: Kind
    package var help: String
    package var labels: [String]
    /// Upper bounds of a histogram's buckets, ascending, without infinity.
    package var buckets: [Double]

    package init(
        _ name: String, _ kind: Kind, _ help: String, labels: [String] = [], buckets: [Double] = Buckets.latency
    ) {
        (self.name, self.kind, self.help, self.labels) = (name, kind, help, labels)
        self.buckets = kind == .histogram ? buckets : []
    }
}

/// Bucket bounds, in seconds unless a metric's help says otherwise.
package enum Buckets {
    /// Work inside the process and calls to the API server.
    package static let latency = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
}

import KubernetesModel
import Reconciliation

/// A list that lbctl can show: pure, from a snapshot to rows.
protocol ResourceView: Sendable {
    var columns: [TextTable.Column] { get }
    /// What to print when there is no row.
    var nothing: String { get }
    func rows(of snapshot: ClusterSnapshot, now: Timestamp) -> [ResourceRow]
}

extension ResourceView {
    /// Prints the rows once, or with `-w` until interrupted.
    func show(_ output: OutputOptions, _ reader: ClusterReader) async throws {
        let clock = await reader.clock()
        guard output.watch else {
            let rows = rows(of: try await reader.snapshot(), now: clock.now)
            guard !rows.isEmpty || output.format.isDocument else {
                Console.complain(nothing)
                return
            }
            Console.write(output.text(rows, columns: columns) + "\n")
            return
        }
        // Rules out a wrong server or kubeconfig before waiting for ever.
        _ = try await reader.snapshot()
        let shown = ShownRows()
        try await SnapshotFollower(reader).follow { snapshot in
            let rows = rows(of: snapshot, now: clock.now)
            let (news, isFirst) = await shown.news(rows, columns)
            guard !news.isEmpty else { return }
            Console.write(output.text(news, among: rows, columns: columns, headings: isFirst) + "\n")
        }
    }
}

/// What `-w` has printed so far.
actor ShownRows {
    private var last: [ResourceRow]?

    /// The rows that are not as they were, ages and signs of life aside; and those that are gone, marked as such.
    func news(_ rows: [ResourceRow], _ columns: [TextTable.Column]) -> (rows: [ResourceRow], isFirst: Bool) {
        let before = Dictionary((last ?? []).map { ($0.id, $0.news) }) { _, last in last }
        let now = Set(rows.map(\.id))
        let gone = (last ?? []).filter { !now.contains($0.id) }.map { $0.deleted(columns) }
        defer { last = rows }
        return (rows.filter { before[$0.id] != $0.news } + gone, last == nil)
    }
}

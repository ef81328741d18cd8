/// Many histories, run on all cores and summed up per scenario.
package struct Campaign: Sendable {
    package struct Row: Sendable {
        package var histories = 0
        package var broken: [History] = []
        package var duplicate = 0.0
        package var gap = 0.0
        package var sinceDeath = 0.0
        package var unfounded = 0.0
        package var afterDeletion = 0.0
        package var moves = 0
        package var virtualSeconds = 0.0

        mutating func add(_ history: History) {
            histories += 1
            if !history.violations.isEmpty { broken.append(history) }
            duplicate = max(duplicate, history.longestDuplicate)
            gap = max(gap, history.longestGap)
            sinceDeath = max(sinceDeath, history.longestSinceDeath)
            unfounded = max(unfounded, history.longestUnfounded)
            afterDeletion = max(afterDeletion, history.afterDeletion)
            moves += history.moves
            virtualSeconds += history.virtualSeconds
        }
    }

    package struct Job: Sendable {
        package let scenario: Scenario
        package let seed: UInt64
        package let size: History.Size

        package init(_ scenario: Scenario, seed: UInt64, size: History.Size = History.Size()) {
            (self.scenario, self.seed, self.size) = (scenario, seed, size)
        }
    }

    package private(set) var rows: [String: Row] = [:]

    /// Runs the jobs in their order, `lanes` at once.
    ///
    /// - Parameter progress: told of each history when it is over, and how many are by then.
    package init(_ jobs: [Job], lanes: Int, progress: (History, Int) -> Void = { _, _ in }) async {
        await withTaskGroup(of: History.self) { group in
            var rest = jobs[...]
            func startNext() {
                guard let job = rest.popFirst() else { return }
                group.addTask { History(job.scenario, seed: job.seed, size: job.size) }
            }
            for _ in 0..<lanes { startNext() }
            for await history in group {
                startNext()
                rows[history.scenario, default: Row()].add(history)
                progress(history, histories)
            }
        }
    }

    package var broken: [History] { rows.values.flatMap(\.broken).sorted { $0.summary < $1.summary } }
    package var histories: Int { rows.values.map(\.histories).reduce(0, +) }

    /// One line per scenario: how many histories, and the worst that was seen.
    package func table() -> String {
        let round = { (value: Double) in String(Double(Int(value * 100 + 0.5)) / 100) }
        let pad = { (text: String, width: Int) in text + String(repeating: " ", count: max(width - text.count, 1)) }
        let columns = ["histories", "broken", "two MACs", "gap", "after death", "unfounded", "deleted", "moves"]
        var lines = [pad("scenario", 26) + columns.map { pad($0, 12) }.joined()]
        for (name, row) in rows.sorted(by: { $0.key < $1.key }) {
            let values = [
                String(row.histories), String(row.broken.count), round(row.duplicate), round(row.gap),
                round(row.sinceDeath), round(row.unfounded), round(row.afterDeletion), String(row.moves),
            ]
            lines.append(pad(name, 26) + values.map { pad($0, 12) }.joined())
        }
        return lines.joined(separator: "\n")
    }
}

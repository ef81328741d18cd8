import Foundation
import Testing

/// Random histories; `HERALD_HISTORIES` says how many, `HERALD_SEED` where to begin.
struct AllocationHistoryTests {
    private static func number(_ name: String, _ otherwise: UInt64) -> UInt64 {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) ?? otherwise
    }

    @Test(
        "in every history: no duplicates, nothing moves without need, nothing waits without need, full equals incremental"
    )
    func histories() async throws {
        let (first, count) = (Self.number("HERALD_SEED", 1), Self.number("HERALD_HISTORIES", 200))
        let lanes: UInt64 = 4
        let failures = try await withThrowingTaskGroup(of: [String].self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    var failures: [String] = []
                    for index in stride(from: lane, to: count, by: Int(lanes)) where failures.count < 3 {
                        var history = AllocationHistory(seed: first + index)
                        try history.run(steps: 30)
                        if let violation = history.violations.first {
                            failures.append(
                                "seed \(first + index): \(violation)\n\(history.trace.joined(separator: "\n"))")
                        }
                    }
                    return failures
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        for failure in failures.prefix(3) { Issue.record(Comment(rawValue: failure)) }
        print("\(count) histories from seed \(first), \(failures.count) failures")
    }
}

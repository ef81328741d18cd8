import AllocationKit
import Testing

/// The first of the random histories; `make histories` runs 10,000.
struct AllocationHistoryTests {
    @Test(
        "in every history: no duplicates, nothing moves without need, nothing waits without need, full equals incremental",
        arguments: Array(stride(from: 1, to: 200, by: 25)) as [UInt64])
    func histories(first: UInt64) {
        for seed in first..<first + 25 {
            var history = AllocationHistory(seed: seed)
            history.run()
            #expect(history.violations.isEmpty, "\(history.report)")
        }
    }
}

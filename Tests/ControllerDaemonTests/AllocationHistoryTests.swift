import AllocationKit
import Dispatch
import Testing

/// The first of the random histories; `make histories` runs 10,000.
///
/// One after the other on a thread of their own: they compute, and what waits beside them would wait for all.
@Suite(.serialized)
struct AllocationHistoryTests {
    @Test(
        "in every history: no duplicates, nothing moves without need, nothing waits without need, full equals incremental",
        arguments: Array(stride(from: 1, to: 200, by: 25)) as [UInt64])
    func histories(first: UInt64) async {
        for seed in first..<first + 25 {
            let report = await aside {
                var history = AllocationHistory(seed: seed)
                history.run()
                return history.violations.isEmpty ? nil : history.report
            }
            #expect(report == nil, "\(report ?? "")")
        }
    }

    /// Off the threads that all other tests share.
    private static let thread = DispatchQueue(label: "histories")

    private func aside<Value: Sendable>(_ work: @Sendable @escaping () -> Value) async -> Value {
        await withCheckedContinuation { done in Self.thread.async { done.resume(returning: work()) } }
    }
}

import Dispatch
import SimulationKit
import Testing

/// Simulated histories of the real `LinkSpeaker`; `make simulate` runs many thousands more.
///
/// A broken history prints its scenario and seed; `swift run simulate --scenario mix --first-seed 188 --trace` runs that
/// one again step by step (with `--nodes` where the summary names another number than is drawn).
///
/// One after the other on a thread of their own: they compute, and what waits beside them would wait for all.
@Suite("Simulated histories", .serialized)
struct SimulationTests {
    /// Long scenarios get fewer seeds here.
    static let long: Set<String> = [
        "mix", "mix_loss", "rolling_restart", "api_outage", "api_cut_one", "api_cut_most", "cold_start",
        "delete_stale_owner", "reuse_stale_owner", "poweroff_api_outage", "restart_beyond_hold", "pause",
        "delete_hung_watch", "delete_stale_helper", "stale_then_heal_partial", "wireless", "vm_pause", "half_boots",
        "bad_cable", "churn_while_cut", "upgrade_and_cordon", "storm_control",
    ]

    @Test("every scenario keeps its properties", arguments: Scenario.all.map(\.name))
    func scenario(name: String) async throws {
        let scenario = try #require(Scenario.all.first { $0.name == name })
        let seeds = Self.long.contains(name) ? 2 : 8
        for seed in 1...UInt64(seeds) {
            let nodes = seed > 4 && scenario.nodes.count > 1 ? 2 + Int(seed) % 3 : nil
            let size = History.Size(nodes: scenario.nodes.contains(nodes ?? -1) ? nodes : nil)
            let history = await aside { History(scenario, seed: seed, size: size) }
            #expect(history.violations.isEmpty, "\(history.summary)")
        }
    }

    @Test("the same seed gives the same history")
    func determinism() {
        let first = History(.mix, seed: 3, size: History.Size(nodes: 3), isTraced: true)
        let second = History(.mix, seed: 3, size: History.Size(nodes: 3), isTraced: true)
        #expect(first.trace == second.trace)
        #expect(!first.trace.isEmpty)
    }

    @Test("the judge sees a move where none may be, and a node that is never covered")
    func judgeSees() {
        let moving = Scenario("moving", [.nothingMoves], nodes: [3]) { s in
            s.powerOff(s.owner())
            return 3
        }
        #expect(History(moving, seed: 1).violations.contains { $0.hasPrefix("P4") })
        let uncovered = Scenario("uncovered", [.deathsCovered], nodes: [3]) { s in
            for node in s.nodes {
                s.kill(node)
                s.after(2) { $0.boot(node) }
            }
            return 5
        }
        #expect(History(uncovered, seed: 1).violations.contains { $0.hasPrefix("P3") })
    }

    /// Off the threads that all other tests share.
    private static let thread = DispatchQueue(label: "histories")

    private func aside<Value: Sendable>(_ work: @Sendable @escaping () -> Value) async -> Value {
        await withCheckedContinuation { done in Self.thread.async { done.resume(returning: work()) } }
    }
}

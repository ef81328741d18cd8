import ArgumentParser
import EmbeddedAPIServer
import Foundation

/// The API server away for long: what clients of an address notice, and how soon speakers follow when it is back.
struct Outage: AsyncParsableCommand {
    @OptionGroup var options: SiteOptions
    @Option(help: "How long the API server is away.") var seconds = 600

    /// Told to the speakers in the moment the API server is back.
    private static let second = "192.168.57.201"

    func run() async throws {
        let first = "192.168.57.200"
        let (silence, moved, late) = try await options.withSite(nodes: 3, addresses: [first, Self.second]) { rig in
            try rig.cluster.put(service: "grafana", addresses: [first])
            try await rig.speakers.untilReady()
            try await rig.untilAnswered(first)
            let witness = try rig.startWitness(first, count: 2, period: 20_000)
            try await Task.sleep(for: .seconds(1))
            let start = monotonic()
            await rig.cluster.server.stop()
            try await Task.sleep(for: .seconds(seconds))
            try await rig.cluster.server.start()
            try rig.cluster.put(service: "late", addresses: [Self.second])
            let back = monotonic()
            try await Task.sleep(for: .seconds(15))
            let end = monotonic()
            let testimony = try witness.finish()
            let answered = (testimony.answers[Self.second] ?? []).first { $0.nanoseconds > back }
            return (
                testimony.gap(of: first, after: start, until: end),
                testimony.hardwareAddresses(of: first, after: 0).count - 1,
                answered.map { Double($0.nanoseconds - back) / 1e9 } ?? .infinity
            )
        }
        let name = "speakers, \(seconds) s without an API server"
        func goal(_ what: String, _ figure: String, _ limit: String, _ isMet: Bool) {
            print("goal \(name), \(what): \(figure) (\(limit)) \(isMet ? "met" : "missed")")
        }
        goal("longest silence of an address", milliseconds(silence), "under 100 ms", silence < 0.1)
        goal("moves of it", "\(moved)", "0", moved == 0)
        goal("a new address answers after the return in", milliseconds(late), "under 10 s", late < 10)
    }
}

import Foundation

/// What one fault did to the addresses.
struct Round: Sendable {
    /// The longest silence about an address, over all of them, in seconds.
    var gap: Double
    /// The same for a client that asks by unicast.
    var unicastGap: Double
    /// Two hardware addresses at the same time, in seconds.
    var overlap: Double
    var moved: Int
    /// Answers that name a dead node, after the fault; of a stopped speaker, those to questions from before it went on.
    var staleAnswers: Int
    /// The most that the witness itself was late: no gap is known more exactly.
    var lateness: Double
    var isBroken: Bool

    /// Runs one round: waits until all is quiet, breaks something, and hears the witnesses.
    /// - Parameter afterwards: What ends with the observation, before the fault is repaired.
    static func run(
        _ fault: Fault, _ rig: Rig, addresses: [String], afterwards: () async throws -> Void
    ) async throws -> Round {
        let first = addresses[0]
        try await rig.untilAnswered(first, within: .seconds(addresses.count > 100 ? 90 : 20))
        let victim = try await rig.owner(of: first)
        if addresses.count > 100 { try await gather(on: victim, rig) }
        let period = addresses.count > 100 ? 100 : max(5000 / addresses.count, 500)
        let witness = try rig.startWitness(first, count: addresses.count, period: period)
        let unicast = try rig.startWitness(first, isUnicast: true)
        let stream = try rig.startStream(to: first)
        try await Task.sleep(for: .milliseconds(600))
        let start = monotonic()
        let continued = try await fault.happen(to: victim, rig)
        let end = monotonic()
        let isBroken = try rig.finish(stream) != "whole"
        let (asked, heard) = (try witness.finish(), try unicast.finish())
        let round = Round(
            fault, asked, heard, addresses, victim: victim, window: start...end, continued: continued,
            isBroken: isBroken)
        try await afterwards()
        try await fault.heal(victim, rig)
        return round
    }

    private init(
        _ fault: Fault, _ asked: Testimony, _ unicast: Testimony, _ addresses: [String], victim: Site.Node,
        window: ClosedRange<Int64>, continued: Int64?, isBroken: Bool
    ) {
        let (start, end) = (window.lowerBound, window.upperBound)
        // The fault itself takes a moment: an answer that was on its way is none of a dead node.
        func isStale(_ answer: Testimony.Answer) -> Bool {
            fault.isDeath && answer.hardwareAddress == victim.hardwareAddress
                && answer.nanoseconds > start + 100_000_000
        }
        let of = addresses.map { address in
            (
                gap: asked.gap(of: address, after: start, until: end) { !isStale($0) },
                overlap: fault.isDeath ? 0 : asked.overlap(of: address, after: start),
                moved: asked.hardwareAddresses(of: address, after: start).subtracting(
                    asked.hardwareAddresses(of: address, after: 0, before: start)
                ).count
            )
        }
        gap = of.map(\.gap).max() ?? .infinity
        overlap = of.map(\.overlap).max() ?? 0
        moved = of.count { $0.moved > 0 }
        unicastGap = unicast.gap(of: addresses[0], after: start, until: end) { !isStale($0) }
        staleAnswers = addresses.reduce(0) { $0 + (asked.answers[$1] ?? []).count(where: isStale) }
        if let continued { staleAnswers += asked.burst(after: continued) }
        lateness = asked.lateness(after: start)
        self.isBroken = isBroken
    }

    /// Brings every address to one node, and lets them settle there.
    private static func gather(on victim: Site.Node, _ rig: Rig) async throws {
        for node in rig.site.nodes where node != victim { try rig.cluster.put(node, isDrained: true) }
        try await Task.sleep(for: .seconds(33))
        for node in rig.site.nodes where node != victim { try rig.cluster.put(node) }
        try await Task.sleep(for: .seconds(2))
    }
}

/// The rounds of one fault, and the figures that are judged.
struct Series: Sendable {
    let fault: Fault
    /// What was special, for the table: `1 % loss`, `API stopped`.
    let circumstances: String
    var rounds: [Round] = []

    func median(_ figure: (Round) -> Double) -> Double {
        let sorted = rounds.map(figure).sorted()
        return sorted.isEmpty ? .infinity : sorted[sorted.count / 2]
    }

    func largest(_ figure: (Round) -> Double) -> Double { rounds.map(figure).max() ?? .infinity }

    var name: String { circumstances.isEmpty ? fault.rawValue : "\(fault.rawValue), \(circumstances)" }

    /// One row of docs/benchmarks.md.
    var row: String {
        let moved = rounds.reduce(0) { $0 + $1.moved }
        let broken = rounds.count(where: \.isBroken)
        return "| \(name) | \(rounds.count) | \(milliseconds(median(\.gap))) | \(milliseconds(largest(\.gap))) | "
            + "\(milliseconds(median(\.unicastGap))) | \(milliseconds(largest(\.unicastGap))) | "
            + "\(milliseconds(largest(\.overlap))) | \(moved) | \(broken) | \(milliseconds(largest(\.lateness))) |"
    }

    /// The goals of this fault, one line each.
    func goals(addresses: Int) -> [String] {
        func goal(_ what: String, _ figure: Double, atMost limit: Double) -> String {
            "goal \(name) \(what): \(milliseconds(figure)) (<= \(milliseconds(limit))) "
                + (figure <= limit ? "met" : "missed")
        }
        func count(_ what: String, _ figure: Int) -> String {
            "goal \(name) \(what): \(figure) (0) \(figure == 0 ? "met" : "missed")"
        }
        let moved = count("addresses moved", rounds.reduce(0) { $0 + $1.moved })
        let broken = count("connections broken", rounds.count(where: \.isBroken))
        switch fault {
        case .switchPort, .linkDown, .nodeKilled:
            if addresses > 100 { return [goal("last address max", largest(\.gap), atMost: 1.5)] }
            return [goal("gap p50", median(\.gap), atMost: 0.65), goal("gap max", largest(\.gap), atMost: 0.9)]
        case .speakerKilled: return [goal("gap max", largest(\.gap), atMost: 0.9), moved, broken]
        case .speakerTerminated:
            return [
                goal("gap max", largest(\.gap), atMost: 0.02), goal("two MACs max", largest(\.overlap), atMost: 0.005),
                moved, broken,
            ]
        case .drain:
            return [
                goal("gap max", largest(\.gap), atMost: 0.02), goal("two MACs max", largest(\.overlap), atMost: 0.005),
            ]
        case .speakerStopped2, .speakerStopped30:
            return [
                goal("two MACs max", largest(\.overlap), atMost: 0), moved, broken,
                count("answers to questions from before SIGCONT", rounds.reduce(0) { $0 + $1.staleAnswers }),
            ]
        case .rollingRestart, .none: return [moved, broken]
        }
    }
}

/// `0.5012` as `501 ms`.
func milliseconds(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "never" }
    let tenths = Int((seconds * 10_000).rounded())
    return tenths < 1000 ? "\(tenths / 10).\(tenths % 10) ms" : "\(tenths / 10) ms"
}

import ArgumentParser
import EmbeddedAPIServer
import Foundation

/// One series of rounds: one kind of fault under one kind of circumstances, on a site of its own.
struct Run: AsyncParsableCommand {
    @OptionGroup var options: SiteOptions
    @Option(help: "What happens to the announcing node.") var fault: Fault
    @Option var rounds = 20
    @Option var nodes = 3
    @Option(help: "Load balancer IPs; above 100 all of them are on the node that fails.") var addresses = 1
    @Option(help: "Share of all frames that the switch drops, in percent.") var loss = 0.0
    @Flag(help: "The API server answers nothing from before the fault.") var withoutAPI = false
    @Flag(help: "Nodes have a second network, whose address must not move when the first one fails.")
    var dualHomed = false
    @Option(help: "A file that the row of the table is appended to.") var table: String?

    func run() async throws {
        let all = (0..<addresses).map { "192.168.\(57 + ($0 + 200) / 256).\(($0 + 200) % 256)" }
        let series = try await options.withSite(nodes: nodes, addresses: all, isDualHomed: dualHomed) { rig in
            for (index, address) in all.enumerated() {
                try rig.cluster.put(service: "service-\(index)", addresses: [address])
            }
            try await rig.speakers.untilReady(within: .seconds(60))
            var elsewhere = 0
            if dualHomed { try await rig.useSecondNetwork() }
            var series = Series(fault: fault, circumstances: circumstances)
            try rig.site.lose(perMyriad: Int(loss * 100))
            for number in 1...rounds {
                if withoutAPI { rig.cluster.cutOff() }
                let second = dualHomed ? try rig.startSecondWitness() : nil
                let round = try await Round.run(fault, rig, addresses: all) {
                    guard withoutAPI else { return }
                    rig.cluster.server.resume()
                    try await Task.sleep(for: .seconds(2))
                }
                print(
                    "round \(number): gap \(milliseconds(round.gap)), unicast \(milliseconds(round.unicastGap)), "
                        + "two MACs \(milliseconds(round.overlap)), moved \(round.moved), "
                        + "stale answers \(round.staleAnswers), connection \(round.isBroken ? "broken" : "whole"), "
                        + "witness late \(milliseconds(round.lateness))")
                if let second, try second.finish().hardwareAddresses(of: Site.secondAddress, after: 0).count != 1 {
                    elsewhere += 1
                }
                series.rounds.append(round)
            }
            if dualHomed {
                let verdict = elsewhere == 0 ? "met" : "missed"
                print("goal \(series.name) addresses of the other link moved: \(elsewhere) (0) \(verdict)")
            }
            return series
        }
        for goal in series.goals(addresses: addresses) { print(goal) }
        if let table { try append(series.row, to: table) }
    }

    private var circumstances: String {
        var parts: [String] = []
        if addresses > 1 { parts.append("\(addresses) addresses") }
        if loss > 0 { parts.append("\(loss.formatted()) % loss") }
        if dualHomed { parts.append("dual-homed") }
        if withoutAPI { parts.append("API server silent") }
        return parts.joined(separator: ", ")
    }

    private func append(_ line: String, to path: String) throws {
        let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        try (old + line + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
}

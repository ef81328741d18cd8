import Foundation
import SimulationKit

/// simulate [--seeds N] [--first-seed N] [--scenario NAME] [--nodes N] [--addresses N] [--trace]
/// simulate --large: as `--seeds`, over 2 to 60 nodes and 1 to 200 addresses
/// simulate --day: 24 virtual hours of 10 nodes at 1 % loss
struct Options {
    var seeds = 4
    var firstSeed: UInt64 = 1
    var scenario: String?
    var size = History.Size()
    var isTraced = false
    var isDay = false
    var isLarge = false

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--seeds": seeds = Self.number(rest.popFirst(), of: argument)
            case "--first-seed": firstSeed = Self.number(rest.popFirst(), of: argument)
            case "--scenario": scenario = rest.popFirst()
            case "--nodes": size.nodes = Self.number(rest.popFirst(), of: argument)
            case "--addresses": size.addresses = Self.number(rest.popFirst(), of: argument)
            case "--trace": isTraced = true
            case "--day": isDay = true
            case "--large": isLarge = true
            default:
                print("unknown option \(argument)")
                exit(2)
            }
        }
    }

    private static func number<Number: FixedWidthInteger>(_ text: String?, of option: String) -> Number {
        guard let number = text.flatMap({ Number($0) }), number > 0 else {
            print("\(option) needs a number above 0")
            exit(2)
        }
        return number
    }
}

/// Prints at once, also into a file or pipe.
func tell(_ line: String) {
    print(line)
    fflush(nil)
}

let options = Options(Array(CommandLine.arguments.dropFirst()))
let start = Date()
let chosen = Scenario.all.filter { options.scenario == nil || options.scenario == $0.name }
guard !chosen.isEmpty else {
    print("scenarios: \(Scenario.all.map(\.name).joined(separator: " "))")
    exit(2)
}
if options.isDay { exit(simulateDay(seed: options.firstSeed) ? 0 : 1) }
if options.isTraced {
    for scenario in chosen {
        let history = History(scenario, seed: options.firstSeed, size: options.size, isTraced: true)
        print(history.trace.joined(separator: "\n"))
        print(history.summary)
    }
    exit(0)
}
var jobs: [Campaign.Job] = []
for scenario in chosen {
    for seed in 0..<UInt64(options.seeds) {
        let seed = options.firstSeed + seed
        let size = options.isLarge ? History.Size(drawnFor: scenario, seed: seed) : options.size
        jobs.append(Campaign.Job(scenario, seed: seed, size: size))
    }
}
// The large ones first, so that no core is left with one at the end.
jobs.sort { $0.size.weight > $1.size.weight }
var lastLine = start
let campaign = await Campaign(jobs, lanes: ProcessInfo.processInfo.activeProcessorCount) { history, done in
    if !history.violations.isEmpty { tell("BROKEN \(history.summary)") }
    guard Date().timeIntervalSince(lastLine) >= 20 else { return }
    lastLine = Date()
    tell("\(done) of \(jobs.count) histories, \(Int(lastLine.timeIntervalSince(start))) s")
}
print(campaign.table())
let broken = campaign.broken
print(
    "\(campaign.histories) histories from seed \(options.firstSeed), \(broken.count) broken,"
        + " \(Int(Date().timeIntervalSince(start))) s")
exit(broken.isEmpty ? 0 : 1)

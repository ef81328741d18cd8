import AllocationKit
import Foundation

/// histories [--seeds N] [--first-seed N] [--trace]
/// `--trace` prints every step of every history, also of those in which each rule held.
struct Options {
    var seeds: UInt64 = 10_000
    var firstSeed: UInt64 = 1
    var isTraced = false

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--seeds": seeds = Self.number(rest.popFirst(), of: argument)
            case "--first-seed": firstSeed = Self.number(rest.popFirst(), of: argument)
            case "--trace": isTraced = true
            default: Self.refuse("unknown option \(argument)")
            }
        }
        guard seeds > 0, seeds <= UInt64(Int.max), firstSeed <= UInt64.max - seeds else { Self.refuse("no such seeds") }
    }

    private static func number(_ text: String?, of option: String) -> UInt64 {
        guard let number = text.flatMap({ UInt64($0) }) else { refuse("\(option) needs a number") }
        return number
    }

    private static func refuse(_ reason: String) -> Never {
        say(reason)
        exit(2)
    }
}

/// A line at once, also into a pipe.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Those of the given seeds whose history broke a rule; shared out to `lanes` tasks.
func broken(among seeds: ClosedRange<UInt64>, lanes: Int, isTraced: Bool) async -> [UInt64] {
    await withTaskGroup(of: [UInt64].self) { group in
        for lane in 0..<UInt64(lanes) {
            group.addTask {
                var broken: [UInt64] = []
                for seed in seeds where seed % UInt64(lanes) == lane {
                    var history = AllocationHistory(seed: seed)
                    history.run()
                    if isTraced || !history.violations.isEmpty { say(history.report) }
                    if !history.violations.isEmpty { broken.append(seed) }
                }
                return broken
            }
        }
        return await group.reduce(into: []) { $0 += $1 }.sorted()
    }
}

let options = Options(Array(CommandLine.arguments.dropFirst()))
let start = Date()
let (first, last) = (options.firstSeed, options.firstSeed + (options.seeds - 1))
let lanes = ProcessInfo.processInfo.activeProcessorCount
var found: [UInt64] = []
// In tenths, so that a long run says how far it is.
let part = max(options.seeds / 10, 1)
for next in stride(from: first, through: last, by: Int(part)) {
    let seeds = next...min(next + (part - 1), last)
    found += await broken(among: seeds, lanes: lanes, isTraced: options.isTraced)
    say("seeds \(first) to \(seeds.upperBound): \(found.count) broken, \(Int(Date().timeIntervalSince(start))) s")
}
let verdict = found.isEmpty ? "none broken" : "broken: \(found.map { "\($0)" }.joined(separator: " "))"
say("\(options.seeds) histories of \(AllocationHistory.steps) steps, seeds \(first) to \(last), \(verdict)")
exit(found.isEmpty ? 0 : 1)

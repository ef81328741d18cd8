import Foundation

/// The answers to one stream of ARP requests, as `arp-witness` wrote them down.
struct Testimony: Sendable {
    struct Answer: Sendable {
        /// CLOCK_MONOTONIC.
        var nanoseconds: Int64
        var hardwareAddress: String
    }

    private(set) var answers: [String: [Answer]] = [:]
    private(set) var announcements: [String: [Answer]] = [:]
    /// When the witness itself was late, and by how much.
    private var delays: [(at: Int64, nanoseconds: Int64)] = []

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 3, words[0] == "L", let time = Int64(words[1]), let late = Int64(words[2]) {
                delays.append((time, late))
                continue
            }
            guard words.count == 4, let time = Int64(words[1]) else { continue }
            let answer = Answer(nanoseconds: time, hardwareAddress: String(words[3]))
            if words[0] == "R" {
                answers[String(words[2]), default: []].append(answer)
            } else {
                announcements[String(words[2]), default: []].append(answer)
            }
        }
    }

    /// The most that the witness itself was late: what a busy machine adds to a gap.
    func lateness(after start: Int64) -> Double {
        Double(delays.filter { $0.at > start }.map(\.nanoseconds).max() ?? 0) / 1e9
    }

    /// The longest silence about an address that ends after `start`, as seconds.
    ///
    /// - Parameter isGood: Says which answers count: one that names a dead node's hardware address is none.
    func gap(
        of address: String, after start: Int64, until end: Int64, isGood: (Answer) -> Bool = { _ in true }
    ) -> Double {
        var (longest, last): (Int64, Int64?) = (0, nil)
        for answer in answers[address] ?? [] where isGood(answer) && answer.nanoseconds <= end {
            if let last, answer.nanoseconds > start { longest = max(longest, answer.nanoseconds - last) }
            last = answer.nanoseconds
        }
        guard let last else { return .infinity }
        // Silence that nothing ended.
        return Double(max(longest, end - last > 1_000_000_000 ? end - last : 0)) / 1e9
    }

    /// How long two hardware addresses were given for an address at the same time: from the first answer of a newcomer
    /// to the last one of whoever answered before it.
    func overlap(of address: String, after start: Int64) -> Double {
        var (first, last): ([String: Int64], [String: Int64]) = ([:], [:])
        for answer in answers[address] ?? [] {
            first[answer.hardwareAddress] = first[answer.hardwareAddress] ?? answer.nanoseconds
            last[answer.hardwareAddress] = answer.nanoseconds
        }
        var longest: Int64 = 0
        for (newcomer, begin) in first where begin > start {
            for (other, end) in last where first[other, default: begin] < begin && other != newcomer {
                longest = max(longest, end - begin)
            }
        }
        return Double(longest) / 1e9
    }

    /// Answers in the 50 ms after an instant beyond one per 2 ms: more than were asked for at that time.
    func burst(after start: Int64) -> Int {
        let most = answers.values.map { $0.count { $0.nanoseconds > start && $0.nanoseconds < start + 50_000_000 } }
        return max(0, (most.max() ?? 0) - 25)
    }

    /// The hardware addresses given for an address between two instants.
    func hardwareAddresses(of address: String, after start: Int64, before end: Int64 = .max) -> Set<String> {
        Set((answers[address] ?? []).filter { $0.nanoseconds > start && $0.nanoseconds < end }.map(\.hardwareAddress))
    }
}

/// A running `arp-witness`.
struct Witness: Sendable {
    private let process: ChildProcess
    private let file = "/run/herald/witness-\(UUID().uuidString)"

    init(
        tool: String, from source: String = Site.clientAddress, first: String, count: Int = 1, period: Int = 5000,
        isUnicast: Bool = false, interface: String = "eth0"
    ) throws {
        process = try ChildProcess(
            [
                "ip", "netns", "exec", Site.client, tool, interface, source, first, "\(count)", "\(period)",
                isUnicast ? "unicast" : "broadcast",
            ], output: file, mergesErrors: false, hasInput: true)
    }

    /// Ends the witness and hears what it has to say.
    func finish() throws -> Testimony {
        let status = process.end()
        defer { try? FileManager.default.removeItem(atPath: file) }
        guard status == 0 else { throw Failure("arp-witness ended with status \(status)") }
        return Testimony(try String(contentsOfFile: file, encoding: .utf8))
    }
}

/// CLOCK_MONOTONIC in nanoseconds.
func monotonic() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

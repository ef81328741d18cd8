import Foundation
import KubernetesModel
import NetworkAddresses

/// What a DHCP server may give to hosts: as the operator says, or as the server's own files on this machine say.
struct DHCPRanges: Sendable, Hashable {
    struct Range: Sendable, Hashable {
        let range: IPRange
        /// Where it is said.
        let source: String
    }

    private(set) var ranges: [Range] = []

    /// Where dnsmasq, ISC dhcpd and Kea have their configurations, and dnsmasq its leases.
    static let files = [
        "/etc/dnsmasq.conf", "/etc/dhcp/dhcpd.conf", "/etc/kea/kea-dhcp4.conf", "/etc/kea/kea-dhcp6.conf",
        "/var/lib/misc/dnsmasq.leases", "/var/lib/dnsmasq/dnsmasq.leases",
    ]
    static let folder = "/etc/dnsmasq.d"

    /// Those of this machine; nothing when it has no DHCP server.
    static func here() -> DHCPRanges {
        var result = DHCPRanges()
        let parts = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for file in files + parts.sorted().map({ "\(folder)/\($0)" }) {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { continue }
            result.add(text, from: file)
        }
        return result
    }

    mutating func add(_ others: DHCPRanges) {
        for entry in others.ranges { add(entry.range, from: entry.source) }
    }

    mutating func add(_ range: IPRange, from source: String) {
        let entry = Range(range: range, source: source)
        if !ranges.contains(entry) { ranges.append(entry) }
    }

    /// Reads the text of a configuration or of a file of leases, in whichever of the notations it is written.
    mutating func add(_ text: String, from source: String) {
        let lines = text.split(whereSeparator: \.isNewline).map { line in line.prefix { $0 != "#" } }
        for line in lines {
            for range in Self.dnsmasq(line) + Self.dhcpd(line) + Self.lease(line) { add(range, from: source) }
        }
        // JSON may break its lines anywhere.
        for range in Self.kea(lines.joined(separator: "\n")) { add(range, from: source) }
    }

    /// `dhcp-range=set:lan,192.168.57.100,192.168.57.199,12h`: the first two addresses.
    private static func dnsmasq(_ line: Substring) -> [IPRange] {
        let parts = line.split(separator: "=", maxSplits: 1).map(\.trimmed)
        guard parts.count == 2, parts[0] == "dhcp-range" || parts[0] == "--dhcp-range" else { return [] }
        let words = parts[1].split(separator: ",").map(\.trimmed)
        // `::1000,::1fff,constructor:eth0` names no addresses yet, and `192.168.57.0,static` none to give.
        let addresses = words.drop { IPAddress($0) == nil }.prefix(2).compactMap { IPAddress($0) }
        guard addresses.count == 2, !words.contains(where: { $0.hasPrefix("constructor:") }) else { return [] }
        return range(addresses[0], addresses[1])
    }

    /// `range 192.168.57.100 192.168.57.199;`, `range6 …`, and a range of one address.
    private static func dhcpd(_ line: Substring) -> [IPRange] {
        line.split(whereSeparator: { $0 == ";" || $0 == "{" || $0 == "}" }).flatMap { statement -> [IPRange] in
            let words = statement.split(whereSeparator: \.isWhitespace)
            guard let word = words.first, word == "range" || word == "range6" else { return [] }
            if words.count > 1, words[1].contains("/") { return (try? [IPRange(parsing: String(words[1]))]) ?? [] }
            let addresses = words.dropFirst().compactMap { IPAddress($0) }
            guard let first = addresses.first, let last = addresses.last else { return [] }
            return range(first, last)
        }
    }

    /// `"pools": [ { "pool": "192.168.57.100 - 192.168.57.199" } ]`.
    private static func kea(_ text: String) -> [IPRange] {
        text.matches(of: /"pool"\s*:\s*"([^"]+)"/).compactMap { try? IPRange(parsing: String($0.1)) }
    }

    /// `1795000000 02:00:c0:a8:39:c8 192.168.57.200 laptop *`, as dnsmasq writes its leases.
    private static func lease(_ line: Substring) -> [IPRange] {
        let words = line.split(separator: " ")
        guard words.count == 5, Int(words[0]) != nil, let address = IPAddress(words[2]) else { return [] }
        return [IPRange(address)]
    }

    private static func range(_ first: IPAddress, _ last: IPAddress) -> [IPRange] {
        IPRange(first: first, last: last).map { [$0] } ?? []
    }
}

extension DHCPRanges {
    /// What a pool's `range` and a DHCP server would both give away, each with where the server says so. A lease inside
    /// a range of the server is not told again.
    func overlaps(with range: IPRange) -> [Range] {
        let common = ranges.compactMap { entry in
            entry.range.intersection(range).map { Range(range: $0, source: entry.source) }
        }
        var told: [Range] = []
        for entry in common.sorted(by: { $0.range.count > $1.range.count })
        where !told.contains(where: { $0.range.first <= entry.range.first && entry.range.last <= $0.range.last }) {
            told.append(entry)
        }
        return told
    }
}

extension IPRange {
    /// What both have.
    func intersection(_ other: IPRange) -> IPRange? {
        overlaps(other) ? IPRange(first: max(first, other.first), last: min(last, other.last)) : nil
    }
}

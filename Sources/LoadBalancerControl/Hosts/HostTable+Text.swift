import ArgumentParser
import KubernetesModel
import NetworkAddresses

extension HostTable {
    enum Format: String, ExpressibleByArgument, CaseIterable { case hosts, dnsmasq, json }

    /// The table in a program's notation.
    ///
    /// - Parameter domain: names below it are written without it too (`grafana` for `grafana.cluster.home`).
    func lines(_ format: Format, domain: String? = nil) -> [String] {
        switch format {
        case .hosts: hostsLines(domain)
        case .dnsmasq: dnsmasqLines(domain)
        case .json: OutputOptions.text(json, .json).split(separator: "\n").map(String.init)
        }
    }

    /// hosts(5): an address and its names. A wildcard cannot be said there.
    private func hostsLines(_ domain: String?) -> [String] {
        var names: [IPAddress: [String]] = [:]
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("*.") {
            for address in entry.addresses { names[address, default: []] += spellings(name, domain) }
        }
        return names.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.joined(separator: " "))" }
    }

    /// dnsmasq.conf: `host-record` for a name, `address` for everything below one.
    private func dnsmasqLines(_ domain: String?) -> [String] {
        entries.sorted { $0.key < $1.key }.flatMap { name, entry -> [String] in
            let addresses = entry.addresses.sorted().map(\.description)
            if name.hasPrefix("*.") { return addresses.map { "address=/\(name.dropFirst(2))/\($0)" } }
            let names = spellings(name, domain).joined(separator: ",")
            // A line has one address of each family; further ones have lines of their own.
            var (first, second) = (
                entry.addresses.compactMap(\.v4).sorted()[...], entry.addresses.compactMap(\.v6).sorted()[...]
            )
            var lines: [String] = []
            while !first.isEmpty || !second.isEmpty {
                let records = [first.popFirst()?.description, second.popFirst()?.description].compactMap { $0 }
                lines.append("host-record=\(names),\(records.joined(separator: ","))")
            }
            return lines
        }
    }

    private func spellings(_ name: String, _ domain: String?) -> [String] {
        guard let domain, name.hasSuffix(".\(domain)") else { return [name] }
        let short = name.dropLast(domain.count + 1)
        return NameFilter.isShortName(short) ? [name, String(short)] : [name]
    }

    private var json: JSONValue {
        .array(
            entries.sorted { $0.key < $1.key }.map { name, entry in
                [
                    "hostname": .string(name),
                    "addresses": .array(entry.addresses.sorted().map { .string("\($0)") }),
                    "sources": .array(entry.sources.sorted().map { .string($0) }),
                ]
            })
    }

    /// What a reader of the hosts format will miss.
    var wildcards: [String] { entries.keys.filter { $0.hasPrefix("*.") }.sorted() }
}

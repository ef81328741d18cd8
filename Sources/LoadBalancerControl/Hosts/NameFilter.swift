/// Which names an object may have in a ``HostTable``.
///
/// Whoever may write a Service or an Ingress in some namespace chooses names freely; the table is read by a whole LAN.
struct NameFilter: Sendable, Hashable {
    /// Domains that the public DNS does not have: RFC 6762 appendix G, RFC 8375.
    static let privateUse = ["corp", "home", "home.arpa", "internal", "intranet", "lan", "private"]

    /// Names below one of these, or equal to it.
    let domains: [String]

    init(domains: [String] = Self.privateUse) { self.domains = domains }

    /// - Parameter name: as ``HostTable/canonical(_:)`` gives it.
    func refusal(of name: String) -> Refusal? {
        let base = name.hasPrefix("*.") ? name.dropFirst(2) : name[...]
        let labels = base.split(separator: ".")
        // RFC 6761 §6.3: it and all names below it are the machine that asks.
        if labels.last == "localhost" { return .localhost }
        if Self.isNumber(labels.last ?? "") { return .address }
        if labels.count < 2 { return .withoutDomain }
        return domains.contains { base == $0 || base.hasSuffix(".\($0)") } ? nil : .outside(domains)
    }

    /// Whether a name of the LAN's own domain may be written without it: one label, and nothing that a resolver takes
    /// for an address or for itself.
    static func isShortName(_ name: Substring) -> Bool {
        !name.isEmpty && !name.contains(".") && name != "localhost" && !isNumber(name)
    }

    /// Of all top-level domains only numbers are without a letter: `192.168.57.1`.
    private static func isNumber(_ label: Substring) -> Bool { label.utf8.allSatisfy { (48...57).contains($0) } }

    enum Refusal: Sendable, Hashable {
        case localhost
        case address
        case withoutDomain
        case outside([String])

        var sentence: String {
            switch self {
            case .localhost: "is every machine's name for itself"
            case .address: "is an address, no name"
            case .withoutDomain: "has no domain"
            case .outside(let domains):
                "is not in \(domains.joined(separator: ", ")); say with --domain-filter which domains are"
            }
        }
    }
}

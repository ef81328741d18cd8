/// An inclusive run of addresses of one family, `first` ≤ `last`.
public struct IPRange: Sendable, Hashable {
    public let first: IPAddress
    public let last: IPAddress

    /// `nil` when the ends are of two families or in the wrong order.
    public init?(first: IPAddress, last: IPAddress) {
        guard first.family == last.family, first <= last else { return nil }
        (self.first, self.last) = (first, last)
    }

    public init(_ address: IPAddress) { (first, last) = (address, address) }

    public init(_ prefix: IPPrefix) { (first, last) = (prefix.first, prefix.last) }

    public var family: IPFamily { first.family }

    /// How many addresses, `UInt128.max` for all of IPv6 (whose true count, 2¹²⁸, does not fit).
    public var count: UInt128 {
        let (count, overflow) = (last.rawValue - first.rawValue).addingReportingOverflow(1)
        return overflow ? .max : count
    }

    public func contains(_ address: IPAddress) -> Bool {
        address.family == family && first <= address && address <= last
    }

    public func overlaps(_ other: IPRange) -> Bool {
        family == other.family && first <= other.last && other.first <= last
    }
}

extension IPRange: CustomStringConvertible {
    public var description: String { "\(first)-\(last)" }
}

extension IPRange {
    /// Why an entry of `IPAddressPool.spec.addresses` was refused.
    public enum ParseFailure: Error, Sendable, Hashable {
        /// Neither `address/length` nor `first-last`.
        case malformed(String)
        case badAddress(String)
        case badPrefixLength(String)
        case mixedFamilies
        /// The first address is above the last.
        case backward

        /// One clause that names the bad part, to stand after the entry's text.
        public var reason: String {
            switch self {
            case .malformed: "is neither a CIDR (192.168.57.0/24) nor a range (192.168.57.200-192.168.57.254)"
            case .badAddress(let text): "contains \"\(text)\", which is not an IP address"
            case .badPrefixLength(let text):
                "has the prefix length \"\(text)\"; it must be 0-32 for IPv4 and 0-128 for IPv6"
            case .mixedFamilies: "mixes IPv4 and IPv6"
            case .backward: "runs backward: its first address is above its last"
            }
        }
    }

    /// Parses `address/length` (host bits are masked) or `first-last` (blanks around the dash are allowed).
    public init(parsing text: String) throws(ParseFailure) {
        if let slash = text.firstIndex(of: "/") {
            let (head, tail) = (text[..<slash], text[text.index(after: slash)...])
            guard let address = IPAddress(head) else { throw .badAddress(String(head)) }
            guard let length = IPPrefix.length(tail), let prefix = IPPrefix(address, length: length) else {
                throw .badPrefixLength(String(tail))
            }
            self.init(prefix)
        } else if let dash = text.firstIndex(of: "-") {
            let head = Self.trimmed(text[..<dash])
            let tail = Self.trimmed(text[text.index(after: dash)...])
            guard let first = IPAddress(head) else { throw .badAddress(String(head)) }
            guard let last = IPAddress(tail) else { throw .badAddress(String(tail)) }
            guard first.family == last.family else { throw .mixedFamilies }
            guard let range = IPRange(first: first, last: last) else { throw .backward }
            self = range
        } else {
            throw .malformed(text)
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}

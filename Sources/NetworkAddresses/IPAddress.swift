/// An address of either family. Sorts IPv4 before IPv6, then by number.
public enum IPAddress: Sendable, Hashable {
    case v4(IPv4Address)
    case v6(IPv6Address)

    /// Parses either family's text form; `nil` for anything else (a zone index, a prefix length, blanks).
    public init?(_ text: some StringProtocol) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    public init?(family: IPFamily, rawValue: UInt128) {
        switch family {
        case .ipv4:
            guard let value = UInt32(exactly: rawValue) else { return nil }
            self = .v4(IPv4Address(rawValue: value))
        case .ipv6: self = .v6(IPv6Address(rawValue: rawValue))
        }
    }

    public var family: IPFamily {
        switch self {
        case .v4: .ipv4
        case .v6: .ipv6
        }
    }

    /// The address as a number of its family's width.
    public var rawValue: UInt128 {
        switch self {
        case .v4(let address): UInt128(address.rawValue)
        case .v6(let address): address.rawValue
        }
    }

    public var v4: IPv4Address? { if case .v4(let address) = self { address } else { nil } }
    public var v6: IPv6Address? { if case .v6(let address) = self { address } else { nil } }

    /// 169.254/16 or fe80::/10, which every interface may have: says nothing about where an address belongs.
    public var isLinkLocal: Bool {
        switch self {
        case .v4(let address): address.isLinkLocal
        case .v6(let address): address.isLinkLocal
        }
    }

    /// The address one above, or `nil` for the family's last.
    public var successor: IPAddress? {
        let (next, overflow) = rawValue.addingReportingOverflow(1)
        return overflow ? nil : IPAddress(family: family, rawValue: next)
    }
}

extension IPAddress: Comparable {
    public static func < (a: IPAddress, b: IPAddress) -> Bool {
        a.family == b.family ? a.rawValue < b.rawValue : a.family < b.family
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }
}

extension IPAddress: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let address = IPAddress(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is no IP address")
        }
        self = address
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

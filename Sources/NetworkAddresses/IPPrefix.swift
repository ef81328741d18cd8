/// A network: an address with the host bits cleared, and a prefix length (RFC 4632).
public struct IPPrefix: Sendable, Hashable {
    /// The lowest address.
    public let first: IPAddress
    /// Leading bits that all members share: 0–32 or 0–128.
    public let length: Int

    /// Masks the host bits of `address`; `nil` when `length` is outside the family's width.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.bitWidth).contains(length) else { return nil }
        let hostMask = Self.hostMask(address.family, length)
        guard let first = IPAddress(family: address.family, rawValue: address.rawValue & ~hostMask) else { return nil }
        (self.first, self.length) = (first, length)
    }

    /// Parses `address/length`, masking host bits.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]), let length = Self.length(parts[1]) else {
            return nil
        }
        self.init(address, length: length)
    }

    static func length(_ text: some StringProtocol) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
            text.utf8.count == 1 || text.utf8.first != 48
        else { return nil }
        return Int(text)
    }

    public var family: IPFamily { first.family }

    /// The highest address.
    public var last: IPAddress {
        IPAddress(family: family, rawValue: first.rawValue | Self.hostMask(family, length)) ?? first
    }

    public func contains(_ address: IPAddress) -> Bool {
        address.family == family && address.rawValue & ~Self.hostMask(family, length) == first.rawValue
    }

    private static func hostMask(_ family: IPFamily, _ length: Int) -> UInt128 {
        let hostBits = family.bitWidth - length
        return hostBits == 128 ? .max : (UInt128(1) << UInt128(hostBits)) - 1
    }
}

extension IPPrefix: CustomStringConvertible {
    public var description: String { "\(first)/\(length)" }
}

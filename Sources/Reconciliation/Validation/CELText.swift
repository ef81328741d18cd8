import NetworkAddresses

/// The functions of Kubernetes' CEL libraries that the rules use.
enum CEL {
    /// `isIP()`: no zones, and no IPv4-mapped IPv6 addresses.
    static func ip(_ text: some StringProtocol) -> IPAddress? {
        IPAddress(text).flatMap { isMapped($0) ? nil : $0 }
    }

    /// `isCIDR()`: likewise.
    static func cidr(_ text: String) -> IPPrefix? {
        guard let prefix = IPPrefix(text), let address = text.split(separator: "/").first, ip(address) != nil else {
            return nil
        }
        return prefix
    }

    /// ::ffff:0:0/96 (RFC 4291 §2.5.5.2).
    private static func isMapped(_ address: IPAddress) -> Bool {
        address.v6.map { $0.high == 0 && $0.low >> 32 == 0xFFFF } ?? false
    }

    /// `split('-', 2)`, each part with `trim()`. The limit bounds what the API server thinks a rule may cost.
    static func ends(_ text: String) -> [Substring] {
        text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { part in
            var part = part.drop(while: \.isWhitespace)
            while part.last?.isWhitespace == true { part.removeLast() }
            return part
        }
    }

    /// Both ends of a range, when all of them are addresses.
    static func endAddresses(_ text: String) -> [IPAddress]? {
        let addresses = ends(text).map { ip($0) }
        return addresses.contains(nil) ? nil : addresses.compactMap { $0 }
    }

    /// `isGlobalUnicast()` is Go's `netip.Addr.IsGlobalUnicast`.
    static func isGlobalUnicast(_ address: IPAddress) -> Bool {
        switch address {
        case .v4(let address):
            address != .unspecified && address != .broadcast && !address.isLoopback && !address.isMulticast
                && !address.isLinkLocal
        case .v6(let address):
            !address.isUnspecified && !address.isLoopback && !address.isMulticast && !address.isLinkLocal
        }
    }

    /// `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`, with dots inside when allowed.
    static func isName(_ text: String, dots: Bool) -> Bool {
        func isLetterOrDigit(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, isLetterOrDigit(first), isLetterOrDigit(last) else {
            return false
        }
        return bytes.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || dots && $0 == UInt8(ascii: ".") }
    }
}

/// An Internet Protocol version, spelled as in Kubernetes' `spec.ipFamilies`.
public enum IPFamily: String, Sendable, Hashable, CaseIterable, Codable, Comparable {
    case ipv4 = "IPv4"
    case ipv6 = "IPv6"

    /// Bits in an address of this family: 32 or 128.
    public var bitWidth: Int { self == .ipv4 ? 32 : 128 }

    public static func < (a: IPFamily, b: IPFamily) -> Bool { a == .ipv4 && b == .ipv6 }
}

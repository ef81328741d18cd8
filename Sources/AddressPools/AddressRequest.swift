package import NetworkAddresses

/// What one Service wants of the allocator.
package struct AddressRequest: Sendable, Hashable {
    package var families: FamilyWish
    /// Asked for by number; empty for an automatic choice.
    package var addresses: [IPAddress]
    /// Asked for by name.
    package var pool: String?
    package var sharing: SharingTerms?
    /// The restricted pools whose selectors name this Service.
    package var selectingPools: Set<String>

    package init(
        families: FamilyWish, addresses: [IPAddress] = [], pool: String? = nil, sharing: SharingTerms? = nil,
        selectingPools: Set<String> = []
    ) {
        (self.families, self.addresses, self.pool) = (families, addresses, pool)
        (self.sharing, self.selectingPools) = (sharing, selectingPools)
    }
}

/// Which address families a Service has, the primary one first.
package enum FamilyWish: Sendable, Hashable {
    case single(IPFamily)
    /// PreferDualStack: both if one pool has both, else the primary, else the other.
    case preferBoth(primary: IPFamily)
    /// RequireDualStack: both from one pool, or none.
    case requireBoth(primary: IPFamily)

    /// In the order of `spec.ipFamilies`.
    package var families: [IPFamily] {
        switch self {
        case .single(let family): [family]
        case .preferBoth(let primary), .requireBoth(let primary): [primary, primary == .ipv4 ? .ipv6 : .ipv4]
        }
    }
}

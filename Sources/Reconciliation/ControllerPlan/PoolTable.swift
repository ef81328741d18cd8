package import AddressPools
package import KubernetesModel
package import NetworkAddresses

/// What the IPAddressPools say, judged: which are accepted, and which Services each is for.
package struct PoolTable: Sendable, Hashable {
    /// Whether a pool hands out addresses.
    package enum Verdict: Sendable, Hashable {
        case accepted
        /// Some entries are ignored or wholly reserved, with the reason; the others are used.
        case acceptedInPart([BadEntry])
        case invalid([BadEntry])
        /// The older pool, and the entry of it that this one runs into.
        case overlaps(pool: String, range: IPRange)

        package var isAccepted: Bool {
            switch self {
            case .accepted, .acceptedInPart: true
            case .invalid, .overlaps: false
            }
        }
    }

    package struct BadEntry: Sendable, Hashable {
        package var text: String
        package var reason: String
    }

    package private(set) var verdicts: [String: Verdict] = [:]
    package private(set) var pools: [AddressPool] = []
    /// Pools that assign nothing, by age.
    package private(set) var refused: [AddressPool] = []
    package private(set) var reserved: ReservedAddresses
    private var selectors: [String: ServiceSelector] = [:]

    package init(_ snapshot: ClusterSnapshot) {
        reserved = ReservedAddresses(of: snapshot)
        let namespaces = snapshot.namespaces.values.sorted { $0.metadata.name < $1.metadata.name }
        // The older of two overlapping pools goes on.
        let byAge = snapshot.pools.values.sorted { CreationOrder($0.metadata) < CreationOrder($1.metadata) }
        var taken: [(range: IPRange, pool: String)] = []
        for object in byAge {
            let name = object.metadata.name
            let (ranges, bad) = Self.parse(object.spec.addresses)
            let verdict = Self.verdict(ranges, bad + reserved.entries(covering: ranges), taken)
            verdicts[name] = verdict
            let allocation = object.spec.serviceAllocation
            let pool = AddressPool(
                name: name, ranges: ranges, autoAssign: object.spec.autoAssign ?? true,
                avoidBuggyIPs: object.spec.avoidBuggyIPs ?? false,
                restriction: allocation.map { AddressPool.Restriction(priority: $0.priority ?? 0) })
            if verdict.isAccepted {
                taken += ranges.map { ($0, name) }
                pools.append(pool)
            } else {
                refused.append(pool)
            }
            if let allocation { selectors[name] = ServiceSelector(allocation, namespaces) }
        }
    }

    private static func parse(_ entries: [String]) -> ([IPRange], [BadEntry]) {
        var (ranges, bad): ([IPRange], [BadEntry]) = ([], [])
        for entry in entries {
            do throws(IPRange.ParseFailure) {
                ranges.append(try IPRange(parsing: entry))
            } catch {
                bad.append(BadEntry(text: entry, reason: error.reason))
            }
        }
        return (ranges, bad)
    }

    private static func verdict(
        _ ranges: [IPRange], _ bad: [BadEntry], _ taken: [(range: IPRange, pool: String)]
    ) -> Verdict {
        if ranges.isEmpty { return .invalid(bad) }
        for range in ranges {
            if let older = taken.first(where: { $0.range.overlaps(range) }) {
                return .overlaps(pool: older.pool, range: older.range)
            }
        }
        return bad.isEmpty ? .accepted : .acceptedInPart(bad)
    }

    /// The well-formed entries of a pool, accepted or not.
    func ranges(of pool: IPAddressPool) -> [IPRange] { Self.parse(pool.spec.addresses).0 }

    /// The restricted pools that are for this Service.
    package func pools(selecting service: Service) -> Set<String> {
        guard !selectors.isEmpty else { return [] }
        return Set(selectors.lazy.filter { $0.value.selects(service) }.map(\.key))
    }
}

/// `serviceAllocation`, with namespace selectors resolved to names.
private struct ServiceSelector: Sendable, Hashable {
    /// `nil`: every namespace.
    var namespaces: Set<String>?
    var labels: [LabelSelector]

    init(_ allocation: IPAddressPool.ServiceAllocation, _ all: [Namespace]) {
        labels = allocation.serviceSelectors ?? []
        let (names, selectors) = (allocation.namespaces ?? [], allocation.namespaceSelectors ?? [])
        guard !names.isEmpty || !selectors.isEmpty else { return }
        let matching = all.filter { namespace in selectors.contains { $0.matches(namespace.metadata.labels) } }
        namespaces = Set(names + matching.map(\.metadata.name))
    }

    func selects(_ service: Service) -> Bool {
        (namespaces?.contains(service.key.namespace) ?? true)
            && (labels.isEmpty || labels.contains { $0.matches(service.metadata.labels) })
    }
}

extension ReservedAddresses {
    /// The ranges that have no address to give, with the reason.
    fileprivate func entries(covering ranges: [IPRange]) -> [PoolTable.BadEntry] {
        ranges.compactMap { range in
            reason(for: range).map { PoolTable.BadEntry(text: range.description, reason: $0.clause) }
        }
    }

    /// Addresses of nodes, and the Pod and Service ranges as far as the API tells them.
    init(of snapshot: ClusterSnapshot) {
        var entries: [Entry] = []
        for node in snapshot.nodes.values.sorted(by: { $0.metadata.name < $1.metadata.name }) {
            let name = node.metadata.name
            let addresses = (node.status?.addresses ?? []).compactMap { IPAddress($0.address) }
            entries += addresses.map { Entry(IPRange($0), .node(name)) }
            entries += (node.spec?.podCIDRs ?? []).compactMap { IPPrefix($0) }
                .map { Entry(IPRange($0), .podRange(node: name)) }
        }
        let ranges = snapshot.serviceCIDRs.values.flatMap { $0.spec?.cidrs ?? [] }.sorted()
        entries += ranges.compactMap { text in IPPrefix(text).map { Entry(IPRange($0), .serviceRange(text)) } }
        self.init(entries)
    }
}

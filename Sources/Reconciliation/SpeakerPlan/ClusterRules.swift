package import KubernetesModel
import NetworkAddresses

/// Pools, advertisements and nodes, prepared for many lookups; made anew when one of them changes.
struct ClusterRules: Sendable {
    let node: String
    let policy: SpeakerPolicy
    private let pools: [Pool]
    private let advertisements: [Advertisement]
    /// What each node's own object says, and its labels.
    private let nodes: [(name: String, verdict: NodeVerdict, labels: [String: String])]
    /// Candidates by the advertisements that apply, so that thousands of Services share one dictionary.
    private var candidates: [[Int]: Candidates] = [:]

    struct Pool: Sendable {
        let name: String
        let labels: [String: String]
        let ranges: [IPRange]
        /// Whether the controller assigns from it; where not, what Services have from it stays all the same.
        let isReady: Bool
    }

    struct Advertisement: Sendable {
        let name: String
        let spec: L2Advertisement.Spec
    }

    /// The nodes that some advertisements select.
    struct Candidates: Sendable {
        var verdicts: [String: NodeVerdict]
        var links: LinkChoice
        /// The verdicts' weights, all and without this node.
        var eligible: [String: Int]
        var eligibleElsewhere: [String: Int]
    }

    init(_ snapshot: ClusterSnapshot, node: String, policy: SpeakerPolicy) {
        (self.node, self.policy) = (node, policy)
        // The older of two overlapping pools goes on, so it is looked at first.
        pools = snapshot.pools.values.sorted { CreationOrder($0.metadata) < CreationOrder($1.metadata) }.map(Pool.init)
        advertisements = snapshot.advertisements.values
            .map { Advertisement(name: $0.metadata.name, spec: $0.spec ?? L2Advertisement.Spec()) }
            .sorted { $0.name < $1.name }
        nodes = snapshot.nodes.values
            .map { ($0.metadata.name, NodeVerdict(of: $0, policy: policy), $0.metadata.labels ?? [:]) }
            .sorted { $0.name < $1.name }
    }

    /// Whatever the address, this node may not announce it.
    var excludesNode: Bool {
        if case .refused = nodes.first(where: { $0.name == node })?.verdict { true } else { false }
    }

    func pool(of address: IPAddress) -> Pool? {
        let listing = pools.filter { $0.ranges.contains { $0.contains(address) } }
        return listing.first(where: \.isReady) ?? listing.first
    }

    /// The advertisements that select both pool and Service; `nil` when some select the pool, but none the Service.
    /// Empty when none selects the pool: then every eligible node announces it on its default links.
    func advertisements(for pool: Pool, service: Service) -> [Int]? {
        let forPool = advertisements.indices.filter { advertisements[$0].selects(pool) }
        let forBoth = forPool.filter { advertisements[$0].selects(service) }
        return forBoth.isEmpty && !forPool.isEmpty ? nil : forBoth
    }

    func names(_ indices: [Int]) -> [String] { indices.map { advertisements[$0].name } }

    mutating func candidates(for applicable: [Int]) -> Candidates {
        if let known = candidates[applicable] { return known }
        let specs = applicable.map { advertisements[$0].spec }
        var verdicts: [String: NodeVerdict] = [:]
        for (name, verdict, labels) in nodes { verdicts[name] = Self.verdict(verdict, labels, specs) }
        let made = Candidates(verdicts: verdicts, links: links(of: node, for: applicable), node: node)
        candidates[applicable] = made
        return made
    }

    /// The links of a node that carry what the advertisements select.
    func links(of node: String, for applicable: [Int]) -> LinkChoice {
        let labels = nodes.first { $0.name == node }?.labels
        let here = applicable.map { advertisements[$0].spec }.filter { $0.selectsNode(labels: labels) }
        return LinkChoice(
            usesDefault: applicable.isEmpty || here.contains { ($0.interfaces ?? []).isEmpty },
            named: here.reduce(into: []) { $0.formUnion($1.interfaces ?? []) })
    }

    private static func verdict(
        _ verdict: NodeVerdict, _ labels: [String: String], _ specs: [L2Advertisement.Spec]
    ) -> NodeVerdict {
        if case .refused = verdict { return verdict }
        let selecting = specs.filter { $0.selectsNode(labels: labels) }
        if selecting.isEmpty, !specs.isEmpty { return .refused(.notSelected) }
        guard case .eligible = verdict else { return verdict }
        return .eligible(weight: selecting.reduce(0) { $0 + $1.preference(labels: labels) })
    }
}

extension ClusterRules.Candidates {
    init(verdicts: [String: NodeVerdict], links: LinkChoice, node: String) {
        let eligible = verdicts.compactMapValues(\.weight)
        var elsewhere = eligible
        elsewhere[node] = nil
        self.init(verdicts: verdicts, links: links, eligible: eligible, eligibleElsewhere: elsewhere)
    }
}

extension ClusterRules.Pool {
    init(_ pool: IPAddressPool) {
        (name, labels) = (pool.metadata.name, pool.metadata.labels ?? [:])
        ranges = pool.spec.addresses.compactMap { try? IPRange(parsing: $0) }
        // The controller accepts pools; until it has looked at a new one, the pool holds no address that it assigned.
        isReady = pool.status?.conditions?.first { $0.type == ConditionType.ready }?.status != .false
    }
}

extension ClusterRules.Advertisement {
    func selects(_ pool: ClusterRules.Pool) -> Bool { spec.selectsPool(named: pool.name, labels: pool.labels) }

    func selects(_ service: Service) -> Bool {
        let selectors = spec.serviceSelectors ?? []
        return selectors.isEmpty || selectors.contains { $0.matches(service.metadata.labels) }
    }
}

extension L2Advertisement.Spec {
    /// The pools by name and the pools by label, in union; all of them when neither is given.
    package func selectsPool(named name: String, labels: [String: String]?) -> Bool {
        let (names, selectors) = (ipAddressPools ?? [], ipAddressPoolSelectors ?? [])
        return names.isEmpty && selectors.isEmpty || names.contains(name) || selectors.contains { $0.matches(labels) }
    }

    func selectsNode(labels: [String: String]?) -> Bool {
        let selectors = nodeSelectors ?? []
        return selectors.isEmpty || selectors.contains { $0.matches(labels) }
    }

    /// The weights of all preferences that the node matches, added up. Those of several advertisements are added, too.
    func preference(labels: [String: String]) -> Int {
        (preferredNodeSelectors ?? []).filter { $0.preference.matches(labels) }
            .reduce(0) { $0 + min(max($1.weight, 0), 100) }
    }
}

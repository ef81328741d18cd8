import KubernetesModel
import Reconciliation

/// `lbctl speakers`: the speakers by their Leases, and the nodes that should have one but have not.
struct SpeakerView: ResourceView {
    let columns: [TextTable.Column] = [
        .init(title: "NODE"), .init(title: "STATE"), .init(title: "LINKS"), .init(title: "ADDRESSES"),
        .init(title: "PEERS"), .init(title: "API SEEN"), .init(title: "VERSION"),
        .init(title: "NODE ADDRESSES", isWide: true), .init(title: "ELIGIBLE", isWide: true),
    ]
    let nothing = "no speaker has reported; are the pods of DaemonSet herald-speaker running?"

    func rows(of snapshot: ClusterSnapshot, now: Timestamp) -> [ResourceRow] {
        let announced = Self.announcedCounts(in: snapshot)
        let leases = SpeakerStates(snapshot, at: now).leases
        let names = Set(leases.keys).union(snapshot.nodes.keys.map(\.name)).sorted()
        return names.map { name in
            let policy = leases[name].map { SpeakerPolicy($0) } ?? snapshot.policy
            return row(name, leases[name], snapshot.nodes[ObjectKey(name: name)], policy, announced[name] ?? 0, now)
        }
    }

    /// Addresses by the node that announces them.
    static func announcedCounts(in snapshot: ClusterSnapshot) -> [String: Int] {
        let entries = snapshot.announcements.values.flatMap { $0.status?.addresses ?? [] }.filter(\.isAnnouncing)
        return Dictionary(grouping: entries, by: \.node).mapValues { Set($0.map(\.address)).count }
    }

    private func row(
        _ name: String, _ lease: Lease?, _ node: Node?, _ policy: SpeakerPolicy, _ announced: Int, _ now: Timestamp
    ) -> ResourceRow {
        let annotations = lease?.metadata.annotations ?? [:]
        func list(_ key: String) -> String { annotations[key].flatMap { $0.isEmpty ? nil : $0 } ?? "<none>" }
        let state = SpeakerState(of: lease, node, at: now)
        let renewed = lease?.spec?.renewTime?.time
        let eligible = Self.eligibility(of: node, policy)
        let peers = list(HeraldObjects.peersAnnotation)
        let silent = annotations[HeraldObjects.staleAnnotation] ?? ""
        let seen = renewed.map { Age.text(since: $0, now: now) + " ago" } ?? "never"
        return ResourceRow(
            id: name,
            cells: [
                .init(name), .init(state.rawValue, state.tone), .init(list(HeraldObjects.interfacesAnnotation)),
                .init("\(announced)"),
                .init(peers), silent.isEmpty ? .init(seen) : .init("\(seen), but no \(silent)", .warning),
                .init(list(HeraldObjects.versionAnnotation)), .init(list(HeraldObjects.addressesAnnotation)),
                .init(eligible),
            ],
            object: [
                "node": .string(name), "state": .string(state.rawValue),
                "links": .array((lease.flatMap(SpeakerStates.links(of:)) ?? []).map { .string($0) }),
                "addresses": .integer(Int64(announced)), "peers": .object(Self.counts(peers)),
                "apiSeen": renewed.map { .string($0.seconds) } ?? .null,
                "silentWatches": .array(silent.split(separator: ",").map { .string(String($0)) }),
                "version": .string(list(HeraldObjects.versionAnnotation)), "eligible": .string(eligible),
            ], pulse: "apiSeen")
    }

    /// `eth0=3,eth1=2` as an object.
    private static func counts(_ peers: String) -> [String: JSONValue] {
        let pairs = peers.split(separator: ",").map { $0.split(separator: "=") }.filter { $0.count == 2 }
        return Dictionary(pairs.map { (String($0[0]), .integer(Int64($0[1]) ?? 0)) }) { $1 }
    }

    /// The node's own verdict, as the plan of its own speaker has it.
    static func eligibility(of node: Node?, _ policy: SpeakerPolicy) -> String {
        guard let node else { return "no: the node is gone" }
        switch NodeVerdict(of: node, policy: policy) {
        case .eligible: return "yes"
        case .lastResort(let reason): return "last resort: \(reason.sentence)"
        case .refused(let reason): return "no: \(reason.sentence)"
        }
    }
}

package import Election
package import KubernetesModel
package import NetworkAddresses

/// What the API wants of one node's speaker: which load balancer IPs exist, and which nodes may announce each.
///
/// A value made from a ``ClusterSnapshot``; who is alive, and so who does announce, is settled on the wire by
/// `Membership` and `Election`. ``SpeakerPlanner`` keeps one up to date under churn, at the cost of what changed.
package struct SpeakerPlan: Sendable, Hashable {
    package let node: String
    package internal(set) var addresses: [IPAddress: PlannedAddress] = [:]
    /// This node may announce nothing: its label, or its network, excludes it.
    package internal(set) var isExcluded = false

    init(node: String) { self.node = node }

    /// Plans from nothing: linear in the number of Services.
    package init(for snapshot: ClusterSnapshot, node: String, policy: SpeakerPolicy = SpeakerPolicy()) {
        var planner = SpeakerPlanner(node: node, policy: policy, snapshot: snapshot)
        planner.update()
        self = planner.plan
    }

    /// What to tell the election of one link, in the order of the addresses.
    ///
    /// Every planned address is there, on every link: a speaker that did not know an address would refuse the claims of
    /// the peers that rightly announce it. On a link that the address does not belong to, this node is not eligible.
    ///
    /// - Parameter links: All links of this node that can carry announcements, `link` among them.
    package func intents(on link: AnnouncingLink, of links: [AnnouncingLink]) -> [AddressIntent] {
        addresses.values.sorted { $0.address < $1.address }.map { planned in
            let owner = planned.recordedOwner(on: link, of: links)
            let isHere = planned.links.selects(link, of: links, for: planned.address)
            return AddressIntent(
                address: planned.address, allocation: planned.allocation,
                eligible: isHere ? planned.eligible : planned.eligibleElsewhere,
                recordedOwner: owner, isNewlyAssigned: planned.records.isEmpty)
        }
    }

    /// Whether the API record names this node, and no other, as the announcer on the interface of this name.
    package func isRecorded(_ address: IPAddress, on link: String, byNoneBut node: String) -> Bool {
        let records = addresses[address]?.records.filter { $0.interface == link } ?? []
        return !records.isEmpty && records.allSatisfy { $0.node == node }
    }
}

/// What a plan has to know of a network interface that can carry announcements.
package struct AnnouncingLink: Sendable, Hashable {
    package var name: String
    /// The subnets of the node's own addresses on it.
    package var prefixes: [IPPrefix]

    package init(name: String, prefixes: [IPPrefix]) { (self.name, self.prefixes) = (name, prefixes) }
}

/// The flags of the speaker that change what it may announce.
package struct SpeakerPolicy: Sendable, Hashable {
    /// Only Services with this `spec.loadBalancerClass`; `nil`: only Services without one.
    package var loadBalancerClass: String?
    /// For clusters that have only control-plane nodes, which kubeadm labels to be left out.
    package var ignoresExcludeLabel: Bool

    package init(loadBalancerClass: String? = nil, ignoresExcludeLabel: Bool = false) {
        (self.loadBalancerClass, self.ignoresExcludeLabel) = (loadBalancerClass, ignoresExcludeLabel)
    }

    /// Kubernetes' own label (KEP-1143); its presence counts, whatever its value.
    package static let excludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers"
}

/// One load balancer IP, and what the API says about it.
package struct PlannedAddress: Sendable, Hashable {
    package let address: IPAddress
    package let allocation: AllocationID
    /// The Services that hold it, the oldest first; more than one when it is shared.
    package let services: [ObjectKey]
    package let pool: String
    /// Weights as in `AddressIntent.eligible`.
    package let eligible: [String: Int]
    /// ``eligible`` without this node: for links that the address does not belong to.
    let eligibleElsewhere: [String: Int]
    package let links: LinkChoice
    /// Who announced it, as far as the API knows.
    let records: [Record]
    /// The sharing Services have no eligible node in common, so the oldest one's nodes announce it.
    package let isSharedApart: Bool

    struct Record: Sendable, Hashable {
        var interface: String
        var node: String
        var since: Timestamp
        /// A foreign host was seen to claim it, too.
        var isDisputed = false
    }

    /// Whether the API record has another node that announces it on the interface of this name, with no foreign host's
    /// claim against it.
    package func isUndisputed(on link: String, besides node: String) -> Bool {
        records.contains { $0.interface == link && $0.node != node && !$0.isDisputed }
    }

    /// When another node last began to announce it on the interface of this name, as far as the API record knows.
    package func latestBeginning(on link: String, besides node: String) -> Timestamp? {
        records.lazy.filter { $0.interface == link && $0.node != node }.map(\.since).max()
    }

    /// The recorded announcer on a link: by interface name, or else by one that no link here has (another node may call
    /// the same segment differently). The latest to begin: an entry of a node that died stays for a while.
    func recordedOwner(on link: AnnouncingLink, of links: [AnnouncingLink]) -> String? {
        let exact = records.filter { $0.interface == link.name }
        let candidates =
            exact.isEmpty ? records.filter { record in !links.contains { $0.name == record.interface } } : exact
        return candidates.max { $0.since < $1.since }?.node
    }
}

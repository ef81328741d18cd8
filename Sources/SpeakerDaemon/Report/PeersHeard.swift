package import Link

/// How many other speakers are heard on each link, for `lbctl speakers`.
package struct PeersHeard: Sendable {
    private var counts: [String: Int] = [:]

    package init() {}

    package mutating func take(_ report: LinkReport) {
        counts[report.interfaceName] = report.peers.count { $0.isHeard }
    }

    /// `eth0=3,eth1=2`: the links that have reported, in the order of `links`.
    package func text(on links: [String]) -> String {
        links.compactMap { link in counts[link].map { "\(link)=\($0)" } }.joined(separator: ",")
    }
}

extension PeerCondition {
    /// A suspect one is late, and still counts: it has not been given up.
    fileprivate var isHeard: Bool {
        switch self {
        case .joining, .ready, .suspect: true
        case .absent, .dead: false
        }
    }
}

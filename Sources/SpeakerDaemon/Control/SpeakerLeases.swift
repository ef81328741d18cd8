package import KubernetesModel
package import Link
package import MonotonicTime
package import NetworkAddresses

/// The other speakers that Leases name, and which of the Leases are alive.
///
/// A Lease counts while it is renewed as seen from here: clocks of two machines may differ by anything, so that a first
/// sight of a Lease counts as a renewal, unless it is long expired by the wall clock too.
package struct SpeakerLeases: Sendable {
    private struct Seen: Sendable {
        var peer: KnownPeer
        var renewed: MicroTime?
        var at: Instant
    }

    private var seen: [String: Seen] = [:]
    /// The age at which a Lease no longer counts.
    static let expiry = Interval.seconds(60)

    package init() {}

    package mutating func take(_ change: ObjectChange<Lease>, at now: Instant, wallClock: Timestamp) {
        switch change {
        case .replaced(let all, _):
            let names = Set(all.compactMap(Self.node))
            seen = seen.filter { names.contains($0.key) }
            for lease in all { take(lease, at: now, wallClock: wallClock) }
        case .applied(let lease): take(lease, at: now, wallClock: wallClock)
        case .deleted(let lease): Self.node(lease).map { seen[$0] = nil }
        }
    }

    private mutating func take(_ lease: Lease, at now: Instant, wallClock: Timestamp) {
        guard let node = Self.node(lease) else { return }
        let addresses = (lease.metadata.annotations?[HeraldObjects.addressesAnnotation] ?? "").split(separator: ",")
        let peer = KnownPeer(name: node, addresses: addresses.compactMap { IPAddress($0) })
        let renewed = lease.spec?.renewTime
        guard let known = seen[node] else {
            let age = renewed.map { wallClock.microseconds - $0.time.microseconds } ?? 0
            let isLongExpired = age > Self.expiry.nanoseconds / 1000
            seen[node] = Seen(peer: peer, renewed: renewed, at: isLongExpired ? now - Self.expiry : now)
            return
        }
        seen[node] = Seen(peer: peer, renewed: renewed, at: known.renewed == renewed ? known.at : now)
    }

    private static func node(_ lease: Lease) -> String? {
        guard lease.metadata.name.hasPrefix(HeraldObjects.speakerLeasePrefix) else { return nil }
        return lease.spec?.holderIdentity
            ?? String(lease.metadata.name.dropFirst(HeraldObjects.speakerLeasePrefix.count))
    }

    /// The nodes whose speaker has renewed its Lease lately.
    package func alive(at now: Instant) -> Set<String> {
        Set(seen.values.lazy.filter { now - $0.at < Self.expiry }.map(\.peer.name))
    }

    /// The speakers on a link, with their addresses in its networks.
    ///
    /// - Parameter prefixes: Not the link-local ones, which would put every node on every link. Nothing is lost with
    ///   them: a node's own address in the cluster is never link-local.
    /// - Parameter isStale: While the API cannot be reached, no renewal can be seen, and nobody expires.
    package func peers(
        on prefixes: [IPPrefix], besides node: String, at now: Instant, isStale: Bool
    ) -> [KnownPeer] {
        seen.values
            .filter { $0.peer.name != node && (isStale || now - $0.at < Self.expiry) }
            .map { seen in
                KnownPeer(
                    name: seen.peer.name,
                    addresses: seen.peer.addresses.filter { address in prefixes.contains { $0.contains(address) } })
            }
            .filter { !$0.addresses.isEmpty }
            .sorted { $0.name < $1.name }
    }
}

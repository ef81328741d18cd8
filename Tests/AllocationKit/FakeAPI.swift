package import ControllerDaemon
import Foundation
package import KubernetesModel
package import MonotonicTime
import NetworkAddresses
package import Reconciliation

/// A strict little API server for Services, pools, nodes, namespaces, announcements and Leases: versions, a change log, merge
/// patches that conflict on an old version. Time is virtual.
package final class FakeAPI {
    package private(set) var services: [ObjectKey: Service] = [:]
    package private(set) var pools: [ObjectKey: IPAddressPool] = [:]
    package private(set) var nodes: [ObjectKey: Node] = [:]
    package private(set) var namespaces: [ObjectKey: Namespace] = [:]
    package private(set) var announcements: [ObjectKey: ServiceL2Status] = [:]
    package private(set) var leases: [ObjectKey: Lease] = [:]
    package private(set) var serviceCIDRs: [ObjectKey: ServiceCIDR] = [:]
    package private(set) var log: [ClusterChange] = []
    package private(set) var writes = 0
    /// What becomes of a write instead of being made: `.conflict`, or `.failed` as when a webhook refuses it.
    package var fault: (Work) -> WorkResult? = { _ in nil }
    package var now = PlanTime(instant: Instant(nanoseconds: 1), wall: Timestamp(seconds: 1_800_000_000))
    private var version = 0

    package init() {}

    package func advance(_ interval: Interval) {
        now.instant = now.instant + interval
        now.wall = Timestamp(microseconds: now.wall.microseconds + interval.nanoseconds / 1000)
    }

    private func stamp(_ metadata: inout ObjectMeta, old: ObjectMeta?) {
        version += 1
        metadata.resourceVersion = "\(version)"
        metadata.uid = old?.uid ?? "uid-\(version)"
        metadata.creationTimestamp = old?.creationTimestamp ?? Timestamp(seconds: 1_700_000_000 + Int64(version))
        metadata.generation = (old?.generation ?? 0) + 1
    }

    // MARK: What users do

    /// Creates or changes; the status stays, and so do the controller's own annotations. A Service that is being deleted
    /// goes with its last finalizer.
    package func put(_ service: Service) {
        var service = service
        let old = services[service.key]
        if let old, old.metadata.deletionTimestamp != nil, service.metadata.finalizers?.isEmpty ?? true {
            services[service.key] = nil
            return log.append(.service(.deleted(old)))
        }
        stamp(&service.metadata, old: old?.metadata)
        service.metadata.deletionTimestamp = old?.metadata.deletionTimestamp
        service.status = old?.status
        if let pool = old?.metadata.annotations?[ServiceAnnotation.allocatedFrom] {
            service.metadata.annotations = (service.metadata.annotations ?? [:])
            service.metadata.annotations?[ServiceAnnotation.allocatedFrom] = pool
        }
        store(service)
    }

    package func put(_ pool: IPAddressPool) {
        var pool = pool
        let old = pools[pool.key]
        stamp(&pool.metadata, old: old?.metadata)
        pool.status = old?.status
        pools[pool.key] = pool
        log.append(.pool(.applied(pool)))
    }

    package func put(_ node: Node) {
        var node = node
        stamp(&node.metadata, old: nodes[node.key]?.metadata)
        nodes[node.key] = node
        log.append(.node(.applied(node)))
    }

    package func put(_ namespace: Namespace) {
        var namespace = namespace
        stamp(&namespace.metadata, old: namespaces[namespace.key]?.metadata)
        namespaces[namespace.key] = namespace
        log.append(.namespace(.applied(namespace)))
    }

    package func put(_ announcement: ServiceL2Status) {
        var announcement = announcement
        stamp(&announcement.metadata, old: announcements[announcement.key]?.metadata)
        announcements[announcement.key] = announcement
        log.append(.announcement(.applied(announcement)))
    }

    package func put(_ lease: Lease) {
        var lease = lease
        stamp(&lease.metadata, old: leases[lease.key]?.metadata)
        leases[lease.key] = lease
        log.append(.lease(.applied(lease)))
    }

    package func deleteLease(_ key: ObjectKey) {
        if let old = leases.removeValue(forKey: key) { log.append(.lease(.deleted(old))) }
    }

    package func put(_ range: ServiceCIDR) {
        var range = range
        stamp(&range.metadata, old: serviceCIDRs[range.key]?.metadata)
        serviceCIDRs[range.key] = range
        log.append(.serviceCIDR(.applied(range)))
    }

    /// With a finalizer it is only marked.
    package func deleteService(_ key: ObjectKey) {
        if var held = services[key], held.metadata.finalizers?.isEmpty == false {
            guard held.metadata.deletionTimestamp == nil else { return }
            stamp(&held.metadata, old: held.metadata)
            held.metadata.deletionTimestamp = now.wall
            return store(held)
        }
        if let old = services.removeValue(forKey: key) { log.append(.service(.deleted(old))) }
    }

    package func deletePool(_ name: String) {
        if let old = pools.removeValue(forKey: ObjectKey(name: name)) { log.append(.pool(.deleted(old))) }
    }

    package func deleteNode(_ name: String) {
        if let old = nodes.removeValue(forKey: ObjectKey(name: name)) { log.append(.node(.deleted(old))) }
    }

    package func deleteAnnouncement(_ key: ObjectKey) {
        if let old = announcements.removeValue(forKey: key) { log.append(.announcement(.deleted(old))) }
    }

    /// Somebody else writes the status.
    package func setStatus(_ key: ObjectKey, addresses: [String]) {
        guard var service = services[key] else { return }
        stamp(&service.metadata, old: service.metadata)
        var status = service.status ?? Service.Status()
        status.loadBalancer = .init(
            ingress: addresses.map {
                IPAddress($0) == nil ? Service.Ingress(hostname: $0) : Service.Ingress(ip: $0, ipMode: "VIP")
            })
        service.status = status
        store(service)
    }

    private func store(_ service: Service) {
        services[service.key] = service
        log.append(.service(.applied(service)))
    }

    // MARK: What controllers do

    /// Lists, in the order in which a reflector would hand them on.
    package var lists: [ClusterChange] {
        [
            .node(.replaced(Array(nodes.values))), .namespace(.replaced(Array(namespaces.values))),
            .pool(.replaced(Array(pools.values))), .announcement(.replaced(Array(announcements.values))),
            .lease(.replaced(Array(leases.values))),
            .service(.replaced(Array(services.values))), .serviceCIDR(.replaced(Array(serviceCIDRs.values))),
        ]
    }

    package func perform(_ work: Work) throws -> WorkResult {
        if let result = fault(work) { return result }
        writes += 1
        switch work {
        case .service(let object, let write):
            let key = ObjectKey(namespace: object.namespace, name: object.name ?? "")
            guard let old = services[key] else { return .gone }
            guard var new = try patched(old, write) else { return .conflict }
            stamp(&new.metadata, old: old.metadata)
            store(new)
        case .pool(let object, let write):
            let key = ObjectKey(name: object.name ?? "")
            guard let old = pools[key] else { return .gone }
            guard var new = try patched(old, write) else { return .conflict }
            let generation = old.metadata.generation
            stamp(&new.metadata, old: old.metadata)
            new.metadata.generation = generation
            pools[key] = new
            log.append(.pool(.applied(new)))
        case .deleteAnnouncement(let key, _): deleteAnnouncement(key)
        case .trimAnnouncement(let key, let write):
            guard let old = announcements[key] else { return .gone }
            guard let new = try patched(old, write) else { return .conflict }
            put(new)
        }
        return .written
    }

    /// `nil` when the patch was made from an older version.
    private func patched<Object: KubernetesObject>(_ old: Object, _ write: PlannedWrite) throws -> Object? {
        let demanded = write.patch["metadata"]?["resourceVersion"]?.string
        if let demanded, demanded != old.metadata.resourceVersion { return nil }
        let document = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(old))
        return try JSONDecoder().decode(Object.self, from: JSONEncoder().encode(document.merged(with: write.patch)))
    }
}

extension JSONValue {
    /// RFC 7396.
    func merged(with patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members = object ?? [:]
        for (name, change) in changes {
            if change == .null {
                members.removeValue(forKey: name)
            } else {
                members[name] = (members[name] ?? .null).merged(with: change)
            }
        }
        return .object(members)
    }
}

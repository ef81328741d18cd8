package import ControllerDaemon
import Foundation
package import KubernetesModel
package import MonotonicTime
import NetworkAddresses
package import Reconciliation

/// A strict little API server for what the controller follows: versions, a change log, merge patches that conflict on an
/// old version. Time is virtual.
package final class FakeAPI {
    package private(set) var snapshot = ClusterSnapshot()
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

    private func record(_ change: ClusterChange) {
        snapshot.apply(change)
        log.append(change)
    }

    // MARK: What is there

    package var services: [ObjectKey: Service] { snapshot.services }
    package var pools: [ObjectKey: IPAddressPool] { snapshot.pools }
    package var announcements: [ObjectKey: ServiceL2Status] { snapshot.announcements }

    /// What the Service's status has.
    package func addresses(of service: ObjectKey) -> [String] { services[service]?.ingressTexts ?? [] }

    package func condition(_ type: String, of service: ObjectKey) -> Condition? {
        services[service]?.status?.conditions?.first { $0.type == type }
    }

    // MARK: What users do

    private func put<Object: KubernetesObject>(
        _ object: Object, over old: Object?, _ wrap: (ObjectChange<Object>) -> ClusterChange
    ) {
        var object = object
        stamp(&object.metadata, old: old?.metadata)
        record(wrap(.applied(object)))
    }

    private func delete<Object>(_ object: Object?, _ wrap: (ObjectChange<Object>) -> ClusterChange) {
        if let object { record(wrap(.deleted(object))) }
    }

    /// Creates or changes; the status stays, and so do the controller's own annotations. A Service that is being deleted
    /// goes with its last finalizer.
    package func put(_ service: Service) {
        var service = service
        let old = services[service.key]
        if let old, old.metadata.deletionTimestamp != nil, service.metadata.finalizers?.isEmpty ?? true {
            return delete(old, ClusterChange.service)
        }
        service.metadata.deletionTimestamp = old?.metadata.deletionTimestamp
        service.status = old?.status
        if let pool = old?.metadata.annotations?[ServiceAnnotation.allocatedFrom] {
            service.metadata.annotations = (service.metadata.annotations ?? [:])
            service.metadata.annotations?[ServiceAnnotation.allocatedFrom] = pool
        }
        put(service, over: old, ClusterChange.service)
    }

    package func put(_ pool: IPAddressPool) {
        var pool = pool
        pool.status = pools[pool.key]?.status
        put(pool, over: pools[pool.key], ClusterChange.pool)
    }

    package func put(_ node: Node) { put(node, over: snapshot.nodes[node.key], ClusterChange.node) }

    package func put(_ namespace: Namespace) {
        put(namespace, over: snapshot.namespaces[namespace.key], ClusterChange.namespace)
    }

    package func put(_ announcement: ServiceL2Status) {
        put(announcement, over: announcements[announcement.key], ClusterChange.announcement)
    }

    package func put(_ lease: Lease) { put(lease, over: snapshot.leases[lease.key], ClusterChange.lease) }

    package func put(_ range: ServiceCIDR) {
        put(range, over: snapshot.serviceCIDRs[range.key], ClusterChange.serviceCIDR)
    }

    /// A Service of type LoadBalancer that wants each of these families.
    package func putService(
        _ key: ObjectKey, _ annotations: [String: String] = [:], families: [String] = ["IPv4"]
    ) {
        put(
            Service(
                metadata: ObjectMeta(name: key.name, namespace: key.namespace, annotations: annotations),
                spec: .init(
                    type: "LoadBalancer", ports: [.init(port: 80)], ipFamilies: families,
                    ipFamilyPolicy: families.count == 2 ? "RequireDualStack" : "SingleStack")))
    }

    package func putPool(_ name: String, _ addresses: String..., autoAssign: Bool = true) {
        put(IPAddressPool(metadata: ObjectMeta(name: name), spec: .init(addresses: addresses, autoAssign: autoAssign)))
    }

    /// With a finalizer it is only marked.
    package func deleteService(_ key: ObjectKey) {
        guard var held = services[key], held.metadata.finalizers?.isEmpty == false else {
            return delete(services[key], ClusterChange.service)
        }
        guard held.metadata.deletionTimestamp == nil else { return }
        held.metadata.deletionTimestamp = now.wall
        put(held, over: held, ClusterChange.service)
    }

    package func deletePool(_ name: String) { delete(pools[ObjectKey(name: name)], ClusterChange.pool) }

    package func deleteLease(_ key: ObjectKey) { delete(snapshot.leases[key], ClusterChange.lease) }

    package func deleteAnnouncement(_ key: ObjectKey) { delete(announcements[key], ClusterChange.announcement) }

    /// Somebody else writes the status.
    package func setStatus(_ key: ObjectKey, addresses: [String], ipMode: String? = "VIP") {
        editStatus(key) {
            $0.loadBalancer = .init(
                ingress: addresses.map {
                    IPAddress($0) == nil ? Service.Ingress(hostname: $0) : Service.Ingress(ip: $0, ipMode: ipMode)
                })
        }
    }

    package func editStatus(_ key: ObjectKey, _ edit: (inout Service.Status) -> Void) {
        guard var service = services[key] else { return }
        var status = service.status ?? Service.Status()
        edit(&status)
        service.status = status
        put(service, over: service, ClusterChange.service)
    }

    /// Somebody else writes the whole Service, and knows nothing of this annotation.
    package func removeAnnotation(_ name: String, of key: ObjectKey) {
        guard var service = services[key], service.metadata.annotations?.removeValue(forKey: name) != nil else {
            return
        }
        put(service, over: service, ClusterChange.service)
    }

    // MARK: What controllers do

    /// Lists, in the order in which a reflector would hand them on.
    package var lists: [ClusterChange] {
        [
            .node(.replaced(Array(snapshot.nodes.values))), .namespace(.replaced(Array(snapshot.namespaces.values))),
            .pool(.replaced(Array(pools.values))), .announcement(.replaced(Array(announcements.values))),
            .lease(.replaced(Array(snapshot.leases.values))), .service(.replaced(Array(services.values))),
            .serviceCIDR(.replaced(Array(snapshot.serviceCIDRs.values))),
        ]
    }

    package func perform(_ work: Work) throws -> WorkResult {
        if let result = fault(work) { return result }
        writes += 1
        switch work {
        case .service(let object, let write):
            let key = ObjectKey(namespace: object.namespace, name: object.name ?? "")
            return try patch(services[key], write, ClusterChange.service)
        case .pool(let object, let write):
            return try patch(pools[ObjectKey(name: object.name ?? "")], write, ClusterChange.pool)
        case .trimAnnouncement(let key, let write):
            return try patch(announcements[key], write, ClusterChange.announcement)
        case .deleteAnnouncement(let key, _):
            deleteAnnouncement(key)
            return .written
        }
    }

    private func patch<Object: KubernetesObject>(
        _ old: Object?, _ write: PlannedWrite, _ wrap: (ObjectChange<Object>) -> ClusterChange
    ) throws -> WorkResult {
        guard let old else { return .gone }
        guard var new = try patched(old, write) else { return .conflict }
        stamp(&new.metadata, old: old.metadata)
        // A status is not what a generation counts.
        new.metadata.generation = old.metadata.generation
        record(wrap(.applied(new)))
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

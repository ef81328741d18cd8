import KubernetesModel
import Reconciliation

/// `lbctl services`: the Services of type LoadBalancer, their addresses, and who announces them.
struct ServiceView: ResourceView {
    /// nil for all.
    let namespace: String?

    let columns: [TextTable.Column] = [
        .init(title: "NAMESPACE"), .init(title: "NAME"), .init(title: "ADDRESSES", keepsFirst: true),
        .init(title: "POOL"),
        .init(title: "ANNOUNCED BY"), .init(title: "SINCE"), .init(title: "STATE"),
        .init(title: "MAC", isWide: true), .init(title: "REASON", isWide: true),
    ]
    var nothing: String {
        "no Service of type LoadBalancer in \(namespace.map { "namespace \($0)" } ?? "any namespace")"
            + (namespace == nil ? "" : "; -A shows all")
    }

    func rows(of snapshot: ClusterSnapshot, now: Timestamp) -> [ResourceRow] {
        let (entries, served) = (Self.entries(in: snapshot), snapshot.policy.loadBalancerClass)
        let speakers = SpeakerStates(snapshot, at: now)
        return snapshot.services.values
            .filter { $0.spec?.type == "LoadBalancer" && (namespace == nil || $0.metadata.namespace == namespace) }
            .sorted { $0.key < $1.key }.map { row($0, entries[$0.key] ?? [], served, speakers, now) }
    }

    /// Who announces what, by Service.
    static func entries(in snapshot: ClusterSnapshot) -> [ObjectKey: [ServiceL2Status.Announced]] {
        var entries: [ObjectKey: [ServiceL2Status.Announced]] = [:]
        for object in snapshot.announcements.values {
            if let service = object.service { entries[service] = object.status?.addresses ?? [] }
        }
        return entries.mapValues {
            $0.sorted { ($0.address, $0.node, $0.interface) < ($1.address, $1.node, $1.interface) }
        }
    }

    private func row(
        _ service: Service, _ entries: [ServiceL2Status.Announced], _ served: String?, _ speakers: SpeakerStates,
        _ now: Timestamp
    ) -> ResourceRow {
        let addresses = service.ingressTexts
        let announced = Self.announced(entries, of: service)
        let nodes = announced.map(\.node).uniqued()
        let since = announced.compactMap(\.since).min()
        let pool = service.metadata.annotations?[ServiceAnnotation.allocatedFrom]
        let (state, reason) = Self.state(of: service, servedClass: served, announced, speakers)
        let age = since.map { Age.text(since: $0, now: now) + (state.text == Self.silent ? "?" : "") }
        return ResourceRow(
            id: "\(service.key)",
            cells: [
                .init(service.metadata.namespace ?? ""), .init(service.metadata.name),
                addresses.isEmpty ? .init("<pending>", .warning) : .init(addresses.joined(separator: ",")),
                .init(pool ?? "<none>"),
                nodes.isEmpty
                    ? .init("<none>", addresses.isEmpty ? .plain : .bad) : .init(nodes.joined(separator: ",")),
                .init(age ?? "-"), state,
                .init(announced.compactMap(\.hardwareAddress).uniqued().joined(separator: ",")), .init(reason),
            ],
            object: [
                "namespace": .string(service.metadata.namespace ?? ""), "name": .string(service.metadata.name),
                "addresses": .array(addresses.map { .string($0) }), "pool": pool.map { .string($0) } ?? .null,
                "state": .string(state.text), "reason": .string(reason),
                "announcements": .array(
                    entries.map { entry in
                        [
                            "address": .string(entry.address), "node": .string(entry.node),
                            "interface": .string(entry.interface),
                            "hardwareAddress": entry.hardwareAddress.map { .string($0) } ?? .null,
                            "since": entry.since.map { .string($0.seconds) } ?? .null,
                            "conflict": entry.conflict.map { .string($0) } ?? .null,
                        ]
                    }),
            ])
    }

    /// The state of a Service that is left to another load balancer.
    static let otherClass = "OtherClass"

    /// The state of a Service that is recorded as announced, by a node whose speaker does not run.
    static let silent = "Silent"

    /// The entries that say who announces the Service's addresses.
    static func announced(
        _ entries: [ServiceL2Status.Announced], of service: Service
    ) -> [ServiceL2Status.Announced] {
        let addresses = service.ingressTexts
        return entries.filter { addresses.contains($0.address) && $0.isAnnouncing }
    }

    /// The state by the conditions, unless a speaker that is recorded to announce the Service does not run.
    static func state(
        of service: Service, servedClass: String?, _ announced: [ServiceL2Status.Announced], _ speakers: SpeakerStates
    ) -> (TextTable.Cell, String) {
        let (state, reason) = state(of: service, servedClass: servedClass)
        let silences = announced.map(\.node).uniqued().compactMap { node in
            speakers.silence(node).map { "node \(node): \($0)" }
        }
        guard state.tone == .good, !silences.isEmpty else { return (state, reason) }
        return (.init(silent, .bad), silences.joined(separator: "; "))
    }

    /// The first of Herald's conditions that is not as it should be, in one word, and its sentence.
    ///
    /// - Parameter servedClass: The `spec.loadBalancerClass` that the daemons serve.
    static func state(of service: Service, servedClass: String?) -> (TextTable.Cell, String) {
        guard service.spec?.loadBalancerClass == servedClass else {
            return (.init(otherClass), "another load balancer serves this Service's loadBalancerClass")
        }
        let conditions = service.status?.conditions ?? []
        let hasAddress = !(service.status?.loadBalancer?.ingress ?? []).isEmpty
        for type in [ConditionType.allocated, ConditionType.announced] {
            guard let condition = conditions.first(where: { $0.type == type }) else {
                return (.init(hasAddress ? "Unknown" : "Pending", .warning), "no controller has looked at it yet")
            }
            if condition.status != .true {
                let isRefusal = type == ConditionType.allocated || condition.reason == "AddressConflict"
                return (.init(condition.reason, isRefusal ? .bad : .warning), condition.message)
            }
        }
        return (.init("Announced", .good), "")
    }
}

extension ClusterSnapshot {
    /// What the speaker seen last says that it does: which Services it serves, and from which nodes.
    var policy: SpeakerPolicy {
        let speakers = leases.values.filter { $0.metadata.name.hasPrefix(HeraldObjects.speakerLeasePrefix) }
        let last = speakers.max {
            ($0.spec?.renewTime?.time.microseconds ?? 0) < ($1.spec?.renewTime?.time.microseconds ?? 0)
        }
        return last.map { SpeakerPolicy($0) } ?? SpeakerPolicy()
    }
}

extension Sequence where Element: Hashable {
    /// The elements in order, each once.
    func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

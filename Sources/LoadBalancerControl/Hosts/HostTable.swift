import KubernetesModel
import NetworkAddresses

/// Which hostname leads to which load balancer IPs: from Ingress rules, annotations of Services and HTTPRoutes.
struct HostTable: Sendable, Hashable {
    /// `lb.cluster.home/hostnames` and ExternalDNS's: names separated by commas.
    static let annotations = ["lb.cluster.home/hostnames", "external-dns.alpha.kubernetes.io/hostname"]

    /// In lower case, perhaps with `*.` in front.
    private(set) var entries: [String: Entry] = [:]
    /// Names that have no address yet, or that nobody may have, with the object that has them.
    private(set) var skipped: [String] = []

    struct Entry: Sendable, Hashable {
        var addresses: Set<IPAddress> = []
        /// `Ingress default/grafana`.
        var sources: Set<String> = []
    }

    private let filter: NameFilter

    init(_ objects: HostObjects, filter: NameFilter = NameFilter()) {
        self.filter = filter
        for service in objects.services where service.spec?.type == "LoadBalancer" {
            add(
                Self.annotated(service.metadata), at: Self.addresses(service.status?.loadBalancer),
                from: "Service \(service.key)")
        }
        for ingress in objects.ingresses {
            let names = (ingress.spec?.rules ?? []).compactMap(\.host) + Self.annotated(ingress.metadata)
            add(names, at: Self.addresses(ingress.status?.loadBalancer), from: "Ingress \(ingress.key)")
        }
        for route in objects.routes where !route.hostnames.isEmpty {
            let source = "HTTPRoute \(route.key)"
            for parent in route.parents {
                if let refusal = parent.refusal { skipped.append("\(source): Gateway \(parent.gateway) \(refusal)") }
            }
            let accepted = route.parents.filter { $0.refusal == nil }
            guard !accepted.isEmpty else { continue }
            add(route.hostnames, at: Set(accepted.flatMap { objects.gateways[$0.gateway] ?? [] }), from: source)
        }
        skipped += objects.forbidden
    }

    private static func annotated(_ metadata: ObjectMeta) -> [String] {
        annotations.flatMap { name in
            (metadata.annotations?[name] ?? "").split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init)
        }
    }

    private static func addresses(_ status: Service.LoadBalancer?) -> Set<IPAddress> {
        Set((status?.ingress ?? []).compactMap { $0.ip.flatMap { IPAddress($0) } })
    }

    private mutating func add(_ names: [String], at addresses: Set<IPAddress>, from source: String) {
        for name in names.uniqued() {
            guard let name = Self.canonical(name) else {
                skipped.append("\(source): \"\(name)\" is no hostname")
                continue
            }
            if let refusal = filter.refusal(of: name) {
                skipped.append("\(source): \(name) \(refusal.sentence)")
                continue
            }
            guard !addresses.isEmpty else {
                skipped.append("\(source): \(name) has no address yet")
                continue
            }
            entries[name, default: Entry()].addresses.formUnion(addresses)
            entries[name]?.sources.insert(source)
        }
    }

    /// Lower case, without a last dot; nil for what must not get into a hosts file (RFC 1123 §2.1).
    static func canonical(_ name: String) -> String? {
        var name = name.lowercased()[...]
        if name.last == "." { name.removeLast() }
        let labels = (name.hasPrefix("*.") ? name.dropFirst(2) : name).split(
            separator: ".", omittingEmptySubsequences: false)
        let isValid = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }
        }
        return isValid && name.utf8.count <= 253 ? String(name) : nil
    }
}

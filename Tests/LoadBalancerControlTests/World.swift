import Foundation
import KubernetesModel
import KubernetesYAML
import Reconciliation

@testable import LoadBalancerControl

/// A cluster out of YAML, for tests of what lbctl says about it.
struct World {
    var snapshot = ClusterSnapshot()
    static let now = Timestamp("2026-11-21T12:00:00Z") ?? Timestamp(seconds: 0)

    init(_ yaml: String) throws {
        let types: [String: (JSONValue) throws -> ClusterChange] = [
            "Service": { .service(.applied(try Self.decode($0))) },
            "IPAddressPool": { .pool(.applied(try Self.decode($0))) },
            "L2Advertisement": { .advertisement(.applied(try Self.decode($0))) },
            "Node": { .node(.applied(try Self.decode($0))) },
            "Namespace": { .namespace(.applied(try Self.decode($0))) },
            "EndpointSlice": { .endpointSlice(.applied(try Self.decode($0))) },
            "ServiceL2Status": { .announcement(.applied(try Self.decode($0))) },
            "ServiceCIDR": { .serviceCIDR(.applied(try Self.decode($0))) },
            "Lease": { .lease(.applied(try Self.decode($0))) },
        ]
        for document in try YAMLText.documents(yaml) {
            let kind = document["kind"]?.string ?? ""
            guard let change = types[kind] else { throw Unknown(kind: kind) }
            snapshot.apply(try change(document))
        }
    }

    struct Unknown: Error { let kind: String }

    private static func decode<Object: Decodable>(_ value: JSONValue) throws -> Object {
        try JSONDecoder().decode(Object.self, from: JSONEncoder().encode(value))
    }

    func explain(_ name: String) -> [String] {
        ServiceExplanation(
            ObjectKey(namespace: "default", name: name), in: snapshot, heraldNamespace: "herald-system", now: Self.now
        )?.lines ?? []
    }

    /// A speaker's, or with another name a controller's.
    static func lease(_ name: String, renewed: String = "2026-11-21T11:59:55.000000Z", annotations: String = "")
        -> String
    {
        """
        kind: Lease
        metadata: {name: \(name), namespace: herald-system, annotations: {\(annotations)}}
        spec: {holderIdentity: holder, leaseDurationSeconds: 15, renewTime: "\(renewed)"}
        """
    }

    static let pool = """
        kind: IPAddressPool
        metadata: {name: lan}
        spec: {addresses: [192.168.57.200-192.168.57.201]}
        """

    static func node(_ name: String, labels: String = "", annotations: String = "", more: String = "") -> String {
        """
        kind: Node
        metadata: {name: \(name), labels: {\(labels)}, annotations: {\(annotations)}}
        \(more)
        """
    }

    static func service(
        _ name: String, spec: String = "", address: String? = "192.168.57.200", annotations: String = ""
    ) -> String {
        """
        kind: Service
        metadata: {name: \(name), namespace: default, uid: \(name), annotations: {\(annotations)}, creationTimestamp: "2026-11-21T11:00:00Z"}
        spec: {type: LoadBalancer, ipFamilies: [IPv4], ports: [{port: 80}]\(spec.isEmpty ? "" : ", " + spec)}
        status: {loadBalancer: {ingress: [\(address.map { "{ip: \"\($0)\"}" } ?? "")]}}
        """
    }

    static func endpoint(_ service: String, on node: String, conditions: String = "ready: true") -> String {
        """
        kind: EndpointSlice
        metadata: {name: \(service)-1, namespace: default, labels: {kubernetes.io/service-name: \(service)}}
        addressType: IPv4
        endpoints: [{addresses: [10.0.0.1], nodeName: \(node), conditions: {\(conditions)}}]
        """
    }

    static func join(_ parts: String...) -> String { parts.joined(separator: "\n---\n") }
}

import KubernetesModel
import NetworkAddresses

@testable import Reconciliation

/// A small cluster to plan for: three nodes, one pool, Services with endpoints.
struct SpeakerWorld {
    var snapshot = ClusterSnapshot()
    var policy = SpeakerPolicy()

    init() {
        for name in ["node-a", "node-b", "node-c"] { add(node(name)) }
        add(pool("home", "192.168.57.200-192.168.57.254"))
    }

    var plan: SpeakerPlan { SpeakerPlan(for: snapshot, node: "node-a", policy: policy) }

    func planned(_ address: String) -> PlannedAddress? { IPAddress(address).flatMap { plan.addresses[$0] } }

    func eligible(_ address: String) -> [String: Int]? { planned(address)?.eligible }

    mutating func add(_ node: Node) { snapshot.apply(.node(.applied(node))) }
    mutating func add(_ pool: IPAddressPool) { snapshot.apply(.pool(.applied(pool))) }
    mutating func add(_ slice: EndpointSlice) { snapshot.apply(.endpointSlice(.applied(slice))) }
    mutating func add(_ status: ServiceL2Status) { snapshot.apply(.announcement(.applied(status))) }
    mutating func advertise(_ name: String, _ spec: L2Advertisement.Spec) {
        snapshot.apply(.advertisement(.applied(L2Advertisement(metadata: ObjectMeta(name: name), spec: spec))))
    }

    /// A Service with an address and one ready endpoint on node-b.
    mutating func serve(
        _ name: String, _ addresses: String..., policy: String = "Cluster", labels: [String: String] = [:],
        age: Int64 = 0, endpoints: [EndpointSlice.Endpoint] = [.ready("node-b")]
    ) {
        snapshot.apply(
            .service(.applied(service(name, addresses, policy: policy, labels: labels, age: age))))
        add(slice(name, endpoints))
    }
}

func node(
    _ name: String, labels: [String: String] = [:], annotations: [String: String] = [:], cordoned: Bool = false,
    conditions: [Node.NodeCondition] = []
) -> Node {
    Node(
        metadata: ObjectMeta(name: name, labels: labels, annotations: annotations),
        spec: Node.Spec(unschedulable: cordoned), status: Node.Status(conditions: conditions))
}

func pool(_ name: String, _ addresses: String..., labels: [String: String] = [:], ready: Condition? = nil)
    -> IPAddressPool
{
    IPAddressPool(
        metadata: ObjectMeta(name: name, labels: labels), spec: IPAddressPool.Spec(addresses: addresses),
        status: IPAddressPool.Status(conditions: ready.map { [$0] }))
}

func service(
    _ name: String, _ addresses: [String], policy: String = "Cluster", labels: [String: String] = [:],
    age: Int64 = 0, type: String = "LoadBalancer", class: String? = nil
) -> Service {
    Service(
        metadata: ObjectMeta(
            name: name, namespace: "default", uid: "uid-\(name)", creationTimestamp: Timestamp(seconds: 1000 - age),
            labels: labels),
        spec: Service.Spec(type: type, loadBalancerClass: `class`, externalTrafficPolicy: policy),
        status: Service.Status(
            loadBalancer: Service.LoadBalancer(ingress: addresses.map { Service.Ingress(ip: $0) })))
}

func slice(_ service: String, _ endpoints: [EndpointSlice.Endpoint], type: String? = nil) -> EndpointSlice {
    EndpointSlice(
        metadata: ObjectMeta(
            name: "\(service)-\(type ?? "any")", namespace: "default",
            labels: [EndpointSlice.serviceNameLabel: service]),
        addressType: type, endpoints: endpoints)
}

extension EndpointSlice.Endpoint {
    static func ready(_ node: String?) -> Self { Self(nodeName: node) }
    static func terminating(_ node: String, serving: Bool = true) -> Self {
        Self(nodeName: node, conditions: .init(ready: false, serving: serving))
    }
    static func notReady(_ node: String) -> Self { Self(nodeName: node, conditions: .init(ready: false)) }
}

extension LabelSelector {
    static func label(_ key: String, _ value: String) -> Self { LabelSelector(matchLabels: [key: value]) }
}

import KubernetesClient
import KubernetesModel
import NetworkAddresses

/// The objects that a ``HostTable`` is made of.
struct HostObjects: Sendable {
    var services: [Service] = []
    var ingresses: [Ingress] = []
    var routes: [Route] = []
    var gateways: [ObjectKey: [IPAddress]] = [:]
    /// What could not be read, by its plural: the Gateway API is not there, or not for this user.
    var unread: [String: APIError] = [:]
    /// Of the types that may be absent those that were there, now or at an earlier look.
    private(set) var read: Set<String> = []

    static let (routesPlural, gatewaysPlural) = ("httproutes", "gateways")

    /// `gateway.networking.k8s.io/v1` HTTPRoute, reduced.
    struct Route: Sendable {
        let key: ObjectKey
        let hostnames: [String]
        let parents: [Parent]

        struct Parent: Sendable, Hashable {
            let gateway: ObjectKey
            /// Why its addresses do not serve the route; nil when it has accepted the route.
            let refusal: String?
        }

        init(_ object: JSONValue) {
            let namespace = object["metadata"]?["namespace"]?.string ?? ""
            key = ObjectKey(namespace: namespace, name: object["metadata"]?["name"]?.string ?? "")
            hostnames = (object["spec"]?["hostnames"]?.array ?? []).compactMap(\.string)
            func gateway(_ parent: JSONValue?) -> ObjectKey? {
                guard parent?["kind"]?.string ?? "Gateway" == "Gateway", let name = parent?["name"]?.string else {
                    return nil
                }
                return ObjectKey(namespace: parent?["namespace"]?.string ?? namespace, name: name)
            }
            let verdicts = (object["status"]?["parents"]?.array ?? []).map { (gateway($0["parentRef"]), $0) }
            parents = (object["spec"]?["parentRefs"]?.array ?? []).compactMap(gateway).uniqued().map { key in
                // A route may name several listeners of a Gateway: one that accepts it is enough.
                let conditions = verdicts.filter { $0.0 == key }.flatMap { $0.1["conditions"]?.array ?? [] }
                    .filter { $0["type"]?.string == "Accepted" }
                return Parent(gateway: key, refusal: Self.refusal(conditions))
            }
        }

        private static func refusal(_ accepted: [JSONValue]) -> String? {
            if accepted.contains(where: { $0["status"]?.string == "True" }) { return nil }
            guard let condition = accepted.first else { return "has not accepted it" }
            return "has not accepted it (\(condition["reason"]?.string ?? "no reason given"))"
        }
    }

    mutating func addGateway(_ object: JSONValue) {
        let key = ObjectKey(
            namespace: object["metadata"]?["namespace"]?.string, name: object["metadata"]?["name"]?.string ?? "")
        gateways[key] = (object["status"]?["addresses"]?.array ?? []).compactMap { address in
            address["value"]?.string.flatMap { IPAddress($0) }
        }
    }

    /// The items of a type that may be absent.
    mutating func take(_ plural: String, _ result: Result<[JSONValue], APIError>) -> [JSONValue] {
        switch result {
        case .success(let items):
            read.insert(plural)
            return items
        case .failure(let error):
            unread[plural] = error
            return []
        }
    }

    /// Keeps what was read at an earlier look and cannot be read now: whoever loses a right, or removes a CRD to install it
    /// anew, does not mean that every name goes.
    ///
    /// - Returns: why that cannot be read any more.
    mutating func keep(_ last: HostObjects) -> APIError? {
        read.formUnion(last.read)
        if unread[Self.routesPlural] != nil { (routes, gateways) = (last.routes, last.gateways) }
        if unread[Self.gatewaysPlural] != nil { gateways = last.gateways }
        return unread.filter { read.contains($0.key) }.min { $0.key < $1.key }?.value
    }

    /// A right that this user has never had; a type that is not there is no loss.
    var forbidden: [String] {
        unread.filter { $0.value.isForbidden && !read.contains($0.key) }.map { "\($0.value)" }.sorted()
    }
}

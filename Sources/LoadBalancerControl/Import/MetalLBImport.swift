import KubernetesModel
import KubernetesYAML
import Reconciliation

/// MetalLB's objects as Herald's, and a list of what has no equivalent.
///
/// Services need no change: Herald honours MetalLB's annotations under their own names.
struct MetalLBImport {
    private(set) var objects: [JSONValue] = []
    private(set) var notes: [String] = []
    private var pools: Set<String> = []
    private var advertisements: Set<String> = []
    /// The pools of the time before L2Advertisements, which say themselves that they are announced on layer 2.
    private var advertised: Set<String> = []

    static let poolFields: Set<String> = ["addresses", "autoAssign", "avoidBuggyIPs", "serviceAllocation"]
    static let advertisementFields: Set<String> = [
        "ipAddressPools", "ipAddressPoolSelectors", "nodeSelectors", "preferredNodeSelectors", "interfaces",
        "serviceSelectors",
    ]

    init(_ objects: [JSONValue]) {
        for object in objects { convert(object) }
        holdBackUnadvertised()
    }

    /// Herald announces every pool, so that of those which MetalLB does not announce on layer 2 nobody gets an address
    /// without asking for it.
    private mutating func holdBackUnadvertised() {
        let snapshot = ClusterSnapshot(of: objects)
        let advertisements = snapshot.advertisements.values.map { $0.spec ?? .init() }
        for pool in snapshot.pools.values.map(\.metadata).sorted(by: { $0.name < $1.name })
        where !advertised.contains(pool.name)
            && !advertisements.contains(where: { $0.selectsPool(named: pool.name, labels: pool.labels) })
        {
            notes.append(
                "IPAddressPool \(pool.name): MetalLB does not announce it on layer 2, because no L2Advertisement selects it; "
                    + "Herald announces every pool, so it is imported with autoAssign: false; delete it here if no Service is "
                    + "to have its addresses on the LAN")
            let isPool = { (object: JSONValue) in
                object["kind"]?.string == IPAddressPool.resource.kind
                    && object["metadata"]?["name"] == .string(pool.name)
            }
            if let index = objects.firstIndex(where: isPool) {
                objects[index]["spec"]?["autoAssign"] = false
            }
        }
    }

    private mutating func convert(_ object: JSONValue) {
        let (kind, version) = (object["kind"]?.string ?? "", object["apiVersion"]?.string ?? "")
        let name = object["metadata"]?["name"]?.string ?? ""
        switch kind {
        case "IPAddressPool" where version.hasPrefix("metallb.io/"):
            addPool(name, object["metadata"]?["labels"], object["spec"] ?? [:])
        case "L2Advertisement" where version.hasPrefix("metallb.io/"): addAdvertisement(name, object)
        case "AddressPool" where version.hasPrefix("metallb.io/"):
            addLegacyPool(name, object["spec"] ?? [:])
        case "ConfigMap" where object["data"]?["config"]?.string != nil: addConfigMap(name, object)
        case "BGPAdvertisement", "BGPPeer", "BFDProfile", "Community", "ConfigurationState", "ServiceBGPStatus":
            if version.hasPrefix("metallb.io/") {
                notes.append("\(kind) \(name): BGP has no equivalent; Herald announces on layer 2 only")
            }
        case "Service": noteService(object)
        default: break
        }
    }

    private mutating func addPool(_ name: String, _ labels: JSONValue?, _ spec: JSONValue) {
        guard pools.insert(name).inserted else {
            notes.append(
                "IPAddressPool \(name): there are two of that name in different namespaces; the second is left out, because Herald's pools have none"
            )
            return
        }
        for field in (spec.object ?? [:]).keys.sorted() where !Self.poolFields.contains(field) {
            notes.append("IPAddressPool \(name): spec.\(field) has no equivalent")
        }
        let kept = (spec.object ?? [:]).filter { Self.poolFields.contains($0.key) }
        objects.append(Self.object("IPAddressPool", name, labels, kept))
    }

    private mutating func addAdvertisement(_ name: String, _ object: JSONValue) {
        guard advertisements.insert(name).inserted else {
            notes.append(
                "L2Advertisement \(name): there are two of that name in different namespaces; the second is left out, because Herald's have none"
            )
            return
        }
        let spec = object["spec"]?.object ?? [:]
        for field in spec.keys.sorted() where !Self.advertisementFields.contains(field) {
            notes.append("L2Advertisement \(name): spec.\(field) has no equivalent")
        }
        let kept = spec.filter { Self.advertisementFields.contains($0.key) }
        objects.append(Self.object("L2Advertisement", name, object["metadata"]?["labels"], kept))
    }

    /// `metallb.io/v1beta1` AddressPool, until MetalLB 0.13, and the entries of the ConfigMap before.
    private mutating func addLegacyPool(_ name: String, _ spec: JSONValue) {
        let isLayer2 = spec["protocol"]?.string ?? "layer2" == "layer2"
        guard isLayer2 else {
            notes.append(
                "AddressPool \(name): protocol \(spec["protocol"]?.string ?? "") has no equivalent; the pool is left out"
            )
            return
        }
        var kept: [String: JSONValue] = [:]
        for (old, new) in [("auto-assign", "autoAssign"), ("avoid-buggy-ips", "avoidBuggyIPs")] {
            kept[new] = spec[new] ?? spec[old]
        }
        kept["addresses"] = spec["addresses"]
        advertised.insert(name)
        addPool(name, nil, .object(kept))
    }

    private mutating func addConfigMap(_ name: String, _ object: JSONValue) {
        let document: JSONValue
        do {
            document = try YAMLText.documents(object["data"]?["config"]?.string ?? "").first ?? [:]
        } catch {
            notes.append("ConfigMap \(name): nothing of it is imported, because data.config is no YAML: \(error)")
            return
        }
        if document["peers"] != nil { notes.append("ConfigMap \(name): BGP peers have no equivalent") }
        for pool in document["address-pools"]?.array ?? [] { addLegacyPool(pool["name"]?.string ?? "", pool) }
    }

    private mutating func noteService(_ object: JSONValue) {
        let name =
            "\(object["metadata"]?["namespace"]?.string ?? "default")/\(object["metadata"]?["name"]?.string ?? "")"
        if let loadBalancerClass = object["spec"]?["loadBalancerClass"]?.string {
            notes.append(
                "Service \(name): has loadBalancerClass \(loadBalancerClass); start Herald with --load-balancer-class \(loadBalancerClass) to serve it"
            )
        }
    }

    private static func object(
        _ kind: String, _ name: String, _ labels: JSONValue?, _ spec: [String: JSONValue]
    ) -> JSONValue {
        var metadata: [String: JSONValue] = ["name": .string(name)]
        if let labels, labels.object?.isEmpty == false { metadata["labels"] = labels }
        return [
            "apiVersion": .string(IPAddressPool.resource.apiVersion), "kind": .string(kind),
            "metadata": .object(metadata), "spec": .object(spec),
        ]
    }
}

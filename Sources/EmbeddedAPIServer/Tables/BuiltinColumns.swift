import KubernetesModel
import ObjectStore

/// kubectl's columns of the built-in kinds.
enum BuiltinColumns {
    typealias Column = TableColumns.Column

    static func columns(of definition: ResourceDefinition) -> [Column] {
        switch definition.storage {
        case "services": services
        case "nodes": nodes
        case "namespaces": [text("Status") { $0.at("status", "phase")?.string ?? "" }, TableColumns.age]
        case "events": events
        case "leases.coordination.k8s.io":
            [text("Holder") { $0.at("spec", "holderIdentity")?.string ?? "" }, TableColumns.age]
        case "secrets":
            [
                text("Type") { $0["type"]?.string ?? "" }, count("Data") { $0["data"]?.object?.count ?? 0 },
                TableColumns.age,
            ]
        case "configmaps":
            [
                count("Data") { ($0["data"]?.object?.count ?? 0) + ($0["binaryData"]?.object?.count ?? 0) },
                TableColumns.age,
            ]
        case "serviceaccounts": [count("Secrets") { $0["secrets"]?.array?.count ?? 0 }, TableColumns.age]
        case "endpointslices.discovery.k8s.io": endpointSlices
        case "endpoints": [text("Endpoints") { _ in "<none>" }, TableColumns.age]
        case "ingresses.networking.k8s.io": ingresses
        case "pods": pods
        case "deployments.apps", "statefulsets.apps": deployments
        case "daemonsets.apps": daemonSets
        case "replicasets.apps":
            [
                number("Desired", "spec", "replicas"), number("Current", "status", "replicas"),
                number("Ready", "status", "readyReplicas"), TableColumns.age,
            ]
        case "poddisruptionbudgets.policy":
            [
                text("Min Available") { $0.at("spec", "minAvailable").map(plain) ?? "N/A" },
                text("Max Unavailable") { $0.at("spec", "maxUnavailable").map(plain) ?? "N/A" },
                number("Allowed Disruptions", "status", "disruptionsAllowed"), TableColumns.age,
            ]
        case "priorityclasses.scheduling.k8s.io":
            [
                number("Value", "value"),
                text("Global-Default") { $0["globalDefault"]?.bool == true ? "true" : "false" },
                TableColumns.age,
            ]
        case "servicecidrs.networking.k8s.io":
            [
                text("CIDRs") { ($0.at("spec", "cidrs")?.array ?? []).compactMap(\.string).joined(separator: ",") },
                TableColumns.age,
            ]
        case "networkpolicies.networking.k8s.io":
            [text("Pod-Selector") { labels($0.at("spec", "podSelector", "matchLabels")) }, TableColumns.age]
        case "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io":
            [
                text("Role") { "\($0.at("roleRef", "kind")?.string ?? "")/\($0.at("roleRef", "name")?.string ?? "")" },
                TableColumns.age,
            ]
        case "roles.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io",
            "customresourcedefinitions.apiextensions.k8s.io":
            [
                Column(name: "Created At") { object, _ in object.at("metadata", "creationTimestamp") ?? "" }
            ]
        default: [TableColumns.age]
        }
    }

    private static let services = [
        text("Type") { $0.at("spec", "type")?.string ?? "" },
        text("Cluster-IP") { $0.at("spec", "clusterIP")?.string ?? "None" },
        text("External-IP", externalAddress),
        text("Port(s)") { service in
            let ports = (service.at("spec", "ports")?.array ?? []).map { port in
                let node = port["nodePort"]?.integer.map { ":\($0)" } ?? ""
                return "\(port["port"]?.integer ?? 0)\(node)/\(port["protocol"]?.string ?? "TCP")"
            }
            return ports.isEmpty ? "<none>" : ports.joined(separator: ",")
        },
        TableColumns.age,
        text("Selector", isWide: true) { labels($0.at("spec", "selector")) },
    ]

    @Sendable private static func externalAddress(_ service: JSONValue) -> String {
        let given = (service.at("spec", "externalIPs")?.array ?? []).compactMap(\.string)
        switch service.at("spec", "type")?.string {
        case "ExternalName": return service.at("spec", "externalName")?.string ?? "<none>"
        case "LoadBalancer":
            let ingress = (service.at("status", "loadBalancer", "ingress")?.array ?? [])
                .compactMap { $0["ip"]?.string ?? $0["hostname"]?.string }
            return ingress.isEmpty && given.isEmpty ? "<pending>" : (ingress + given).joined(separator: ",")
        default: return given.isEmpty ? "<none>" : given.joined(separator: ",")
        }
    }

    private static let nodes = [
        text("Status") { node in
            let ready = condition(node, "Ready")
            let state = ready == "True" ? "Ready" : ready == nil ? "Unknown" : "NotReady"
            return node.at("spec", "unschedulable")?.bool == true ? state + ",SchedulingDisabled" : state
        },
        text("Roles") { node in
            let prefix = "node-role.kubernetes.io/"
            let roles = (node.at("metadata", "labels")?.object ?? [:]).keys.filter { $0.hasPrefix(prefix) }
                .map { String($0.dropFirst(prefix.count)) }.sorted()
            return roles.isEmpty ? "<none>" : roles.joined(separator: ",")
        },
        TableColumns.age,
        text("Version") { $0.at("status", "nodeInfo", "kubeletVersion")?.string ?? "" },
        text("Internal-IP", isWide: true) { address($0, "InternalIP") },
        text("External-IP", isWide: true) { address($0, "ExternalIP") },
        text("OS-Image", isWide: true) { $0.at("status", "nodeInfo", "osImage")?.string ?? "<unknown>" },
        text("Kernel-Version", isWide: true) { $0.at("status", "nodeInfo", "kernelVersion")?.string ?? "<unknown>" },
        text("Container-Runtime", isWide: true) {
            $0.at("status", "nodeInfo", "containerRuntimeVersion")?.string ?? "<unknown>"
        },
    ]

    private static let events = [
        Column(name: "Last Seen") { event, now in
            let seen =
                event["lastTimestamp"] ?? event["deprecatedLastTimestamp"] ?? event["eventTime"]
                ?? event.at("metadata", "creationTimestamp")
            return .string(TableColumns.age(seen?.string, now) ?? "<unknown>")
        },
        text("Type") { $0["type"]?.string ?? "" },
        text("Reason") { $0["reason"]?.string ?? "" },
        text("Object") { event in
            let object = event["involvedObject"] ?? event["regarding"] ?? [:]
            return "\(object["kind"]?.string?.lowercased() ?? "")/\(object["name"]?.string ?? "")"
        },
        text("Message") { ($0["message"] ?? $0["note"])?.string ?? "" },
        text("Source", isWide: true) { ($0.at("source", "component") ?? $0["reportingComponent"])?.string ?? "" },
        number("Count", "count", isWide: true),
    ]

    private static let endpointSlices = [
        text("AddressType") { $0["addressType"]?.string ?? "" },
        text("Ports") { slice in
            let ports = (slice["ports"]?.array ?? []).compactMap { $0["port"]?.integer.map(String.init) }
            return ports.isEmpty ? "<unset>" : ports.joined(separator: ",")
        },
        text("Endpoints") { slice in
            let addresses = (slice["endpoints"]?.array ?? []).flatMap {
                ($0["addresses"]?.array ?? []).compactMap(\.string)
            }
            guard addresses.count > 3 else { return addresses.isEmpty ? "<unset>" : addresses.joined(separator: ",") }
            return addresses.prefix(3).joined(separator: ",") + " + \(addresses.count - 3) more..."
        },
        TableColumns.age,
    ]

    private static let ingresses = [
        text("Class") { $0.at("spec", "ingressClassName")?.string ?? "<none>" },
        text("Hosts") { ingress in
            let hosts = (ingress.at("spec", "rules")?.array ?? []).compactMap { $0["host"]?.string }
            return hosts.isEmpty ? "*" : hosts.joined(separator: ",")
        },
        text("Address") { ingress in
            (ingress.at("status", "loadBalancer", "ingress")?.array ?? [])
                .compactMap { $0["ip"]?.string ?? $0["hostname"]?.string }.joined(separator: ",")
        },
        text("Ports") { $0.at("spec", "tls")?.isEmpty ?? true ? "80" : "80, 443" },
        TableColumns.age,
    ]

    private static let pods = [
        text("Ready") { pod in
            let states = pod.at("status", "containerStatuses")?.array ?? []
            let total = pod.at("spec", "containers")?.array?.count ?? 0
            return "\(states.filter { $0["ready"]?.bool == true }.count)/\(total)"
        },
        text("Status") { $0.at("status", "phase")?.string ?? "Unknown" },
        text("Restarts") { pod in
            "\((pod.at("status", "containerStatuses")?.array ?? []).reduce(0) { $0 + ($1["restartCount"]?.integer ?? 0) })"
        },
        TableColumns.age,
        text("IP", isWide: true) { $0.at("status", "podIP")?.string ?? "<none>" },
        text("Node", isWide: true) { $0.at("spec", "nodeName")?.string ?? "<none>" },
    ]

    private static let deployments = [
        text("Ready") { object in
            "\(object.at("status", "readyReplicas")?.integer ?? 0)/\(object.at("spec", "replicas")?.integer ?? 1)"
        },
        number("Up-to-date", "status", "updatedReplicas"), number("Available", "status", "availableReplicas"),
        TableColumns.age,
    ]

    private static let daemonSets = [
        number("Desired", "status", "desiredNumberScheduled"), number("Current", "status", "currentNumberScheduled"),
        number("Ready", "status", "numberReady"), number("Up-to-date", "status", "updatedNumberScheduled"),
        number("Available", "status", "numberAvailable"),
        text("Node Selector") { labels($0.at("spec", "template", "spec", "nodeSelector")) }, TableColumns.age,
    ]

    // MARK: Cells

    private static func text(
        _ name: String, isWide: Bool = false, _ cell: @escaping @Sendable (JSONValue) -> String
    ) -> Column {
        Column(name: name, priority: isWide ? 1 : 0) { object, _ in .string(cell(object)) }
    }

    private static func count(_ name: String, _ cell: @escaping @Sendable (JSONValue) -> Int) -> Column {
        Column(name: name, type: "integer") { object, _ in .integer(Int64(cell(object))) }
    }

    private static func number(_ name: String, _ path: String..., isWide: Bool = false) -> Column {
        Column(name: name, type: "integer", priority: isWide ? 1 : 0) { object, _ in
            .integer(object.at(path)?.integer ?? 0)
        }
    }

    private static func plain(_ value: JSONValue) -> String { value.string ?? value.jsonText }

    private static func labels(_ value: JSONValue?) -> String {
        let pairs = (value?.object ?? [:]).map { "\($0.key)=\($0.value.string ?? "")" }.sorted()
        return pairs.isEmpty ? "<none>" : pairs.joined(separator: ",")
    }

    private static func condition(_ object: JSONValue, _ type: String) -> String? {
        (object.at("status", "conditions")?.array ?? []).first { $0["type"]?.string == type }?["status"]?.string
    }

    private static func address(_ node: JSONValue, _ type: String) -> String {
        (node.at("status", "addresses")?.array ?? []).first { $0["type"]?.string == type }?["address"]?.string
            ?? "<none>"
    }
}

import KubernetesModel
import NetworkAddresses
import ObjectStore

/// What the real API server does with a Service before it stores it: defaults, allocation, validation.
struct ServiceRules {
    var causes: [Status.Cause] = []

    static func admit(_ service: inout JSONValue, old: JSONValue?, _ allocator: inout ServiceAllocator)
        throws(APIFailure)
    {
        var rules = ServiceRules()
        let type = service.at("spec", "type")?.string ?? "ClusterIP"
        rules.carryOver(&service, old: old, type: type)
        rules.setDefaults(&service, type: type)
        rules.validate(service, old: old, type: type)
        if rules.causes.isEmpty { rules.allocateAddresses(&service, old: old, type: type, &allocator) }
        if rules.causes.isEmpty { rules.allocatePorts(&service, old: old, type: type, &allocator) }
        if type != "LoadBalancer" { service.set("status", "loadBalancer", to: [:]) }
        if service["status"] == nil { service["status"] = ["loadBalancer": [:]] }
        guard rules.causes.isEmpty else {
            throw .invalid(Service.resource, service.at("metadata", "name")?.string ?? "", rules.causes)
        }
    }

    /// What it does with a write to the status: the addresses of a load balancer are checked, and have a mode.
    static func admitStatus(_ service: inout JSONValue) throws(APIFailure) {
        guard let ingress = service.at("status", "loadBalancer", "ingress")?.array, !ingress.isEmpty else { return }
        let field = "status.loadBalancer.ingress"
        func forbidden(_ field: String, _ text: String) -> Status.Cause {
            Status.Cause(reason: "FieldValueForbidden", message: "Forbidden: \(text)", field: field)
        }
        var causes: [Status.Cause] = []
        if service.at("spec", "type")?.string != "LoadBalancer" {
            causes = [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")]
        }
        let entries = ingress.enumerated().map { index, entry in
            var entry = entry
            if let text = entry["ip"]?.string, !text.isEmpty {
                entry["ipMode"] = entry["ipMode"] ?? "VIP"
                guard IPAddress(text) == nil else { return entry }
                let rule = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
                causes.append(.invalid("\(field)[\(index)].ip", "\"\(text)\"", rule))
            } else if entry["ipMode"] != nil {
                causes.append(forbidden("\(field)[\(index)].ipMode", "may not be specified when `ip` is not set"))
            }
            return entry
        }
        guard causes.isEmpty else {
            throw .invalid(Service.resource, service.at("metadata", "name")?.string ?? "", causes)
        }
        service.set("status", "loadBalancer", "ingress", to: .array(entries))
    }

    /// An update may leave out what the server allocated; a change of type gives it back.
    private func carryOver(_ service: inout JSONValue, old: JSONValue?, type: String) {
        guard let old else { return }
        let oldType = old.at("spec", "type")?.string ?? "ClusterIP"
        if type != "ExternalName", oldType != "ExternalName" {
            for name in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]
            where service.at("spec", name)?.isEmpty ?? true || service.at("spec", name)?.string == "" {
                service.set("spec", name, to: old.at("spec", name))
            }
        }
        guard type == "NodePort" || type == "LoadBalancer" else {
            for name in [
                "externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts", "loadBalancerClass",
            ]
            where service.at("spec", name) == old.at("spec", name) {
                service.set("spec", name, to: nil)
            }
            let before = Set(ServiceAllocator.nodePorts(of: old))
            let ports = (service.at("spec", "ports")?.array ?? []).map { port -> JSONValue in
                var port = port
                if let number = port["nodePort"]?.integer, before.contains(number) { port["nodePort"] = nil }
                return port
            }
            if !ports.isEmpty { service.set("spec", "ports", to: .array(ports)) }
            return
        }
        let kept = old.at("spec", "ports")?.array ?? []
        let ports = (service.at("spec", "ports")?.array ?? []).map { port -> JSONValue in
            guard port["nodePort"]?.integer ?? 0 == 0 else { return port }
            var port = port
            port["nodePort"] =
                kept.first { $0["port"] == port["port"] && $0["protocol"] == port["protocol"] }?["nodePort"]
            return port
        }
        if !ports.isEmpty { service.set("spec", "ports", to: .array(ports)) }
        if service.at("spec", "healthCheckNodePort")?.integer ?? 0 == 0,
            service.at("spec", "externalTrafficPolicy")?.string == "Local"
        {
            service.set("spec", "healthCheckNodePort", to: old.at("spec", "healthCheckNodePort"))
        }
    }

    private func setDefaults(_ service: inout JSONValue, type: String) {
        var spec = service["spec"]?.object ?? [:]
        spec["type"] = .string(type)
        spec["sessionAffinity"] = spec["sessionAffinity"] ?? "None"
        if type != "ExternalName" { spec["internalTrafficPolicy"] = spec["internalTrafficPolicy"] ?? "Cluster" }
        if type == "NodePort" || type == "LoadBalancer" {
            spec["externalTrafficPolicy"] = spec["externalTrafficPolicy"] ?? "Cluster"
        }
        if type == "LoadBalancer" {
            spec["allocateLoadBalancerNodePorts"] = spec["allocateLoadBalancerNodePorts"] ?? true
        }
        if let ports = spec["ports"]?.array {
            spec["ports"] = .array(
                ports.map { port in
                    var port = port
                    if port["protocol"] == nil { port["protocol"] = "TCP" }
                    if port["targetPort"] == nil || port["targetPort"] == 0 || port["targetPort"] == "" {
                        port["targetPort"] = port["port"]
                    }
                    return port
                })
        }
        service["spec"] = .object(spec)
    }

    private mutating func validate(_ service: JSONValue, old: JSONValue?, type: String) {
        let spec = service["spec"] ?? [:]
        let ports = spec["ports"]?.array ?? []
        let isHeadless = spec["clusterIP"]?.string == "None"
        if ports.isEmpty, type != "ExternalName", !isHeadless {
            causes.append(.required("spec.ports"))
        }
        if type == "ExternalName", spec["externalName"]?.string ?? "" == "" {
            causes.append(.required("spec.externalName"))
        }
        var names: Set<String> = []
        var pairs: Set<JSONValue> = []
        for (index, port) in ports.enumerated() {
            let field = "spec.ports[\(index)]"
            let number = port["port"]?.integer ?? 0
            if !(1...65535).contains(number) {
                causes.append(.invalid("\(field).port", "\(number)", "must be between 1 and 65535, inclusive"))
            }
            if let target = port["targetPort"]?.integer, !(1...65535).contains(target) {
                causes.append(.invalid("\(field).targetPort", "\(target)", "must be between 1 and 65535, inclusive"))
            }
            if let name = port["name"]?.string, !name.isEmpty {
                if !names.insert(name).inserted {
                    causes.append(.duplicate("\(field).name", "\"\(name)\""))
                }
                if !ObjectMetaRules.isLabel(name[...]) {
                    causes.append(.invalid("\(field).name", "\"\(name)\"", "must be a lowercase RFC 1123 label"))
                }
            } else if ports.count > 1 {
                causes.append(.required("\(field).name"))
            }
            if !pairs.insert([port["port"] ?? .null, port["protocol"] ?? .null]).inserted {
                causes.append(.duplicate(field, port.jsonText))
            }
        }
        for (name, allowed) in [
            ("externalTrafficPolicy", ["Cluster", "Local"]), ("internalTrafficPolicy", ["Cluster", "Local"]),
            ("sessionAffinity", ["None", "ClientIP"]),
            ("ipFamilyPolicy", ["SingleStack", "PreferDualStack", "RequireDualStack"]),
        ] {
            guard let value = spec[name]?.string, !value.isEmpty, !allowed.contains(value) else { continue }
            causes.append(.notSupported("spec.\(name)", "\"\(value)\"", of: allowed.map { "\"\($0)\"" }))
        }
        validateLoadBalancer(spec, old: old, type: type)
    }

    private mutating func validateLoadBalancer(_ spec: JSONValue, old: JSONValue?, type: String) {
        if let name = spec["loadBalancerClass"]?.string, type != "LoadBalancer" {
            causes.append(
                Status.Cause(
                    reason: "FieldValueForbidden",
                    message: "Forbidden: may only be used when `type` is 'LoadBalancer': \(name)",
                    field: "spec.loadBalancerClass"))
        }
        if let old, old.at("spec", "type")?.string == "LoadBalancer", type == "LoadBalancer",
            old.at("spec", "loadBalancerClass") != spec["loadBalancerClass"]
        {
            causes.append(
                .invalid(
                    "spec.loadBalancerClass", spec["loadBalancerClass"]?.quoted ?? "null", "may not change once set"))
        }
        if type != "NodePort", type != "LoadBalancer", let policy = spec["externalTrafficPolicy"]?.string,
            spec["externalIPs"]?.isEmpty ?? true
        {
            causes.append(
                .invalid(
                    "spec.externalTrafficPolicy", "\"\(policy)\"", "may only be set for externally-accessible services")
            )
        }
    }

    private mutating func allocateAddresses(
        _ service: inout JSONValue, old: JSONValue?, type: String, _ allocator: inout ServiceAllocator
    ) {
        var spec = service["spec"]?.object ?? [:]
        defer { service["spec"] = .object(spec) }
        guard type != "ExternalName" else {
            for name in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] { spec[name] = nil }
            return
        }
        if spec["clusterIP"]?.string == "None" {
            spec["clusterIPs"] = ["None"]
            if spec["ipFamilies"]?.isEmpty ?? true {
                spec["ipFamilies"] = .array(allocator.families.prefix(1).map { .string($0.rawValue) })
            }
            if spec["ipFamilyPolicy"] == nil { spec["ipFamilyPolicy"] = "SingleStack" }
            return
        }
        var asked = (spec["clusterIPs"]?.array ?? []).compactMap(\.string)
        if let first = spec["clusterIP"]?.string, !first.isEmpty {
            if asked.isEmpty { asked = [first] } else if asked[0] != first { asked[0] = first }
        }
        var families = (spec["ipFamilies"]?.array ?? []).compactMap(\.string).compactMap(IPFamily.init(rawValue:))
        if families.isEmpty { families = asked.compactMap { IPAddress($0)?.family } }
        if families.isEmpty { families = Array(allocator.families.prefix(1)) }
        let policy = spec["ipFamilyPolicy"]?.string ?? (families.count > 1 ? "RequireDualStack" : "SingleStack")
        if policy == "SingleStack" {
            families = Array(families.prefix(1))
            asked = Array(asked.prefix(1))
        } else if families.count < 2, let other = allocator.families.first(where: { !families.contains($0) }) {
            families.append(other)
        }
        if policy == "RequireDualStack", families.count < 2 {
            causes.append(
                .invalid(
                    "spec.ipFamilyPolicy", "\"RequireDualStack\"", "Cluster is not configured for dual-stack services"))
        }
        let held = Set((old?.at("spec", "clusterIPs")?.array ?? []).compactMap(\.string))
        var given: [String] = []
        for (index, family) in families.enumerated() {
            guard let range = allocator.range(family) else {
                causes.append(
                    .invalid("spec.ipFamilies[\(index)]", "\"\(family.rawValue)\"", "not configured on this cluster"))
                continue
            }
            guard asked.indices.contains(index) else {
                guard let address = allocator.nextAddress(family) else {
                    causes.append(.invalid("spec.clusterIPs", "[]", "failed to allocate IP: range is full"))
                    continue
                }
                given.append("\(address)")
                continue
            }
            let text = asked[index]
            guard let address = IPAddress(text), address.family == family, range.contains(address) else {
                causes.append(
                    .invalid(
                        "spec.clusterIPs", "[\"\(text)\"]",
                        "failed to allocate IP \(text): the provided IP is not in the valid range. The range of valid IPs is \(range)"
                    ))
                continue
            }
            if !held.contains(text), !allocator.isFree(address) {
                causes.append(
                    .invalid(
                        "spec.clusterIPs", "[\"\(text)\"]",
                        "failed to allocate IP \(text): provided IP is already allocated"))
            }
            given.append("\(address)")
        }
        spec["ipFamilyPolicy"] = .string(policy)
        spec["ipFamilies"] = .array(families.map { .string($0.rawValue) })
        spec["clusterIPs"] = .array(given.map { .string($0) })
        spec["clusterIP"] = given.first.map { .string($0) }
    }

    private mutating func allocatePorts(
        _ service: inout JSONValue, old: JSONValue?, type: String, _ allocator: inout ServiceAllocator
    ) {
        let wants =
            type == "NodePort"
            || (type == "LoadBalancer" && service.at("spec", "allocateLoadBalancerNodePorts")?.bool != false)
        let held = Set(old.map(ServiceAllocator.nodePorts(of:)) ?? [])
        var taken: Set<Int64> = []
        var ports = service.at("spec", "ports")?.array ?? []
        for index in ports.indices {
            let asked = ports[index]["nodePort"]?.integer ?? 0
            if asked != 0 {
                if !ServiceAllocator.nodePorts.contains(asked) {
                    causes.append(
                        .invalid(
                            "spec.ports[\(index)].nodePort", "\(asked)",
                            "provided port is not in the valid range. The range of valid ports is 30000-32767"))
                } else if !held.contains(asked), !allocator.isFree(port: asked) {
                    causes.append(
                        .invalid("spec.ports[\(index)].nodePort", "\(asked)", "provided port is already allocated"))
                }
                taken.insert(asked)
            } else if wants, let port = allocator.nextNodePort(besides: taken) {
                ports[index]["nodePort"] = .integer(port)
                taken.insert(port)
            }
        }
        if !ports.isEmpty { service.set("spec", "ports", to: .array(ports)) }
        let isLocal = type == "LoadBalancer" && service.at("spec", "externalTrafficPolicy")?.string == "Local"
        if isLocal, service.at("spec", "healthCheckNodePort")?.integer ?? 0 == 0,
            let port = allocator.nextNodePort(besides: taken)
        {
            service.set("spec", "healthCheckNodePort", to: .integer(port))
        } else if !isLocal {
            service.set("spec", "healthCheckNodePort", to: nil)
        }
    }
}

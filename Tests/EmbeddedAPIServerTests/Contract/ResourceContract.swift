import KubernetesModel
import ObjectStore
import Testing

/// What is particular to some kinds: status, schemas, Services, Events, namespaces.
@Suite struct ResourceContract {
    @Test("status and the rest are written apart", arguments: APIUnderTest.all)
    func status(api: APIUnderTest) async throws {
        try await api.run { probe in
            var body = probe.widget("w", ["size": 1])
            body["status"] = ["conditions": [["type": "Ready", "status": "True"]]]
            let created = try await probe.post(probe.widgets(), body)
            #expect(created.body["status"] == nil)
            #expect(created.body.at("metadata", "generation") == 1)
            let status = try await probe.merge(
                probe.widgets("/w/status"),
                ["spec": ["size": 9], "status": ["conditions": [["type": "Ready", "status": "False"]]]])
            #expect(status.status == 200)
            #expect(status.body.at("spec", "size") == 1)
            #expect(status.body.at("metadata", "generation") == 1)
            let main = try await probe.merge(probe.widgets("/w"), ["spec": ["size": 2], "status": .null])
            #expect(main.body.at("metadata", "generation") == 2)
            #expect(main.body.at("status", "conditions")?.array?.first?["status"] == "False")
            let labelled = try await probe.merge(probe.widgets("/w"), ["metadata": ["labels": ["a": "b"]]])
            #expect(labelled.body.at("metadata", "generation") == 2)
        }
    }

    @Test("a Service's status is replaced through its subresource", arguments: APIUnderTest.all)
    func serviceStatus(api: APIUnderTest) async throws {
        try await api.run { probe in
            let created = try await probe.post(probe.services(), probe.service("web", type: "LoadBalancer"))
            var body = created.body
            body["status"] = ["loadBalancer": ["ingress": [["ip": "192.168.57.200", "ipMode": "VIP"]]]]
            let main = try await probe.put(probe.services("/web"), body)
            #expect(main.body.at("status", "loadBalancer", "ingress") == nil)
            body.set("metadata", "resourceVersion", to: .string(main.version))
            let replaced = try await probe.put(probe.services("/web/status"), body)
            #expect(replaced.status == 200)
            #expect(
                replaced.body.at("status", "loadBalancer", "ingress") == [["ip": "192.168.57.200", "ipMode": "VIP"]])
            let cleared = try await probe.merge(probe.services("/web"), ["spec": ["type": "ClusterIP"]])
            #expect(cleared.body.at("status", "loadBalancer")?.object?.isEmpty ?? true)
        }
    }

    @Test("only a load balancer has addresses in its status, and each of them is one", arguments: APIUnderTest.all)
    func serviceIngress(api: APIUnderTest) async throws {
        try await api.run { probe in
            func write(_ entry: JSONValue, to name: String) async throws -> APIProbe.Answer {
                try await probe.merge(
                    probe.services("/\(name)/status"), ["status": ["loadBalancer": ["ingress": [entry]]]])
            }
            try await probe.post(probe.services(), probe.service("inner"))
            let inner = try await write(["ip": "192.168.57.200"], to: "inner")
            #expect(inner.status == 422)
            #expect(
                inner.message
                    == "Service \"inner\" is invalid: status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"
            )
            try await probe.post(probe.services(), probe.service("web", type: "LoadBalancer"))
            for wrong: JSONValue in [["ip": "192.168.57.256"], ["hostname": "web.cluster.home", "ipMode": "VIP"]] {
                let answer = try await write(wrong, to: "web")
                #expect(answer.status == 422, "\(wrong)")
            }
            let plain = try await write(["ip": "192.168.57.200"], to: "web")
            #expect(plain.body.at("status", "loadBalancer", "ingress") == [["ip": "192.168.57.200", "ipMode": "VIP"]])
        }
    }

    @Test("a schema validates, defaults and prunes", arguments: APIUnderTest.all)
    func schema(api: APIUnderTest) async throws {
        try await api.run { probe in
            let good = try await probe.post(probe.widgets(), probe.widget("w", ["size": 5, "unknown": 1]))
            #expect(good.status == 201)
            #expect(good.body["spec"] == ["size": 5, "colour": "red"])
            for (spec, field) in [
                (["size": 0] as JSONValue, "spec.size"), (["size": 101], "spec.size"), (["colour": "red"], "spec.size"),
                (["size": 1, "colour": "green"], "spec.colour"), (["size": "big"], "spec.size"),
                (["size": 1, "tags": ["a", "a"]], "spec.tags[1]"),
            ] {
                let bad = try await probe.post(probe.widgets(), probe.widget("bad", spec))
                #expect(bad.status == 422, "\(spec)")
                #expect(bad.reason == "Invalid")
                #expect(bad.message.hasPrefix("Widget.contract.cluster.home \"bad\" is invalid: \(field): "))
                let fields = (bad.body.at("details", "causes")?.array ?? []).compactMap { $0["field"]?.string }
                #expect(fields.contains(field))
            }
        }
    }

    @Test("a Service gets its defaults and addresses", arguments: APIUnderTest.all)
    func serviceDefaults(api: APIUnderTest) async throws {
        try await api.run { probe in
            var body = probe.service("web", type: "LoadBalancer")
            body.set("spec", "ipFamilyPolicy", to: "RequireDualStack")
            let spec = try await probe.post(probe.services(), body).body["spec"] ?? [:]
            #expect(spec["ipFamilies"] == ["IPv4", "IPv6"])
            #expect(spec["clusterIPs"]?.array?.count == 2)
            #expect(spec["clusterIPs"]?.array?.first == spec["clusterIP"])
            #expect(spec["clusterIP"]?.string?.hasPrefix("10.96.") == true)
            #expect(spec["externalTrafficPolicy"] == "Cluster" && spec["internalTrafficPolicy"] == "Cluster")
            #expect(spec["allocateLoadBalancerNodePorts"] == true && spec["sessionAffinity"] == "None")
            let port = spec["ports"]?.array?.first
            #expect(port?["protocol"] == "TCP" && port?["targetPort"] == 80)
            #expect((30000...32767).contains(port?["nodePort"]?.integer ?? 0))
            let local = try await probe.merge(probe.services("/web"), ["spec": ["externalTrafficPolicy": "Local"]])
            #expect((30000...32767).contains(local.body.at("spec", "healthCheckNodePort")?.integer ?? 0))
            #expect(local.body.at("spec", "clusterIP") == spec["clusterIP"])
            let other = try await probe.post(probe.services(), probe.service("other"))
            #expect(other.body.at("spec", "ipFamilyPolicy") == "SingleStack")
            #expect(other.body.at("spec", "clusterIP") != spec["clusterIP"])
            #expect(other.body.at("spec", "externalTrafficPolicy") == nil)
            #expect(other.body.at("spec", "ports")?.array?.first?["nodePort"] == nil)
        }
    }

    @Test("a Service that cannot work is refused", arguments: APIUnderTest.all)
    func badServices(api: APIUnderTest) async throws {
        try await api.run { probe in
            func refused(_ change: (inout JSONValue) -> Void) async throws -> APIProbe.Answer {
                var body = probe.service("bad", type: "LoadBalancer")
                change(&body)
                return try await probe.post(probe.services(), body)
            }
            let noPorts = try await refused { $0.set("spec", "ports", to: []) }
            #expect(noPorts.message == "Service \"bad\" is invalid: spec.ports: Required value")
            #expect(try await refused { $0.set("spec", "ports", to: [["port": 0]]) }.status == 422)
            #expect(try await refused { $0.set("spec", "ports", to: [["port": 80], ["port": 81]]) }.status == 422)
            #expect(try await refused { $0.set("spec", "type", to: "Wrong") }.status == 422)
            #expect(try await refused { $0.set("spec", "clusterIP", to: "192.0.2.1") }.status == 422)
            #expect(try await refused { $0.set("spec", "externalTrafficPolicy", to: "Wrong") }.status == 422)
            #expect(try await refused { $0.set("spec", "ports", to: [["port": "x"]]) }.status == 400)
            try await probe.post(probe.services(), probe.service("web", type: "LoadBalancer"))
            let late = try await probe.merge(probe.services("/web"), ["spec": ["loadBalancerClass": "cluster.home/l2"]])
            #expect(late.status == 422)
            #expect(late.message.contains("spec.loadBalancerClass") && late.message.contains("may not change once set"))
        }
    }

    @Test("an Event is one object in both its APIs", arguments: APIUnderTest.all)
    func events(api: APIUnderTest) async throws {
        try await api.run { probe in
            let path = "/api/v1/namespaces/\(probe.namespace)/events"
            let created = try await probe.post(
                path,
                [
                    "metadata": ["name": "e"],
                    "involvedObject": [
                        "kind": "Service", "name": "web", "namespace": .string(probe.namespace), "apiVersion": "v1",
                    ],
                    "reason": "AddressAssigned", "message": "192.168.57.200", "type": "Normal", "count": 1,
                    "source": ["component": "herald"],
                ])
            #expect(created.status == 201)
            let other = try await probe.get("/apis/events.k8s.io/v1/namespaces/\(probe.namespace)/events/e")
            #expect(other.body["apiVersion"] == "events.k8s.io/v1")
            #expect(other.body["note"] == "192.168.57.200")
            #expect(other.body.at("regarding", "name") == "web")
            #expect(other.body["deprecatedCount"] == 1)
            let selector = "involvedObject.name%3Dweb%2CinvolvedObject.kind%3DService"
            #expect(try await probe.get("\(path)?fieldSelector=\(selector)").names == ["e"])
            #expect(try await probe.get("\(path)?fieldSelector=involvedObject.name%3Dnone").names.isEmpty)
            let patched = try await probe.merge("\(path)/e", ["count": 2])
            #expect(patched.body["count"] == 2)
        }
    }

    @Test("a secret's text is stored encoded", arguments: APIUnderTest.all)
    func secrets(api: APIUnderTest) async throws {
        try await api.run { probe in
            let path = "/api/v1/namespaces/\(probe.namespace)/secrets"
            let created = try await probe.post(
                path, ["metadata": ["name": "key"], "stringData": ["hello": "group key"]])
            #expect(created.body["data"] == ["hello": "Z3JvdXAga2V5"])
            #expect(created.body["stringData"] == nil && created.body["type"] == "Opaque")
            #expect(try await probe.post(path, ["metadata": ["name": "x"], "data": ["a": "?"]]).status == 400)
        }
    }

    @Test("discovery names what is served", arguments: APIUnderTest.all)
    func discovery(api: APIUnderTest) async throws {
        try await api.run { probe in
            let core = try await probe.get("/api/v1").body["resources"]?.array ?? []
            let services = core.first { $0["name"] == "services" }
            #expect(services?["kind"] == "Service" && services?["namespaced"] == true)
            #expect(services?["shortNames"]?.array?.contains("svc") == true)
            #expect(core.contains { $0["name"] == "services/status" })
            let groups = (try await probe.get("/apis").body["groups"]?.array ?? []).compactMap { $0["name"]?.string }
            for group in ["coordination.k8s.io", "discovery.k8s.io", "contract.cluster.home"] {
                #expect(groups.contains(group))
            }
            let custom = try await probe.get("/apis/contract.cluster.home/v1").body["resources"]?.array ?? []
            #expect(custom.contains { $0["name"] == "widgets" && $0["kind"] == "Widget" })
            #expect(try await probe.get("/version").body["major"] == "1")
            #expect(try await probe.get("/openapi/v3").body.at("paths", "api/v1") != nil)
        }
    }
}

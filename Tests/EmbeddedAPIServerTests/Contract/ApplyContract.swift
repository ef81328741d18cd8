import KubernetesModel
import ObjectStore
import Testing

/// Server-side apply: ownership by field, list maps, conflicts.
@Suite struct ApplyContract {
    private func widget(_ spec: JSONValue) -> JSONValue {
        ["apiVersion": "contract.cluster.home/v1", "kind": "Widget", "metadata": ["name": "w"], "spec": spec]
    }

    private func status(_ addresses: JSONValue) -> JSONValue {
        [
            "apiVersion": "contract.cluster.home/v1", "kind": "Widget", "metadata": ["name": "w"],
            "status": ["addresses": addresses],
        ]
    }

    @Test("applying creates, and applying again changes nothing", arguments: APIUnderTest.all)
    func create(api: APIUnderTest) async throws {
        try await api.run { probe in
            let created = try await probe.apply(probe.widgets("/w"), by: "one", widget(["size": 3]))
            #expect(created.status == 201)
            #expect(created.body.at("spec", "colour") == "red")
            let again = try await probe.apply(probe.widgets("/w"), by: "one", widget(["size": 3]))
            #expect(again.status == 200)
            #expect(again.version == created.version)
            let entry = created.body.at("metadata", "managedFields")?.array?.first
            #expect(entry?["manager"] == "one" && entry?["operation"] == "Apply")
            #expect(entry?.at("fieldsV1", "f:spec", "f:size") == [:])
            #expect(entry?.at("fieldsV1", "f:spec", "f:colour") == nil)
        }
    }

    @Test("another manager's field is a conflict, unless taken by force", arguments: APIUnderTest.all)
    func conflict(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.apply(probe.widgets("/w"), by: "one", widget(["size": 3]))
            let refused = try await probe.apply(probe.widgets("/w"), by: "two", widget(["size": 4]))
            #expect(refused.status == 409)
            #expect(refused.reason == "Conflict")
            #expect(refused.message == "Apply failed with 1 conflict: conflict with \"one\": .spec.size")
            let cause = refused.body.at("details", "causes")?.array?.first
            #expect(cause?["reason"] == "FieldManagerConflict" && cause?["field"] == ".spec.size")
            let same = try await probe.apply(probe.widgets("/w"), by: "two", widget(["size": 3]))
            #expect(same.status == 200)
            let forced = try await probe.apply(probe.widgets("/w"), by: "three", force: true, widget(["size": 5]))
            #expect(forced.body.at("spec", "size") == 5)
            let managers = (forced.body.at("metadata", "managedFields")?.array ?? []).compactMap {
                $0["manager"]?.string
            }
            #expect(managers == ["three"])
        }
    }

    @Test("a field that its only manager drops is removed; a shared one stays", arguments: APIUnderTest.all)
    func removal(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.apply(
                probe.widgets("/w"), by: "one", widget(["size": 3, "tags": ["a", "b"], "colour": "blue"]))
            try await probe.apply(probe.widgets("/w"), by: "two", widget(["size": 3, "tags": ["b", "c"]]))
            let dropped = try await probe.apply(probe.widgets("/w"), by: "one", widget(["size": 3]))
            #expect(Set(dropped.body.at("spec", "tags")?.array ?? []) == ["b", "c"])
            #expect(dropped.body.at("spec", "colour") == "red")
        }
    }

    @Test("every node writes its own entries of a list map", arguments: APIUnderTest.all)
    func listMap(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.widgets(), probe.widget("w", ["size": 1]))
            let path = probe.widgets("/w/status")
            func entry(_ address: String, _ node: String, since: String = "x") -> JSONValue {
                ["address": .string(address), "interface": "eth0", "node": .string(node), "since": .string(since)]
            }
            try await probe.apply(path, by: "node2", status([entry("192.168.57.200", "node2")]))
            try await probe.apply(
                path, by: "node3", status([entry("192.168.57.200", "node3"), entry("192.168.57.201", "node3")]))
            var read = try await probe.get(probe.widgets("/w"))
            #expect(read.body.at("status", "addresses")?.array?.count == 3)
            try await probe.apply(path, by: "node3", status([entry("192.168.57.201", "node3", since: "y")]))
            read = try await probe.get(probe.widgets("/w"))
            #expect(
                read.body.at("status", "addresses") == [
                    entry("192.168.57.200", "node2"), entry("192.168.57.201", "node3", since: "y"),
                ])
            try await probe.apply(path, by: "node3", status([]))
            read = try await probe.get(probe.widgets("/w"))
            #expect(read.body.at("status", "addresses") == [entry("192.168.57.200", "node2")])
            #expect(read.body.at("spec", "size") == 1)
        }
    }

    @Test("conditions of two managers live side by side", arguments: APIUnderTest.all)
    func conditions(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.services(), probe.service("web", type: "LoadBalancer"))
            func condition(_ type: String, _ status: String) -> JSONValue {
                [
                    "apiVersion": "v1", "kind": "Service", "metadata": ["name": "web"],
                    "status": [
                        "conditions": [
                            [
                                "type": .string(type), "status": .string(status), "reason": "Tested", "message": "",
                                "lastTransitionTime": "2026-11-21T07:28:09Z",
                            ]
                        ]
                    ],
                ]
            }
            let path = probe.services("/web/status")
            try await probe.apply(path, by: "a", condition("cluster.home/A", "True"))
            let second = try await probe.apply(path, by: "b", condition("cluster.home/B", "False"))
            let types = (second.body.at("status", "conditions")?.array ?? []).compactMap { $0["type"]?.string }
            #expect(types == ["cluster.home/A", "cluster.home/B"])
            let stolen = try await probe.apply(path, by: "b", condition("cluster.home/A", "False"))
            #expect(stolen.status == 409)
            #expect(stolen.message.contains(".status.conditions[type=\"cluster.home/A\"].status"))
        }
    }

    @Test("ports of a Service are owned one by one", arguments: APIUnderTest.all)
    func ports(api: APIUnderTest) async throws {
        try await api.run { probe in
            func service(_ name: String, _ port: Int64) -> JSONValue {
                [
                    "apiVersion": "v1", "kind": "Service", "metadata": ["name": "web"],
                    "spec": ["ports": [["name": .string(name), "port": .integer(port), "protocol": "TCP"]]],
                ]
            }
            try await probe.apply(probe.services("/web"), by: "one", service("http", 80))
            let both = try await probe.apply(probe.services("/web"), by: "two", service("https", 443))
            #expect(both.body.at("spec", "ports")?.array?.compactMap { $0["port"]?.integer } == [80, 443])
            let rest = try await probe.apply(probe.services("/web"), by: "one", service("http", 8080))
            #expect(Set(rest.body.at("spec", "ports")?.array?.compactMap { $0["port"]?.integer } ?? []) == [443, 8080])
        }
    }

    @Test("a merge patch takes the field from its applier, who then meets a conflict", arguments: APIUnderTest.all)
    func update(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.apply(probe.widgets("/w"), by: "one", widget(["size": 3]))
            try await probe.merge(probe.widgets("/w"), ["spec": ["size": 9]])
            let again = try await probe.apply(probe.widgets("/w"), by: "one", widget(["size": 3]))
            #expect(again.status == 409)
            #expect(again.message.contains("conflict with \"contract\" using contract.cluster.home/v1: .spec.size"))
        }
    }

    @Test("YAML is applied too, and a wrong request is refused", arguments: APIUnderTest.all)
    func text(api: APIUnderTest) async throws {
        try await api.run { probe in
            let yaml = """
                apiVersion: contract.cluster.home/v1
                kind: Widget
                metadata:
                  name: w
                spec:
                  size: 4
                  tags: ["7", 'true']
                """
            let created = try await probe.call(
                probe.request(
                    "PATCH", probe.widgets("/w?fieldManager=one"), Array(yaml.utf8),
                    type: "application/apply-patch+yaml"))
            #expect(created.status == 201)
            #expect(created.body.at("spec", "tags") == ["7", "true"])
            let anonymous = try await probe.call(
                "PATCH", probe.widgets("/w"), widget(["size": 4]), type: "application/apply-patch+yaml")
            #expect([400, 422].contains(anonymous.status))
            let other = try await probe.apply(
                probe.widgets("/w"), by: "one", ["apiVersion": "v1", "kind": "Widget", "metadata": ["name": "w"]])
            #expect(other.status == 400)
        }
    }
}

import KubernetesModel
import ObjectStore
import Testing

/// The three patch types that carry changes.
@Suite struct PatchContract {
    @Test("a merge patch sets, adds and removes", arguments: APIUnderTest.all)
    func merge(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.configMaps(), probe.configMap("a", data: ["keep": "1", "drop": "2"]))
            let patched = try await probe.merge(
                probe.configMaps("/a"), ["data": ["drop": .null, "new": "3"], "metadata": ["annotations": ["n": "v"]]])
            #expect(patched.status == 200)
            #expect(patched.body["data"] == ["keep": "1", "new": "3"])
            #expect(patched.body.at("metadata", "annotations", "n") == "v")
        }
    }

    @Test("a patch with an old version is refused", arguments: APIUnderTest.all)
    func stale(api: APIUnderTest) async throws {
        try await api.run { probe in
            let created = try await probe.post(probe.configMaps(), probe.configMap("a"))
            try await probe.merge(probe.configMaps("/a"), ["data": ["a": "2"]])
            let stale = try await probe.merge(
                probe.configMaps("/a"), ["metadata": ["resourceVersion": .string(created.version)], "data": ["a": "3"]])
            #expect(stale.status == 409)
            #expect(stale.reason == "Conflict")
            #expect(try await probe.merge(probe.configMaps("/none"), ["data": [:]]).status == 404)
        }
    }

    @Test("a JSON patch is all or nothing", arguments: APIUnderTest.all)
    func json(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.configMaps(), probe.configMap("a", data: ["x": "1", "a.b": "2"]))
            func patch(_ operations: JSONValue) async throws -> APIProbe.Answer {
                try await probe.call("PATCH", probe.configMaps("/a"), operations, type: "application/json-patch+json")
            }
            let patched = try await patch([
                ["op": "test", "path": "/data/x", "value": "1"], ["op": "replace", "path": "/data/x", "value": "9"],
                ["op": "remove", "path": "/data/a.b"], ["op": "add", "path": "/data/y", "value": "z"],
                ["op": "add", "path": "/metadata/annotations", "value": [:]],
                ["op": "add", "path": "/metadata/annotations/example.com~1a", "value": "b"],
            ])
            #expect(patched.body.at("metadata", "annotations", "example.com/a") == "b")
            #expect(patched.body["data"] == ["x": "9", "y": "z"])
            let failed = try await patch([
                ["op": "replace", "path": "/data/x", "value": "0"],
                ["op": "test", "path": "/data/y", "value": "wrong"],
            ])
            #expect(failed.status == 422)
            #expect(failed.reason == "Invalid")
            #expect(try await probe.get(probe.configMaps("/a")).body.at("data", "x") == "9")
        }
    }

    @Test("a strategic merge patch merges ports by number", arguments: APIUnderTest.all)
    func strategic(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.services(), probe.service("web"))
            func patch(_ body: JSONValue) async throws -> APIProbe.Answer {
                try await probe.call(
                    "PATCH", probe.services("/web"), body, type: "application/strategic-merge-patch+json")
            }
            let added = try await patch(["spec": ["ports": [["name": "https", "port": 443]]]])
            #expect(added.status == 200)
            // The server decides the order of merged lists.
            let ports = Set((added.body.at("spec", "ports")?.array ?? []).compactMap { $0["port"]?.integer })
            #expect(ports == [80, 443])
            let removed = try await patch(["spec": ["ports": [["port": 80, "$patch": "delete"]]]])
            #expect(removed.body.at("spec", "ports")?.array?.compactMap { $0["port"]?.integer } == [443])
        }
    }

    @Test("a custom resource takes no strategic merge patch", arguments: APIUnderTest.all)
    func unsupported(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.widgets(), probe.widget("w", ["size": 1]))
            let answer = try await probe.call(
                "PATCH", probe.widgets("/w"), ["spec": ["size": 2]], type: "application/strategic-merge-patch+json")
            #expect(answer.status == 415)
            #expect(answer.reason == "UnsupportedMediaType")
            #expect(try await probe.merge(probe.widgets("/w"), ["spec": ["size": 2]]).body.at("spec", "size") == 2)
        }
    }
}

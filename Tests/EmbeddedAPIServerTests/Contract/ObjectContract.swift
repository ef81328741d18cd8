import KubernetesModel
import ObjectStore
import Testing

/// One object's life: create, read, replace, delete.
@Suite struct ObjectContract {
    @Test("a created object gets a UID, a version and a time, and reads back", arguments: APIUnderTest.all)
    func create(api: APIUnderTest) async throws {
        try await api.run { probe in
            let created = try await probe.post(probe.configMaps(), probe.configMap("one", labels: ["app": "x"]))
            #expect(created.status == 201)
            #expect(created.body.at("metadata", "uid")?.string?.count == 36)
            #expect(created.body.at("metadata", "namespace")?.string == probe.namespace)
            #expect(Timestamp(created.body.at("metadata", "creationTimestamp")?.string ?? "") != nil)
            let read = try await probe.get(probe.configMaps("/one"))
            #expect(read.status == 200)
            #expect(read.body == created.body)
        }
    }

    @Test("a second object of the same name is refused", arguments: APIUnderTest.all)
    func duplicate(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.configMaps(), probe.configMap("one"))
            let again = try await probe.post(probe.configMaps(), probe.configMap("one"))
            #expect(again.status == 409)
            #expect(again.reason == "AlreadyExists")
            #expect(again.message == "configmaps \"one\" already exists")
        }
    }

    @Test("generateName makes different names", arguments: APIUnderTest.all)
    func generateName(api: APIUnderTest) async throws {
        try await api.run { probe in
            let body: JSONValue = ["metadata": ["generateName": "job-"], "data": [:]]
            let first = try await probe.post(probe.configMaps(), body)
            let second = try await probe.post(probe.configMaps(), body)
            let names = [first, second].map { $0.body.at("metadata", "name")?.string ?? "" }
            #expect(first.status == 201)
            #expect(names.allSatisfy { $0.hasPrefix("job-") && $0.count == 9 })
            #expect(names[0] != names[1])
        }
    }

    @Test(
        "a body that cannot be an object of the kind is refused with a reason",
        arguments: APIUnderTest.all, BadBody.allCases)
    func refused(api: APIUnderTest, bad: BadBody) async throws {
        try await api.run { probe in
            let answer = try await probe.post(probe.configMaps(), bad.body)
            #expect(answer.status == bad.status)
            #expect(answer.reason == bad.reason)
            #expect(answer.body["kind"]?.string == "Status")
            #expect(answer.body["status"]?.string == "Failure")
        }
    }

    enum BadBody: CaseIterable, Sendable {
        case noName, badName, badLabel, otherKind, otherNamespace, hasVersion

        var body: JSONValue {
            switch self {
            case .noName: ["metadata": [:]]
            case .badName: ["metadata": ["name": "Upper_Case"]]
            case .badLabel: ["metadata": ["name": "x", "labels": ["app": "not valid"]]]
            case .otherKind: ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "x"]]
            case .otherNamespace: ["metadata": ["name": "x", "namespace": "elsewhere"]]
            case .hasVersion: ["metadata": ["name": "x", "resourceVersion": "5"]]
            }
        }

        var status: Int { [.noName, .badName, .badLabel].contains(self) ? 422 : self == .hasVersion ? 500 : 400 }
        var reason: String {
            [.noName, .badName, .badLabel].contains(self) ? "Invalid" : self == .hasVersion ? "" : "BadRequest"
        }
    }

    @Test("an absent object, namespace and resource are not found", arguments: APIUnderTest.all)
    func absent(api: APIUnderTest) async throws {
        try await api.run { probe in
            let object = try await probe.get(probe.configMaps("/none"))
            #expect(object.status == 404)
            #expect(object.message == "configmaps \"none\" not found")
            #expect(object.body.at("details", "kind")?.string == "configmaps")
            let namespace = try await probe.post("/api/v1/namespaces/absent/configmaps", probe.configMap("x"))
            #expect(namespace.status == 404)
            #expect(namespace.message == "namespaces \"absent\" not found")
            #expect(try await probe.get("/apis/none.example/v1/things").status == 404)
        }
    }

    @Test("replacing needs the newest version", arguments: APIUnderTest.all)
    func replace(api: APIUnderTest) async throws {
        try await api.run { probe in
            let created = try await probe.post(probe.configMaps(), probe.configMap("one"))
            var body = created.body
            body["data"] = ["a": "2"]
            let replaced = try await probe.put(probe.configMaps("/one"), body)
            #expect(replaced.status == 200)
            #expect(replaced.version != created.version)
            body["data"] = ["a": "3"]
            let stale = try await probe.put(probe.configMaps("/one"), body)
            #expect(stale.status == 409)
            #expect(stale.reason == "Conflict")
            #expect(stale.message.contains("the object has been modified"))
            body.set("metadata", "resourceVersion", to: nil)
            #expect(try await probe.put(probe.configMaps("/one"), body).status == 200)
        }
    }

    @Test("a write that changes nothing makes no version", arguments: APIUnderTest.all)
    func unchanged(api: APIUnderTest) async throws {
        try await api.run { probe in
            let created = try await probe.post(probe.configMaps(), probe.configMap("one"))
            let same = try await probe.merge(probe.configMaps("/one"), ["data": ["a": "1"]])
            #expect(same.version == created.version)
        }
    }

    @Test("a dry run changes nothing", arguments: APIUnderTest.all)
    func dryRun(api: APIUnderTest) async throws {
        try await api.run { probe in
            let dry = try await probe.post(probe.configMaps("?dryRun=All"), probe.configMap("one"))
            #expect(dry.status == 201)
            #expect(try await probe.get(probe.configMaps("/one")).status == 404)
        }
    }

    @Test("deleting answers with the object's identity, and honours preconditions", arguments: APIUnderTest.all)
    func delete(api: APIUnderTest) async throws {
        try await api.run { probe in
            let created = try await probe.post(probe.configMaps(), probe.configMap("one"))
            let refused = try await probe.delete(probe.configMaps("/one"), ["preconditions": ["uid": "other"]])
            #expect(refused.status == 409)
            let deleted = try await probe.delete(probe.configMaps("/one"))
            #expect(deleted.status == 200)
            #expect(deleted.body["status"]?.string == "Success")
            #expect(deleted.body.at("details", "uid") == created.body.at("metadata", "uid"))
            #expect(try await probe.delete(probe.configMaps("/one")).status == 404)
        }
    }

    @Test("finalizers hold an object until the last one is removed", arguments: APIUnderTest.all)
    func finalizers(api: APIUnderTest) async throws {
        try await api.run { probe in
            var body = probe.configMap("held")
            body.set("metadata", "finalizers", to: ["cluster.home/hold"])
            try await probe.post(probe.configMaps(), body)
            let deleted = try await probe.delete(probe.configMaps("/held"))
            #expect(deleted.body.at("metadata", "deletionTimestamp") != nil)
            #expect(try await probe.get(probe.configMaps("/held")).status == 200)
            try await probe.merge(probe.configMaps("/held"), ["metadata": ["finalizers": .null]])
            #expect(try await probe.get(probe.configMaps("/held")).status == 404)
        }
    }

    @Test("a whole collection is deleted by selector", arguments: APIUnderTest.all)
    func deleteCollection(api: APIUnderTest) async throws {
        try await api.run { probe in
            for name in ["a", "b", "c"] {
                try await probe.post(
                    probe.configMaps(), probe.configMap(name, labels: ["keep": .string("\(name == "c")")]))
            }
            #expect(try await probe.delete(probe.configMaps("?labelSelector=keep%3Dfalse")).status == 200)
            #expect(try await probe.get(probe.configMaps("?labelSelector=keep")).names == ["c"])
        }
    }
}

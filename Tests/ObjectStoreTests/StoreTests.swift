import KubernetesModel
import ObjectStore
import SeededRandom
import Testing

/// The store against a model of itself.
@Suite struct StoreTests {
    private static let definition = ResourceDefinition(
        ResourceType(group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", isNamespaced: true))

    private func request(_ name: String, namespace: String = "default", manager: String = "test") -> WriteRequest {
        WriteRequest(
            Self.definition, ObjectKey(namespace: namespace, name: name), manager: manager, now: Timestamp(seconds: 1),
            uid: "uid-\(name)")
    }

    private func write(_ store: inout ObjectStore, _ name: String, _ value: Int64, namespace: String = "default") throws
    {
        let key = ObjectKey(namespace: namespace, name: name)
        let object: JSONValue = ["metadata": ["name": .string(name)], "data": ["n": .string("\(value)")]]
        let request = request(name, namespace: namespace)
        if store.value("configmaps", key) == nil {
            _ = try store.create(object, request) { (_, _) throws(APIFailure) in }
        } else {
            _ = try store.update(request) { (old) throws(APIFailure) in
                MergePatch.apply(["data": ["n": .string("\(value)")]], to: old)
            } admit: { (_, _) throws(APIFailure) in
            }
        }
    }

    /// A thousand random steps; returns the store and, for every version, what existed then.
    private func history(seed: UInt64, steps: Int, check: (ObjectStore) throws -> Void = { _ in }) throws -> ObjectStore
    {
        var generator = SeededGenerator(seed: seed)
        var store = ObjectStore(logLimit: 10_000)
        for step in 0..<steps {
            let name = "n\(Int.random(in: 0..<20, using: &generator))"
            let namespace = Bool.random(using: &generator) ? "a" : "b"
            let key = ObjectKey(namespace: namespace, name: name)
            if Int.random(in: 0..<4, using: &generator) == 0, store.value("configmaps", key) != nil {
                _ = try store.delete(request(name, namespace: namespace))
            } else {
                try write(&store, name, Int64(step), namespace: namespace)
            }
            try check(store)
        }
        return store
    }

    @Test("a list of an earlier version shows exactly what existed then", arguments: 1...5)
    func snapshots(seed: UInt64) throws {
        var then: [UInt64: [JSONValue]] = [:]
        let store = try history(seed: seed, steps: 200) { then[$0.version] = $0.values("configmaps") }
        for (version, values) in then {
            var list = ListRequest(storage: "configmaps")
            list.exactly = version
            #expect(try store.list(list).objects.map(\.value) == values, "seed \(seed), version \(version)")
        }
    }

    @Test("pages of any size, taken while objects change, add up to the first page's version", arguments: 1...5)
    func pages(seed: UInt64) throws {
        var store = try history(seed: seed, steps: 60)
        let expected = store.values("configmaps").compactMap { $0.at("metadata", "uid") }
        let versions = store.values("configmaps")
        var list = ListRequest(storage: "configmaps")
        list.limit = 1 + Int(seed)
        var found: [JSONValue] = []
        var step: Int64 = 1000
        while true {
            let page = try store.list(list)
            found += page.objects.map(\.value)
            guard let next = page.continue else { break }
            list.continue = try ContinueToken(next.text)
            try write(&store, "n\(step % 20)", step, namespace: "a")
            if let key = store.keys("configmaps").last, step.isMultiple(of: 2) {
                _ = try store.delete(request(key.name, namespace: key.namespace))
            }
            step += 1
        }
        #expect(found == versions, "seed \(seed)")
        #expect(found.count == expected.count)
    }

    @Test("a replica that follows the changes ends where the store is", arguments: 1...5)
    func replica(seed: UInt64) throws {
        let store = try history(seed: seed, steps: 300)
        var replica: [ObjectKey: JSONValue] = [:]
        var version: UInt64 = 0
        while let changes = store.changes("configmaps", after: version, limit: 7), let last = changes.last {
            for change in changes {
                #expect(change.version > version || change.version == changes.first?.version)
                #expect((replica[change.object.key] == nil) == (change.previous == nil))
                if change.isDeletion {
                    replica.removeValue(forKey: change.object.key)
                } else {
                    replica[change.object.key] = change.object.value
                }
            }
            version = last.version
        }
        #expect(version == store.version)
        #expect(store.keys("configmaps").map { replica[$0] } == store.values("configmaps"))
        #expect(replica.count == store.count("configmaps"))
    }

    @Test("what the journal has said restores the store", arguments: 1...3)
    func journal(seed: UInt64) throws {
        var store = try history(seed: seed, steps: 200)
        var restored = ObjectStore()
        for entry in store.takeJournal() { try restored.restore(entry) }
        restored.compact()
        #expect(restored.version == store.version)
        #expect(restored.values("configmaps") == store.values("configmaps"))
        #expect(restored.changes("configmaps", after: store.version - 1, limit: 1) == nil)
        var again = ObjectStore()
        for entry in store.snapshot() { try again.restore(entry) }
        #expect(again.values("configmaps") == store.values("configmaps"))
    }

    @Test("history is bounded, and what is forgotten is refused rather than guessed")
    func bounded() throws {
        var store = ObjectStore(logLimit: 16)
        for number in 0..<100 { try write(&store, "n", Int64(number)) }
        #expect(store.changes("configmaps", after: 2, limit: 10) == nil)
        #expect(store.changes("configmaps", after: store.version - 3, limit: 10)?.count == 3)
        var list = ListRequest(storage: "configmaps")
        list.exactly = 5
        #expect { try store.list(list) } throws: { ($0 as? APIFailure)?.code == 410 }
        list.exactly = 5000
        #expect { try store.list(list) } throws: { ($0 as? APIFailure)?.code == 504 }
    }

    @Test(
        "a fieldsV1 set survives its text",
        arguments: [
            #"{"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{}}}}}"#,
            #"{"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:data":{}}"#, #"{"f:tags":{"v:\"x\"":{}}}"#,
        ])
    func fieldSets(text: String) throws {
        let set = FieldSet(fieldsV1: try json(text))
        #expect(set.fieldsV1 == (try json(text)))
        #expect(set.subtracting(set).isEmpty)
        #expect(set.union(set) == set)
        #expect(set.intersection(set) == set)
    }

    @Test("managers of updates are bounded")
    func managers() throws {
        var store = ObjectStore()
        try write(&store, "n", 0)
        for number in 0..<30 {
            let request = request("n", manager: "writer-\(number)")
            _ = try store.update(request) { (old) throws(APIFailure) in
                MergePatch.apply(["data": ["field-\(number)": "x"]], to: old)
            } admit: { (_, _) throws(APIFailure) in
            }
        }
        let fields = store.value("configmaps", ObjectKey(namespace: "default", name: "n"))?.at(
            "metadata", "managedFields")
        #expect(fields?.array?.count == 10)
        #expect(fields?.array?.contains { $0["manager"] == "ancient-changes" } == true)
    }

    @Test(
        "a label selector that cannot be read is refused",
        arguments: [
            "a b", "a in b", "a in (b", "=x", "!=x", "a=b c", "a>x", "(((", "a,,b c", "a notinn (b)", "-a",
        ])
    func refusedSelectors(text: String) {
        #expect(throws: APIFailure.self) { try LabelQuery(text) }
    }
}

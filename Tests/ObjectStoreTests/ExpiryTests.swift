import KubernetesModel
import ObjectStore
import Testing

/// Objects that live for a fixed time after their last write: Events.
@Suite struct ExpiryTests {
    private static let hour: Int64 = 3600
    private static let definition: ResourceDefinition = {
        var definition = ResourceDefinition(
            ResourceType(group: "", version: "v1", kind: "Event", plural: "events", isNamespaced: true))
        definition.secondsToLive = hour
        return definition
    }()

    private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "default", name: name) }

    private func write(_ store: inout ObjectStore, _ name: String, count: Int64 = 1, at seconds: Int64) throws {
        let request = WriteRequest(
            Self.definition, key(name), manager: "test", now: Timestamp(seconds: seconds), uid: "uid-\(name)")
        if store.value("events", key(name)) == nil {
            _ = try store.create(["count": .integer(count)], request) { (_, _) throws(APIFailure) in }
        } else {
            _ = try store.update(request) { (old) throws(APIFailure) in
                MergePatch.apply(["count": .integer(count)], to: old)
            } admit: { (_, _) throws(APIFailure) in
            }
        }
    }

    @Test("an Event is removed an hour after its last write, and watchers see that")
    func lastWrite() throws {
        var store = ObjectStore()
        try write(&store, "once", at: 1000)
        try write(&store, "again", at: 1000)
        try write(&store, "again", count: 2, at: 3000)
        store.expire(at: Timestamp(seconds: 1000 + Self.hour - 1))
        #expect(store.count("events") == 2)
        let version = store.version
        store.expire(at: Timestamp(seconds: 1000 + Self.hour))
        #expect(store.keys("events").map(\.name) == ["again"])
        let changes = try #require(store.changes("events", after: version, limit: 10))
        #expect(changes.map(\.isDeletion) == [true])
        #expect(changes.map(\.object.key.name) == ["once"])
        store.expire(at: Timestamp(seconds: 3000 + Self.hour))
        #expect(store.count("events") == 0)
    }

    @Test("a name used again after a deletion lives for its own hour")
    func reuse() throws {
        var store = ObjectStore()
        try write(&store, "a", at: 0)
        _ = try store.delete(
            WriteRequest(Self.definition, key("a"), manager: "test", now: Timestamp(seconds: 10), uid: ""))
        try write(&store, "a", at: 20)
        store.expire(at: Timestamp(seconds: Self.hour + 19))
        #expect(store.count("events") == 1)
        store.expire(at: Timestamp(seconds: Self.hour + 20))
        #expect(store.count("events") == 0)
    }

    @Test("a server that runs for a week keeps an hour of Events, and no more")
    func bounded() throws {
        var store = ObjectStore(logLimit: 100)
        for minute in 0..<(7 * 24 * 60) as Range<Int64> {
            try write(&store, "e\(minute)", at: minute * 60)
            store.expire(at: Timestamp(seconds: minute * 60))
            #expect(store.count("events") <= 60)
        }
        #expect(store.count("events") == 60)
    }

    @Test("a restart does not give an Event more time")
    func restart() throws {
        var store = ObjectStore()
        try write(&store, "old", at: 1000)
        try write(&store, "old", count: 2, at: 2000)
        var restored = ObjectStore()
        for entry in store.snapshot() { try restored.restore(entry) }
        restored.compact()
        restored.resumeExpiry(of: Self.definition)
        restored.expire(at: Timestamp(seconds: 2000 + Self.hour - 1))
        #expect(restored.count("events") == 1)
        restored.expire(at: Timestamp(seconds: 2000 + Self.hour))
        #expect(restored.count("events") == 0)
        #expect(restored.takeJournal().last?.encoded == nil)
    }
}

public import KubernetesModel

/// Versioned objects as JSON values, with the recent history that watches and paged lists read.
///
/// A pure value: time, identities and admission rules come in with each call, and what must be made durable goes out
/// through ``takeJournal()``. One version counter serves all collections, as in etcd. Reads by key are O(1), lists
/// O(result), writes O(object) plus the insertion into a sorted array of keys; history is bounded per collection.
public struct ObjectStore: Sendable {
    /// The version of the last change.
    public private(set) var version: UInt64
    private var collections: [String: ObjectCollection] = [:]
    private var journal: [JournalEntry] = []
    private let logLimit: Int
    /// By collection, what will expire, in the order of the deadlines.
    var expirations: [String: ExpirationQueue] = [:]

    /// What a restart must find again.
    public struct JournalEntry: Sendable {
        public let storage: String
        public let key: ObjectKey
        public let version: UInt64
        /// The JSON text; `nil` for a deletion.
        public let encoded: [UInt8]?

        public init(storage: String, key: ObjectKey, version: UInt64, encoded: [UInt8]?) {
            (self.storage, self.key, self.version, self.encoded) = (storage, key, version, encoded)
        }
    }

    /// - Parameter logLimit: changes remembered per collection; a watch that falls further behind gets 410.
    public init(version: UInt64 = 1, logLimit: Int = 8192) {
        (self.version, self.logLimit) = (version, logLimit)
    }

    // MARK: Durability

    public mutating func takeJournal() -> [JournalEntry] {
        defer { journal.removeAll(keepingCapacity: true) }
        return journal
    }

    /// Repeats one journal entry; entries must come in the order of their versions.
    public mutating func restore(_ entry: JournalEntry) throws(JSONParser.Failure) {
        if let encoded = entry.encoded {
            let value = try JSONParser.parse(encoded)
            _ = collections[entry.storage, default: ObjectCollection(logLimit: logLimit)]
                .put(value, key: entry.key, version: entry.version)
        } else {
            _ = collections[entry.storage, default: ObjectCollection(logLimit: logLimit)]
                .remove(entry.key, last: .null, version: entry.version)
        }
        version = max(version, entry.version)
    }

    /// Everything that exists now, for a snapshot.
    public func snapshot() -> [JournalEntry] {
        collections.flatMap { storage, collection in
            collection.keys.compactMap { key in
                collection.objects[key].map {
                    JournalEntry(storage: storage, key: key, version: $0.stored.version, encoded: $0.stored.encoded)
                }
            }
        }.sorted { $0.version < $1.version }
    }

    /// Forgets all history now: every watch that is not up to date, and every paged list, gets 410.
    public mutating func compact() {
        for name in collections.keys { collections[name]?.forgetHistory(through: version) }
    }

    // MARK: Reading

    public func value(_ storage: String, _ key: ObjectKey) -> JSONValue? {
        collections[storage]?.objects[key]?.value
    }

    package func object(_ storage: String, _ key: ObjectKey) -> (stored: StoredObject, value: JSONValue)? {
        collections[storage]?.objects[key].map { ($0.stored, $0.value) }
    }

    public func values(_ storage: String, namespace: String? = nil) -> [JSONValue] {
        keys(storage, namespace: namespace).compactMap { collections[storage]?.objects[$0]?.value }
    }

    public func count(_ storage: String) -> Int { collections[storage]?.keys.count ?? 0 }

    /// The keys in order, of one namespace or of all.
    public func keys(_ storage: String, namespace: String? = nil) -> ArraySlice<ObjectKey> {
        guard let collection = collections[storage] else { return [] }
        guard let namespace, !namespace.isEmpty else { return collection.keys[...] }
        let start = collection.position(of: ObjectKey(namespace: namespace, name: ""))
        let end = collection.position(of: ObjectKey(namespace: namespace + "\u{0}", name: ""))
        return collection.keys[start..<end]
    }

    /// The changes after a version, at most `limit` of them; `nil` when the version is older than the history.
    package func changes(_ storage: String, after version: UInt64, limit: Int) -> [StoredChange]? {
        guard let collection = collections[storage] else { return [] }
        return collection.changes(after: version, limit: limit)
    }

    package func past(_ storage: String, at version: UInt64) -> [ObjectKey: StoredObject?]? {
        guard let collection = collections[storage] else { return [:] }
        return collection.past(at: version)
    }

    package func compacted(_ storage: String) -> UInt64 { collections[storage]?.compacted ?? 0 }

    // MARK: Changing

    mutating func commit(_ value: JSONValue, _ storage: String, _ key: ObjectKey) -> StoredObject {
        version += 1
        var value = value
        value.set("metadata", "resourceVersion", to: .string(String(version)))
        let change = collections[storage, default: ObjectCollection(logLimit: logLimit)].put(
            value, key: key, version: version)
        journal.append(JournalEntry(storage: storage, key: key, version: version, encoded: change.object.encoded))
        return change.object
    }

    mutating func commitRemoval(_ storage: String, _ key: ObjectKey, last: JSONValue) -> StoredObject {
        version += 1
        var last = last
        last.set("metadata", "resourceVersion", to: .string(String(version)))
        let change = collections[storage, default: ObjectCollection(logLimit: logLimit)]
            .remove(key, last: last, version: version)
        journal.append(JournalEntry(storage: storage, key: key, version: version, encoded: nil))
        return change.object
    }
}

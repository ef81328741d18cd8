public import KubernetesModel

/// Objects of one collection that live for a fixed time after their last write. An entry that a later write has
/// overtaken is passed over when its turn comes.
struct ExpirationQueue: Sendable {
    private struct Entry: Sendable {
        let deadline: Timestamp
        let key: ObjectKey
        let version: UInt64
    }

    private var entries: [Entry] = []
    /// Entries before it are done with; they are removed in bulk.
    private var first = 0

    mutating func add(_ key: ObjectKey, _ version: UInt64, deadline: Timestamp) {
        entries.append(Entry(deadline: deadline, key: key, version: version))
    }

    /// The next entry that is due.
    mutating func next(at now: Timestamp) -> (key: ObjectKey, version: UInt64)? {
        guard first < entries.count, entries[first].deadline <= now else { return nil }
        let entry = entries[first]
        first += 1
        if first * 2 > entries.count {
            entries.removeFirst(first)
            first = 0
        }
        return (entry.key, entry.version)
    }
}

extension ObjectStore {
    /// Removes what has outlived its time, as etcd does with Events; watchers see a deletion. Constant time per object.
    public mutating func expire(at now: Timestamp) {
        for storage in Array(expirations.keys) {
            while let (key, version) = expirations[storage]?.next(at: now) {
                guard let current = object(storage, key), current.stored.version == version else { continue }
                _ = commitRemoval(storage, key, last: current.value)
            }
        }
    }

    /// After a restart: the time of what was restored counts on from its last write, as far as the object tells it.
    public mutating func resumeExpiry(of definition: ResourceDefinition) {
        expirations[definition.storage] = nil
        let objects = keys(definition.storage).compactMap { key in
            object(definition.storage, key).map { (key, $0.stored.version, Self.lastWrite($0.value)) }
        }
        for (key, version, time) in objects.sorted(by: { $0.2 < $1.2 }) {
            expire(key, version, definition, lastWrite: time)
        }
    }

    mutating func expire(_ key: ObjectKey, _ version: UInt64, _ definition: ResourceDefinition, lastWrite: Timestamp) {
        guard let seconds = definition.secondsToLive else { return }
        let deadline = Timestamp(microseconds: lastWrite.microseconds + seconds * 1_000_000)
        expirations[definition.storage, default: ExpirationQueue()].add(key, version, deadline: deadline)
    }

    private static func lastWrite(_ object: JSONValue) -> Timestamp {
        let fields = object.at("metadata", "managedFields")?.array ?? []
        let times = fields.map { $0["time"] } + [object.at("metadata", "creationTimestamp")]
        return times.compactMap { $0?.string.flatMap { Timestamp($0) } }.max() ?? Timestamp(microseconds: 0)
    }
}

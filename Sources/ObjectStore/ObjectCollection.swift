package import KubernetesModel

/// One version of one object; its JSON text is made once, and shared by every list and watch that sends it.
package final class StoredObject: Sendable {
    package let key: ObjectKey
    package let version: UInt64
    package let labels: [String: String]
    package let encoded: [UInt8]

    init(key: ObjectKey, version: UInt64, value: JSONValue) {
        (self.key, self.version) = (key, version)
        labels = (value.at("metadata", "labels")?.object ?? [:]).compactMapValues(\.string)
        encoded = value.jsonBytes
    }

    /// Parsed again from the text; for the rare reader that needs an older version's fields.
    package var value: JSONValue { (try? JSONParser.parse(encoded)) ?? .null }
}

/// One step of a collection's history.
package struct StoredChange: Sendable {
    package let version: UInt64
    /// The object after the change; of a deletion its last state, with the version of the deletion.
    package let object: StoredObject
    package let previous: StoredObject?
    package let isDeletion: Bool
}

/// All objects of one resource, in the order of their keys, with the recent past.
package struct ObjectCollection: Sendable {
    struct Current: Sendable {
        let stored: StoredObject
        let value: JSONValue
    }

    private(set) var objects: [ObjectKey: Current] = [:]
    private(set) var keys: [ObjectKey] = []
    private(set) var log: [StoredChange] = []
    /// Changes up to this version have been forgotten.
    private(set) var compacted: UInt64 = 0
    private let logLimit: Int

    init(logLimit: Int) { self.logLimit = max(1, logLimit) }

    mutating func put(_ value: JSONValue, key: ObjectKey, version: UInt64) -> StoredChange {
        let stored = StoredObject(key: key, version: version, value: value)
        let previous = objects.updateValue(Current(stored: stored, value: value), forKey: key)
        if previous == nil { keys.insert(key, at: position(of: key)) }
        let change = StoredChange(version: version, object: stored, previous: previous?.stored, isDeletion: false)
        append(change)
        return change
    }

    mutating func remove(_ key: ObjectKey, last: JSONValue, version: UInt64) -> StoredChange {
        let previous = objects.removeValue(forKey: key)
        let place = position(of: key)
        if place < keys.count, keys[place] == key { keys.remove(at: place) }
        let stored = StoredObject(key: key, version: version, value: last)
        let change = StoredChange(version: version, object: stored, previous: previous?.stored, isDeletion: true)
        append(change)
        return change
    }

    private mutating func append(_ change: StoredChange) {
        log.append(change)
        // A quarter over the limit before anything moves: the cost per change stays constant.
        if log.count > logLimit + logLimit / 4 { compact(keeping: logLimit) }
    }

    mutating func compact(keeping count: Int) {
        let dropped = log.count - count
        guard dropped > 0 else { return }
        compacted = log[dropped - 1].version
        log.removeFirst(dropped)
    }

    mutating func forgetHistory(through version: UInt64) {
        log.removeAll()
        compacted = max(compacted, version)
    }

    /// The first place whose key is not below.
    func position(of key: ObjectKey) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The changes after a version, oldest first, at most `limit`; `nil` when they have been forgotten.
    func changes(after version: UInt64, limit: Int) -> [StoredChange]? {
        guard version >= compacted else { return nil }
        let start = firstChange(after: version)
        // A copy of the few: a slice would keep the whole log, and the next change would copy all of it.
        return Array(log[start..<min(log.count, start + limit)])
    }

    private func firstChange(after version: UInt64) -> Int {
        var (low, high) = (0, log.count)
        while low < high {
            let middle = (low + high) / 2
            if log[middle].version <= version { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// What changed since a version, as it was then: `nil` for an object that did not exist.
    func past(at version: UInt64) -> [ObjectKey: StoredObject?]? {
        guard version >= compacted else { return nil }
        var past: [ObjectKey: StoredObject?] = [:]
        for change in log[firstChange(after: version)...] where past[change.object.key] == nil {
            past[change.object.key] = .some(change.previous)
        }
        return past
    }
}

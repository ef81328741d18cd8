package import KubernetesModel

/// Who owns which field of an object (`metadata.managedFields`), and the rules of server-side apply over it.
package struct ManagedFields: Sendable {
    package struct Manager: Sendable, Hashable {
        var name: String
        var operation: String
        var apiVersion: String
        var subresource: String
    }

    struct Entry: Sendable {
        var manager: Manager
        var time: String
        var fields: FieldSet
    }

    var entries: [Entry] = []

    /// More update entries than this are merged into one, so that an object written by many clients stays bounded.
    static let updateLimit = 10

    package init(_ value: JSONValue?) {
        for element in value?.array ?? [] {
            guard let name = element["manager"]?.string, let operation = element["operation"]?.string else { continue }
            entries.append(
                Entry(
                    manager: Manager(
                        name: name, operation: operation, apiVersion: element["apiVersion"]?.string ?? "",
                        subresource: element["subresource"]?.string ?? ""),
                    time: element["time"]?.string ?? "", fields: FieldSet(fieldsV1: element["fieldsV1"] ?? [:])))
        }
    }

    package var json: JSONValue? {
        guard !entries.isEmpty else { return nil }
        let sorted = entries.sorted { a, b in
            (a.manager.operation, a.time, a.manager.name, a.manager.subresource)
                < (b.manager.operation, b.time, b.manager.name, b.manager.subresource)
        }
        return .array(
            sorted.map { entry in
                var members: [String: JSONValue] = [
                    "manager": .string(entry.manager.name), "operation": .string(entry.manager.operation),
                    "apiVersion": .string(entry.manager.apiVersion), "fieldsType": "FieldsV1",
                    "fieldsV1": entry.fields.fieldsV1, "time": .string(entry.time),
                ]
                if !entry.manager.subresource.isEmpty { members["subresource"] = .string(entry.manager.subresource) }
                return .object(members)
            })
    }

    /// A write that is no apply: what changed belongs to the writer now, what went belongs to nobody.
    package mutating func record(_ changes: FieldChanges, by manager: Manager, at time: String) {
        guard !changes.isEmpty else { return }
        for index in entries.indices {
            entries[index].fields = entries[index].fields.subtracting(changes.removed)
            if entries[index].manager != manager {
                entries[index].fields = entries[index].fields.subtracting(changes.changed)
            }
        }
        if let index = entries.firstIndex(where: { $0.manager == manager }) {
            if !changes.changed.isEmpty {
                entries[index].fields = entries[index].fields.union(changes.changed)
                entries[index].time = time
            }
        } else if !changes.changed.isEmpty {
            entries.append(Entry(manager: manager, time: time, fields: changes.changed))
        }
        entries.removeAll { $0.fields.isEmpty }
        bound()
    }

    private mutating func bound() {
        let updates = entries.indices.filter { entries[$0].manager.operation == "Update" }
        guard updates.count > Self.updateLimit else { return }
        let oldest = updates.sorted { entries[$0].time < entries[$1].time }.prefix(updates.count - Self.updateLimit + 1)
        guard let first = oldest.first else { return }
        var bucket = entries[first]
        bucket.manager.name = "ancient-changes"
        bucket.manager.subresource = ""
        for index in oldest.dropFirst() { bucket.fields = bucket.fields.union(entries[index].fields) }
        let gone = Set(oldest)
        entries = entries.indices.filter { !gone.contains($0) }.map { entries[$0] } + [bucket]
    }

    /// Fields of other managers that an apply would change, by manager.
    func conflicts(with changed: FieldSet, applier: Manager) -> [(manager: Manager, fields: FieldSet)] {
        entries.compactMap { entry in
            guard entry.manager != applier else { return nil }
            let overlap = entry.fields.intersection(changed)
            return overlap.isEmpty ? nil : (entry.manager, overlap)
        }
    }

    /// Applies a configuration: merges, finds conflicts (or takes the fields by force), and drops what the applier
    /// owned alone and no longer mentions.
    package mutating func apply(
        _ configuration: JSONValue, to live: JSONValue, schema: Schema, applier: Manager, force: Bool, time: String
    ) throws(APIFailure) -> JSONValue {
        let applied = Self.tracked(FieldSet(of: configuration, schema: schema))
        var merged = schema.merge(live, applying: configuration)
        let changed = Self.tracked(FieldChanges(from: live, to: merged, schema: schema).changed)
        let conflicts = conflicts(with: changed, applier: applier)
        if !conflicts.isEmpty, !force { throw Self.failure(conflicts) }
        for index in entries.indices where entries[index].manager != applier {
            entries[index].fields = entries[index].fields.subtracting(changed)
        }
        let mine = entries.firstIndex { $0.manager == applier }
        let others = entries.filter { $0.manager != applier }.reduce(FieldSet()) { $0.union($1.fields) }
        if let mine {
            let dropped = entries[mine].fields.subtracting(applied)
            merged = schema.remove(dropped, keeping: others.union(applied), from: merged) ?? [:]
            if entries[mine].fields != applied {
                entries[mine].fields = applied
                entries[mine].time = time
            }
        } else {
            entries.append(Entry(manager: applier, time: time, fields: applied))
        }
        entries.removeAll { $0.fields.isEmpty }
        return merged
    }

    private static func failure(_ conflicts: [(manager: Manager, fields: FieldSet)]) -> APIFailure {
        var causes: [Status.Cause] = []
        for (manager, fields) in conflicts {
            var text = "conflict with \"\(manager.name)\""
            if !manager.subresource.isEmpty { text += " with subresource \"\(manager.subresource)\"" }
            if manager.operation == "Update" { text += " using \(manager.apiVersion)" }
            causes += fields.paths.map { Status.Cause(reason: "FieldManagerConflict", message: text, field: $0) }
        }
        let lines = causes.map { "\($0.message ?? ""): \($0.field ?? "")" }
        let text =
            causes.count == 1
            ? "1 conflict: \(lines[0])" : "\(causes.count) conflicts: \(lines.joined(separator: ", "))"
        return APIFailure(
            code: 409, reason: "Conflict", message: "Apply failed with \(text)",
            details: Status.Details(causes: causes))
    }

    /// Without the fields that the server owns.
    package static func tracked(_ fields: FieldSet) -> FieldSet {
        var fields = fields
        fields.isMember = false
        fields.children["f:apiVersion"] = nil
        fields.children["f:kind"] = nil
        guard var metadata = fields.children["f:metadata"] else { return fields }
        metadata.isMember = false
        for name in serverMetadata { metadata.children["f:" + name] = nil }
        fields.children["f:metadata"] = metadata.isEmpty ? nil : metadata
        return fields
    }

    static let serverMetadata = [
        "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
        "resourceVersion", "generation", "selfLink", "managedFields", "generateName",
    ]
}

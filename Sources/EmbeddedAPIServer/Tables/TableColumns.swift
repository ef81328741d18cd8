import KubernetesModel
import ObjectStore

/// The columns that `kubectl get` shows for one resource (`meta.k8s.io` Table).
struct TableColumns: Sendable {
    struct Column: Sendable {
        var name: String
        var type = "string"
        var format = ""
        var description = ""
        /// Above 0: shown by `-o wide` only.
        var priority: Int64 = 0
        var cell: @Sendable (_ object: JSONValue, _ now: Timestamp) -> JSONValue
    }

    let columns: [Column]

    static let name = Column(
        name: "Name", format: "name", description: "Name must be unique within a namespace."
    ) { object, _ in object.at("metadata", "name") ?? "" }

    static let age = Column(
        name: "Age", description: "CreationTimestamp is the server time when this object was created."
    ) { object, now in
        .string(age(object.at("metadata", "creationTimestamp")?.string, now) ?? "<unknown>")
    }

    init(_ definition: ResourceDefinition, custom: [JSONValue]?) {
        if let custom {
            let own = custom.map(Self.column)
            columns = [Self.name] + (own.isEmpty ? [Self.age] : own)
        } else {
            columns = [Self.name] + BuiltinColumns.columns(of: definition)
        }
    }

    /// One of a CustomResourceDefinition's `additionalPrinterColumns`.
    private static func column(_ source: JSONValue) -> Column {
        let query = JSONPathQuery(source["jsonPath"]?.string ?? "")
        let type = source["type"]?.string ?? "string"
        return Column(
            name: source["name"]?.string ?? "", type: type, format: source["format"]?.string ?? "",
            description: source["description"]?.string ?? "", priority: source["priority"]?.integer ?? 0
        ) { object, now in
            let values = query.values(in: object)
            guard let first = values.first else { return .null }
            if type == "date" { return age(first.string, now).map { .string($0) } ?? .null }
            if values.count > 1 { return .string(values.map(text).joined(separator: ",")) }
            switch (type, first) {
            case ("integer", .integer), ("number", .integer), ("number", .number), ("boolean", .bool): return first
            default: return .string(text(first))
            }
        }
    }

    private static func text(_ value: JSONValue) -> String { value.string ?? value.jsonText }

    func table(
        _ objects: [JSONValue], version: String, includes: String, listMetadata: JSONValue, withDefinitions: Bool,
        now: Timestamp
    ) -> JSONValue {
        let definitions = columns.map { column -> JSONValue in
            [
                "name": .string(column.name), "type": .string(column.type), "format": .string(column.format),
                "description": .string(column.description), "priority": .integer(column.priority),
            ]
        }
        let rows = objects.map { object -> JSONValue in
            var row: [String: JSONValue] = ["cells": .array(columns.map { $0.cell(object, now) })]
            switch includes {
            case "None": break
            case "Object": row["object"] = object
            default: row["object"] = ObjectView.metadataOnly(object, version)
            }
            return .object(row)
        }
        var table: JSONValue = [
            "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": listMetadata,
            "rows": .array(rows),
        ]
        table["columnDefinitions"] = withDefinitions ? .array(definitions) : []
        return table
    }

    /// kubectl's short form of a duration since a time: `37s`, `5m12s`, `3h`, `2d4h`, `400d`.
    static func age(_ text: String?, _ now: Timestamp) -> String? {
        guard let text, let then = Timestamp(text) else { return nil }
        let seconds = (now.microseconds - then.microseconds) / 1_000_000
        if seconds < -1 { return "<invalid>" }
        if seconds < 120 { return "\(max(0, seconds))s" }
        let minutes = seconds / 60
        if minutes < 10 { return seconds % 60 == 0 ? "\(minutes)m" : "\(minutes)m\(seconds % 60)s" }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return minutes % 60 == 0 ? "\(hours)h" : "\(hours)h\(minutes % 60)m" }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if days < 8 { return hours % 24 == 0 ? "\(days)d" : "\(days)d\(hours % 24)h" }
        if days < 2 * 365 { return "\(days)d" }
        let years = days / 365
        return years < 8 && days % 365 != 0 ? "\(years)y\(days % 365)d" : "\(years)y"
    }
}

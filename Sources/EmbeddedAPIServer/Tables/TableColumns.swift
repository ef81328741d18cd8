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

    /// `nil` when `text` is no time.
    static func age(_ text: String?, _ now: Timestamp) -> String? { text.flatMap { Timestamp($0) }?.age(at: now) }
}

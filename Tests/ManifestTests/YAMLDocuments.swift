import Foundation
import KubernetesModel
import Yams

/// The objects of a YAML text, as JSON values.
func documents(_ yaml: String) throws -> [JSONValue] {
    try compose_all(yaml: yaml).map { JSONValue(node: $0) }.filter { $0 != .null }
}

extension JSONValue {
    /// By the scalar's tag, so that a quoted number stays a string.
    init(node: Yams.Node) {
        switch node {
        case .mapping(let mapping):
            self = .object(
                Dictionary(mapping.map { ($0.key.string ?? "", JSONValue(node: $0.value)) }) { $1 })
        case .sequence(let sequence): self = .array(sequence.map { JSONValue(node: $0) })
        default:
            switch node.any {
            case let value as Bool: self = .bool(value)
            case let value as Int: self = .integer(Int64(value))
            case let value as Double: self = .number(value)
            case is NSNull: self = .null
            case let value as String: self = .string(value)
            default: self = node.string.map(JSONValue.string) ?? .null
            }
        }
    }

    /// The value at a path of members and array indexes.
    func at(_ path: String...) -> JSONValue? {
        path.reduce(Optional(self)) { value, step in
            if case .array(let items)? = value {
                return Int(step).flatMap { items.indices.contains($0) ? items[$0] : nil }
            }
            return value?[step]
        }
    }

    var kind: String { self["kind"]?.string ?? "" }
    var name: String { at("metadata", "name")?.string ?? "" }

    mutating func merge(_ path: ArraySlice<String>, _ pairs: [String: JSONValue]) {
        guard let first = path.first else {
            self = .object((object ?? [:]).merging(pairs) { $1 })
            return
        }
        var inner = self[first] ?? [:]
        inner.merge(path.dropFirst(), pairs)
        self[first] = inner
    }
}

extension [JSONValue] {
    /// The one object of a kind and name.
    func first(_ kind: String, _ name: String) -> JSONValue? { first { $0.kind == kind && $0.name == name } }
}

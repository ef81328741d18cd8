import KubernetesModel

extension JSONValue {
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

package import KubernetesModel

/// kubectl's patch for built-in kinds: lists of objects merge by a key that the schema names, and directives
/// (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…`, `$setElementOrder/…`) say the rest.
package enum StrategicMergePatch {
    package static func apply(_ patch: JSONValue, to document: JSONValue, schema: Schema) throws(APIFailure)
        -> JSONValue
    {
        guard case .object(let changes) = patch else { throw .badRequest("a strategic merge patch must be an object") }
        return .object(try merge(changes, into: document.object ?? [:], schema: schema))
    }

    private static func merge(_ patch: [String: JSONValue], into members: [String: JSONValue], schema: Schema)
        throws(APIFailure) -> [String: JSONValue]
    {
        var members = members
        switch patch["$patch"]?.string {
        case "replace": return patch.filter { $0.key != "$patch" }
        case "delete": return [:]
        case nil, "merge"?: break
        case let other?: throw .badRequest("unknown patch type \"\(other)\" in a strategic merge patch")
        }
        if let retained = patch["$retainKeys"]?.array?.compactMap(\.string) {
            members = members.filter { retained.contains($0.key) }
        }
        for (name, change) in patch where !name.hasPrefix("$") {
            let child = schema.member(name) ?? .any
            switch change {
            case .null: members[name] = nil
            case .object(let changes):
                if changes["$patch"]?.string == "delete" {
                    members[name] = nil
                } else {
                    members[name] = .object(try merge(changes, into: members[name]?.object ?? [:], schema: child))
                }
            case .array(let elements) where child.mergesInPatch:
                members[name] = .array(try merge(elements, into: members[name]?.array ?? [], schema: child))
            default: members[name] = change
            }
        }
        for (directive, argument) in patch where directive.hasPrefix("$") {
            guard let slash = directive.firstIndex(of: "/") else { continue }
            let name = String(directive[directive.index(after: slash)...])
            guard let elements = members[name]?.array, let argument = argument.array else { continue }
            switch directive[..<slash] {
            case "$deleteFromPrimitiveList": members[name] = .array(elements.filter { !argument.contains($0) })
            case "$setElementOrder":
                members[name] = .array(order(elements, as: argument, key: schema.member(name)?.patchMergeKey))
            default: throw .badRequest("unknown directive \"\(directive)\" in a strategic merge patch")
            }
        }
        return members
    }

    private static func merge(_ patch: [JSONValue], into elements: [JSONValue], schema: Schema) throws(APIFailure)
        -> [JSONValue]
    {
        guard let key = schema.patchMergeKey else {
            return elements + patch.filter { !elements.contains($0) }
        }
        var result = elements
        if patch.contains(where: { $0["$patch"]?.string == "replace" }) { result = [] }
        for change in patch {
            guard let changes = change.object else { throw .badRequest("expected objects in a list merged by \(key)") }
            if changes["$patch"]?.string == "replace", changes.count == 1 { continue }
            guard let identity = changes[key] else {
                throw .badRequest("map: \(change.jsonText) does not contain declared merge key: \(key)")
            }
            let place = result.firstIndex { $0[key] == identity }
            if changes["$patch"]?.string == "delete" {
                result.removeAll { $0[key] == identity }
            } else if let place {
                result[place] = .object(
                    try merge(changes, into: result[place].object ?? [:], schema: schema.items ?? .any))
            } else {
                result.append(.object(try merge(changes, into: [:], schema: schema.items ?? .any)))
            }
        }
        return result
    }

    /// Entries that the order names come in that order; the server's own entries stay behind the one they followed.
    private static func order(_ elements: [JSONValue], as order: [JSONValue], key: String?) -> [JSONValue] {
        func identity(_ element: JSONValue) -> JSONValue { key.flatMap { element[$0] } ?? element }
        let wanted = order.map(identity)
        let named = wanted.compactMap { name in elements.first { identity($0) == name } }
        return named + elements.filter { !wanted.contains(identity($0)) }
    }
}

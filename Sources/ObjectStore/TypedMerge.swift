package import KubernetesModel

extension Schema {
    /// Server-side apply's merge: what the configuration says wins, everything else of the live object stays.
    package func merge(_ live: JSONValue, applying configuration: JSONValue) -> JSONValue {
        switch (live, configuration) {
        case (.object(var members), .object(let applied)) where !isAtomic:
            for (name, value) in applied {
                if value == .null {
                    members[name] = nil
                } else if let mine = members[name] {
                    members[name] = (member(name) ?? .any).merge(mine, applying: value)
                } else {
                    members[name] = value
                }
            }
            return .object(members)
        case (.array(let elements), .array(let applied)) where listType != .atomic:
            var merged = elements
            var places: [String: Int] = [:]
            for (index, element) in merged.enumerated() {
                if let name = entryName(of: element) { places[name] = index }
            }
            for element in applied {
                guard let name = entryName(of: element) else { continue }
                if let place = places[name] {
                    merged[place] = (items ?? .any).merge(merged[place], applying: element)
                } else {
                    places[name] = merged.count
                    merged.append(element)
                }
            }
            return .array(merged)
        default: return configuration
        }
    }

    /// Removes the given paths; a container that this empties goes too. Nothing that `keeping` holds is touched.
    package func remove(_ fields: FieldSet, keeping: FieldSet, from value: JSONValue) -> JSONValue? {
        if fields.isMember, keeping.isEmpty { return nil }
        switch value {
        case .object(var members):
            var isChanged = false
            for (name, child) in fields.children where name.hasPrefix("f:") {
                let member = String(name.dropFirst(2))
                guard let current = members[member] else { continue }
                let rest = (self.member(member) ?? .any).remove(
                    child, keeping: keeping.children[name] ?? FieldSet(), from: current)
                members[member] = rest
                isChanged = isChanged || rest == nil
            }
            return isChanged && members.isEmpty && keeping.isEmpty ? nil : .object(members)
        case .array(let elements):
            let rest = elements.compactMap { element -> JSONValue? in
                guard let name = entryName(of: element), let child = fields.children[name] else { return element }
                return (items ?? .any).remove(child, keeping: keeping.children[name] ?? FieldSet(), from: element)
            }
            return rest.isEmpty && keeping.isEmpty ? nil : .array(rest)
        default: return value
        }
    }
}

package import KubernetesModel

/// A set of field paths, as in `fieldsV1`: `f:name` for members, `k:{…}` for list entries by key, `v:…` for set entries.
package struct FieldSet: Sendable, Hashable {
    /// Whether the path that leads here is in the set itself (`.`).
    var isMember = false
    var children: [String: FieldSet] = [:]

    package init() {}

    static let leaf: FieldSet = {
        var set = FieldSet()
        set.isMember = true
        return set
    }()

    package var isEmpty: Bool { !isMember && children.isEmpty }

    package init(fieldsV1: JSONValue) {
        self.init(fieldsV1: fieldsV1, depth: 0)
        isMember = false
    }

    private init(fieldsV1: JSONValue, depth: Int) {
        let members = fieldsV1.object ?? [:]
        isMember = members.isEmpty || members["."] != nil
        guard depth < JSONParser.depthLimit else { return }
        for (name, child) in members where name != "." {
            children[name] = FieldSet(fieldsV1: child, depth: depth + 1)
        }
    }

    package var fieldsV1: JSONValue {
        var members = children.mapValues(\.fieldsV1)
        if isMember, !members.isEmpty { members["."] = [:] }
        return .object(members)
    }

    /// The paths that a value occupies: its scalars, atomic parts, list entries and map entries.
    package init(of value: JSONValue, schema: Schema) {
        switch value {
        case .object(let members) where !schema.isAtomic && !members.isEmpty:
            for (name, child) in members {
                let childSchema = schema.member(name)
                var set = FieldSet(of: child, schema: childSchema ?? .any)
                if schema.properties[name] == nil || child.isEmpty { set.isMember = true }
                children["f:" + name] = set
            }
        case .array(let elements) where schema.listType != .atomic && !elements.isEmpty:
            for element in elements {
                guard let name = schema.entryName(of: element) else { continue }
                var set = FieldSet(of: element, schema: schema.items ?? .any)
                set.isMember = true
                children[name] = set
            }
        default: isMember = true
        }
    }

    package func union(_ other: FieldSet) -> FieldSet {
        var result = self
        result.isMember = isMember || other.isMember
        for (name, child) in other.children {
            result.children[name] = result.children[name]?.union(child) ?? child
        }
        return result
    }

    package func subtracting(_ other: FieldSet) -> FieldSet {
        guard !other.isEmpty else { return self }
        var result = self
        if other.isMember { result.isMember = false }
        for (name, child) in other.children {
            guard let mine = result.children[name] else { continue }
            let rest = mine.subtracting(child)
            result.children[name] = rest.isEmpty ? nil : rest
        }
        return result
    }

    package func intersection(_ other: FieldSet) -> FieldSet {
        var result = FieldSet()
        result.isMember = isMember && other.isMember
        for (name, child) in children {
            guard let theirs = other.children[name] else { continue }
            let both = child.intersection(theirs)
            if !both.isEmpty { result.children[name] = both }
        }
        return result
    }

    /// The paths as error messages show them: `.spec.ports[port=80,protocol="TCP"].name`.
    package var paths: [String] {
        var paths: [String] = []
        collect("", into: &paths)
        return paths
    }

    private func collect(_ path: String, into paths: inout [String]) {
        if isMember { paths.append(path.isEmpty ? "." : path) }
        for (name, child) in children.sorted(by: { $0.key < $1.key }) {
            child.collect(path + Self.text(ofElement: name), into: &paths)
        }
    }

    private static func text(ofElement name: String) -> String {
        let body = String(name.dropFirst(2))
        switch name.prefix(2) {
        case "f:": return "." + body
        case "k:":
            guard let keys = try? JSONParser.parse(Array(body.utf8)).object else { return "[\(body)]" }
            return "[" + keys.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.jsonText)" }.joined(separator: ",")
                + "]"
        default: return "[=\(body)]"
        }
    }
}

extension Schema {
    /// What identifies an entry of a list of type `map`: the values of its keys, defaults included.
    func mapKey(of element: JSONValue, keys: [String]) -> JSONValue? {
        guard let members = element.object else { return nil }
        var identity: [String: JSONValue] = [:]
        for key in keys { identity[key] = members[key] ?? properties[key]?.defaultValue }
        return .object(identity)
    }

    /// The path element of a list entry: `k:{"type":"Ready"}` or `v:"text"`.
    func entryName(of element: JSONValue) -> String? {
        switch listType {
        case .atomic: nil
        case .set: "v:" + element.jsonText
        case .map(let keys): (items ?? .any).mapKey(of: element, keys: keys).map { "k:" + $0.jsonText }
        }
    }
}

/// What changed between two values of one schema.
package struct FieldChanges: Sendable {
    package var changed = FieldSet()
    package var removed = FieldSet()

    package var isEmpty: Bool { changed.isEmpty && removed.isEmpty }

    package init(from old: JSONValue, to new: JSONValue, schema: Schema) {
        guard old != new else { return }
        switch (old, new) {
        case (.object(let before), .object(let after)) where !schema.isAtomic:
            if after.isEmpty { changed.isMember = true }
            for (name, value) in after {
                let child = schema.member(name) ?? .any
                if let earlier = before[name] {
                    merge(FieldChanges(from: earlier, to: value, schema: child), at: "f:" + name)
                } else {
                    var set = FieldSet(of: value, schema: child)
                    if schema.properties[name] == nil { set.isMember = true }
                    changed.children["f:" + name] = set
                }
            }
            for (name, value) in before where after[name] == nil {
                var set = FieldSet(of: value, schema: schema.member(name) ?? .any)
                set.isMember = true
                removed.children["f:" + name] = set
            }
        case (.array(let before), .array(let after)) where schema.listType != .atomic:
            let items = schema.items ?? .any
            var earlier: [String: JSONValue] = [:]
            for element in before { if let name = schema.entryName(of: element) { earlier[name] = element } }
            var kept: Set<String> = []
            for element in after {
                guard let name = schema.entryName(of: element) else { continue }
                kept.insert(name)
                if let was = earlier[name] {
                    merge(FieldChanges(from: was, to: element, schema: items), at: name)
                } else {
                    changed.children[name] = FieldSet(of: element, schema: items).union(.leaf)
                }
            }
            for (name, element) in earlier where !kept.contains(name) {
                removed.children[name] = FieldSet(of: element, schema: items).union(.leaf)
            }
        default: changed.isMember = true
        }
    }

    private mutating func merge(_ child: FieldChanges, at name: String) {
        if !child.changed.isEmpty { changed.children[name] = child.changed }
        if !child.removed.isEmpty { removed.children[name] = child.removed }
    }
}

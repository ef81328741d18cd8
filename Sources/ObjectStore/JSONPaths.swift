public import KubernetesModel

extension JSONValue {
    /// The value at a path of member names.
    public func at(_ path: [String]) -> JSONValue? {
        var value = self
        for name in path {
            guard let next = value[name] else { return nil }
            value = next
        }
        return value
    }

    public func at(_ path: String...) -> JSONValue? { at(path) }

    /// Sets the value at a path, making objects on the way; `nil` removes it.
    public mutating func set(_ path: [String], to newValue: JSONValue?) {
        guard let first = path.first else { return }
        var members = object ?? [:]
        if path.count == 1 {
            members[first] = newValue
        } else {
            // Taken out before it is changed, so that the change is made in place.
            var child = members.removeValue(forKey: first)
            if child?.object == nil {
                if newValue == nil {
                    members[first] = child
                    self = .object(members)
                    return
                }
                child = .object([:])
            }
            child?.set(Array(path.dropFirst()), to: newValue)
            members[first] = child
        }
        self = .object(members)
    }

    public mutating func set(_ path: String..., to newValue: JSONValue?) { set(path, to: newValue) }

    /// Whether there is nothing in it: null, an empty object or an empty array.
    public var isEmpty: Bool {
        switch self {
        case .null: true
        case .object(let members): members.isEmpty
        case .array(let elements): elements.isEmpty
        default: false
        }
    }
}

package import KubernetesModel

/// RFC 6902: a list of operations on a document, all or none.
package enum JSONPatch {
    /// More operations than this are refused, as in the real API server.
    static let limit = 10_000

    package static func apply(_ patch: JSONValue, to document: JSONValue) throws(APIFailure) -> JSONValue {
        guard let operations = patch.array else { throw .badRequest("a JSON patch must be a list of operations") }
        guard operations.count <= limit else {
            throw APIFailure(
                code: 413, reason: "RequestEntityTooLarge",
                message: "The allowed maximum operations in a JSON patch is \(limit), got \(operations.count)")
        }
        var document = document
        for operation in operations { try apply(operation, to: &document) }
        return document
    }

    private static func apply(_ operation: JSONValue, to document: inout JSONValue) throws(APIFailure) {
        guard let name = operation["op"]?.string, let path = operation["path"]?.string else {
            throw .badRequest("an operation of a JSON patch needs op and path")
        }
        let pointer = try tokens(path)
        switch name {
        case "add": try edit(&document, pointer, path, .add(try value(operation)))
        case "replace": try edit(&document, pointer, path, .replace(try value(operation)))
        case "remove": try edit(&document, pointer, path, .remove)
        case "test":
            let expected = try value(operation)
            guard try read(document, pointer, path) == expected else {
                throw APIFailure(
                    code: 422, reason: "Invalid",
                    message:
                        "the server rejected our request due to an error in our request: testing path \(path) failed")
            }
        case "copy", "move":
            guard let from = operation["from"]?.string else { throw .badRequest("\(name) needs from") }
            let source = try tokens(from)
            let moved = try read(document, source, from)
            if name == "move" {
                guard !path.hasPrefix(from + "/") else { throw .badRequest("cannot move a value into itself") }
                try edit(&document, source, from, .remove)
            }
            try edit(&document, pointer, path, .add(moved))
        default: throw .badRequest("unknown operation \"\(name)\" in a JSON patch")
        }
    }

    private static func value(_ operation: JSONValue) throws(APIFailure) -> JSONValue {
        guard let value = operation["value"] else { throw .badRequest("the operation needs a value") }
        return value
    }

    /// RFC 6901 §3: `~1` is a slash, `~0` a tilde.
    private static func tokens(_ pointer: String) throws(APIFailure) -> [String] {
        guard !pointer.isEmpty else { return [] }
        guard pointer.hasPrefix("/") else { throw .badRequest("a JSON pointer begins with a slash: \"\(pointer)\"") }
        return pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0).replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }

    private enum Edit {
        case add(JSONValue)
        case replace(JSONValue)
        case remove
    }

    private static func missing(_ path: String) -> APIFailure {
        APIFailure(
            code: 422, reason: "Invalid",
            message: "the server rejected our request due to an error in our request: no value at \(path)")
    }

    private static func read(_ document: JSONValue, _ pointer: [String], _ path: String) throws(APIFailure) -> JSONValue
    {
        var value = document
        for token in pointer {
            switch value {
            case .object(let members):
                guard let child = members[token] else { throw missing(path) }
                value = child
            case .array(let elements):
                guard let index = Int(token), elements.indices.contains(index) else { throw missing(path) }
                value = elements[index]
            default: throw missing(path)
            }
        }
        return value
    }

    private static func edit(_ value: inout JSONValue, _ pointer: [String], _ path: String, _ edit: Edit)
        throws(APIFailure)
    {
        guard let token = pointer.first else {
            switch edit {
            case .add(let new), .replace(let new): value = new
            case .remove: throw .badRequest("the whole object cannot be removed by a patch")
            }
            return
        }
        let isLast = pointer.count == 1
        switch value {
        case .object(var members):
            if isLast {
                switch edit {
                case .add(let new): members[token] = new
                case .replace(let new):
                    guard members[token] != nil else { throw missing(path) }
                    members[token] = new
                case .remove: guard members.removeValue(forKey: token) != nil else { throw missing(path) }
                }
            } else {
                guard var child = members[token] else { throw missing(path) }
                try Self.edit(&child, Array(pointer.dropFirst()), path, edit)
                members[token] = child
            }
            value = .object(members)
        case .array(var elements):
            if isLast, token == "-", case .add(let new) = edit {
                elements.append(new)
            } else {
                guard let index = Int(token), index >= 0, index <= elements.count else { throw missing(path) }
                if isLast, case .add(let new) = edit {
                    elements.insert(new, at: index)
                } else {
                    guard index < elements.count else { throw missing(path) }
                    if isLast, case .replace(let new) = edit {
                        elements[index] = new
                    } else if isLast {
                        elements.remove(at: index)
                    } else {
                        try Self.edit(&elements[index], Array(pointer.dropFirst()), path, edit)
                    }
                }
            }
            value = .array(elements)
        default: throw missing(path)
        }
    }
}

/// RFC 7396.
package enum MergePatch {
    package static func apply(_ patch: JSONValue, to document: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members = document.object ?? [:]
        for (name, change) in changes {
            if change == .null {
                members[name] = nil
            } else {
                members[name] = apply(change, to: members[name] ?? .null)
            }
        }
        return .object(members)
    }
}

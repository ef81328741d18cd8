import KubernetesModel

/// Schemas of the built-in kinds in a short text form, one field per line:
///
/// ```
/// Name # description
///   field!: type flags # description
///     child: type
/// ```
///
/// `!` marks a required field. Types: `string`, `int`, `long`, `bool`, `number`, `time`, `port` (integer or string),
/// `any`, `object`, `map` (of strings), `@Name` (defined above); `[]` before a type makes a list of it. Flags:
/// `list=set`, `list=map:key,key`, `patch=key` or `patch` (strategic merge), `atomic`, `enum=A,B`, `default=VALUE`.
/// Objects keep fields that are not listed here.
struct SchemaText {
    private(set) var definitions: [String: JSONValue] = [:]

    init(_ text: String) {
        var lines: [(depth: Int, text: Substring)] = []
        for line in text.split(separator: "\n") {
            let body = line.drop { $0 == " " }
            guard !body.isEmpty else { continue }
            lines.append(((line.count - body.count) / 2, body))
        }
        var index = 0
        while index < lines.count {
            let (name, description) = Self.comment(lines[index].text)
            index += 1
            var schema = object(lines, &index, depth: 1)
            if let description { schema["description"] = .string(description) }
            definitions[name] = schema
        }
    }

    private static func comment(_ line: Substring) -> (String, String?) {
        guard let mark = line.firstRange(of: " # ") else { return (String(line), nil) }
        return (String(line[..<mark.lowerBound]), String(line[mark.upperBound...]))
    }

    private func object(_ lines: [(depth: Int, text: Substring)], _ index: inout Int, depth: Int) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        var required: [JSONValue] = []
        while index < lines.count, lines[index].depth >= depth {
            let (head, description) = Self.comment(lines[index].text)
            index += 1
            let words = head.split(separator: " ").map(String.init)
            guard var name = words.first, words.count >= 2 else { continue }
            name.removeLast()
            if name.hasSuffix("!") {
                name.removeLast()
                required.append(.string(name))
            }
            let children: JSONValue? =
                index < lines.count && lines[index].depth > depth ? object(lines, &index, depth: depth + 1) : nil
            var schema = type(words[1], children)
            for flag in words.dropFirst(2) { apply(flag, to: &schema) }
            if let description { schema["description"] = .string(description) }
            properties[name] = schema
        }
        var schema: JSONValue = ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
        if !properties.isEmpty { schema["properties"] = .object(properties) }
        if !required.isEmpty { schema["required"] = .array(required) }
        return schema
    }

    private func type(_ name: String, _ children: JSONValue?) -> JSONValue {
        if name.hasPrefix("[]") { return ["type": "array", "items": type(String(name.dropFirst(2)), children)] }
        if name.hasPrefix("@") { return definitions[String(name.dropFirst())] ?? [:] }
        return switch name {
        case "string", "number": ["type": .string(name)]
        case "int": ["type": "integer", "format": "int32"]
        case "long": ["type": "integer", "format": "int64"]
        case "bool": ["type": "boolean"]
        case "time": ["type": "string", "format": "date-time"]
        case "port": ["x-kubernetes-int-or-string": true]
        case "map": ["type": "object", "additionalProperties": ["type": "string"]]
        case "object": children ?? ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
        default: ["x-kubernetes-preserve-unknown-fields": true]
        }
    }

    private func apply(_ flag: String, to schema: inout JSONValue) {
        let parts = flag.split(separator: "=", maxSplits: 1).map(String.init)
        let argument = parts.count == 2 ? parts[1] : ""
        switch parts[0] {
        case "list" where argument.hasPrefix("map:"):
            schema["x-kubernetes-list-type"] = "map"
            schema["x-kubernetes-list-map-keys"] = .array(
                argument.dropFirst(4).split(separator: ",").map { .string(String($0)) })
        case "list": schema["x-kubernetes-list-type"] = .string(argument)
        case "atomic":
            schema[schema["type"]?.string == "array" ? "x-kubernetes-list-type" : "x-kubernetes-map-type"] = "atomic"
        case "patch":
            schema["x-kubernetes-patch-strategy"] = "merge"
            if !argument.isEmpty { schema["x-kubernetes-patch-merge-key"] = .string(argument) }
        case "enum": schema["enum"] = .array(argument.split(separator: ",").map { .string(String($0)) })
        case "default":
            schema["default"] =
                switch schema["type"]?.string {
                case "boolean": .bool(argument == "true")
                case "integer": .integer(Int64(argument) ?? 0)
                default: .string(argument)
                }
        default: break
        }
    }
}

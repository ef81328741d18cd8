public import KubernetesModel

extension Schema {
    /// Fills in the defaults that the schema declares, and drops nulls where it allows none.
    public func applyDefaults(to value: inout JSONValue) {
        switch value {
        case .object(var members):
            for (name, child) in members where child == .null && member(name)?.isNullable != true {
                members[name] = nil
            }
            for (name, schema) in properties where members[name] == nil {
                if let value = schema.defaultValue { members[name] = value }
            }
            for (name, child) in members where !child.isScalar {
                guard let schema = member(name) else { continue }
                var child = child
                schema.applyDefaults(to: &child)
                members[name] = child
            }
            value = .object(members)
        case .array(let elements):
            guard let items else { return }
            value = .array(
                elements.map { element in
                    var element = element
                    items.applyDefaults(to: &element)
                    return element
                })
        default: break
        }
    }

    /// Removes what the schema does not know, and returns where it was.
    public func prune(_ value: inout JSONValue, path: String = "") -> [String] {
        switch value {
        case .object(var members):
            var unknown: [String] = []
            for name in members.keys.sorted() {
                let place = path.isEmpty ? name : "\(path).\(name)"
                if isEmbedded, ["apiVersion", "kind", "metadata"].contains(name) { continue }
                if let schema = member(name) {
                    guard var child = members[name], !child.isScalar else { continue }
                    unknown += schema.prune(&child, path: place)
                    members[name] = child
                } else if !preservesUnknown, kind != .any {
                    members[name] = nil
                    unknown.append(place)
                }
            }
            value = .object(members)
            return unknown
        case .array(let elements):
            guard let items else { return [] }
            var unknown: [String] = []
            var pruned = elements
            for index in elements.indices {
                unknown += items.prune(&pruned[index], path: "\(path)[\(index)]")
            }
            value = .array(pruned)
            return unknown
        default: return []
        }
    }

    /// Everything that is wrong with the value; empty when it is valid.
    public func validate(_ value: JSONValue, path: String = "") -> [Status.Cause] {
        var causes: [Status.Cause] = []
        check(value, path, &causes)
        return causes
    }

    private func check(_ value: JSONValue, _ path: String, _ causes: inout [Status.Cause]) {
        guard causes.count < 100 else { return }
        if value == .null {
            if !isNullable, kind != .any {
                causes.append(.invalid(path, "null", "must be of type \(kind): \"null\"", reason: "FieldValueInvalid"))
            }
            return
        }
        guard value.fits(kind) else {
            causes.append(
                .invalid(
                    path, value.quoted, "must be of type \(kindName): \"\(value.typeName)\"",
                    reason: "FieldValueTypeInvalid"))
            return
        }
        if !allowed.isEmpty, !allowed.contains(value) {
            causes.append(.notSupported(path, value.quoted, of: allowed.map(\.quoted)))
        }
        switch value {
        case .object(let members): check(members, path, &causes)
        case .array(let elements): check(elements, path, &causes)
        case .string(let text): check(text, path, &causes)
        case .integer(let number): check(Double(number), path, &causes)
        case .number(let number): check(number, path, &causes)
        default: break
        }
    }

    private func check(_ members: [String: JSONValue], _ path: String, _ causes: inout [Status.Cause]) {
        let prefix = path.isEmpty ? "" : path + "."
        for name in required where members[name] == nil {
            causes.append(.required(prefix + name))
        }
        if let most = limits.maxProperties, members.count > most {
            causes.append(.invalid(path, "\(members.count)", "must have at most \(most) items"))
        }
        if let least = limits.minProperties, members.count < least {
            causes.append(.invalid(path, "\(members.count)", "should have at least \(least) properties"))
        }
        for (name, child) in members.sorted(by: { $0.key < $1.key }) {
            member(name)?.check(child, prefix + name, &causes)
        }
    }

    private func check(_ elements: [JSONValue], _ path: String, _ causes: inout [Status.Cause]) {
        if let most = limits.maxItems, elements.count > most {
            causes.append(
                Status.Cause(
                    reason: "FieldValueTooMany",
                    message: "Too many: \(elements.count): must have at most \(most) items",
                    field: path))
            return
        }
        if let least = limits.minItems, elements.count < least {
            causes.append(.invalid(path, "\(elements.count)", "should have at least \(least) items"))
        }
        var seen: Set<JSONValue> = []
        for (index, element) in elements.enumerated() {
            items?.check(element, "\(path)[\(index)]", &causes)
            let identity: JSONValue? =
                switch listType {
                case .atomic: nil
                case .set: element
                case .map(let keys): items.flatMap { $0.mapKey(of: element, keys: keys) }
                }
            if let identity, !seen.insert(identity).inserted {
                causes.append(.duplicate("\(path)[\(index)]", identity.jsonText))
            }
        }
    }

    private func check(_ text: String, _ path: String, _ causes: inout [Status.Cause]) {
        if let most = limits.maxLength, text.unicodeScalars.count > most {
            causes.append(.tooLong(path, most))
        }
        if let least = limits.minLength, text.unicodeScalars.count < least {
            causes.append(.invalid(path, "\"\(text)\"", "should be at least \(least) chars long"))
        }
        if let pattern = limits.pattern, text.utf8.count <= 4096, let expression = try? Regex(pattern),
            (try? expression.firstMatch(in: text)) == nil
        {
            causes.append(.invalid(path, "\"\(text)\"", "should match '\(pattern)'"))
        }
        if limits.format == "date-time", Timestamp(text) == nil {
            causes.append(.invalid(path, "\"\(text)\"", "must be of type date-time: \"\(text)\""))
        }
    }

    private func check(_ number: Double, _ path: String, _ causes: inout [Status.Cause]) {
        func text(_ bound: Double) -> String { JSONValue.number(bound).jsonText }
        if let least = limits.minimum, number < least || (limits.exclusiveMinimum && number == least) {
            causes.append(
                .invalid(
                    path, text(number),
                    "should be greater than\(limits.exclusiveMinimum ? "" : " or equal to") \(text(least))"))
        }
        if let most = limits.maximum, number > most || (limits.exclusiveMaximum && number == most) {
            causes.append(
                .invalid(
                    path, text(number),
                    "should be less than\(limits.exclusiveMaximum ? "" : " or equal to") \(text(most))"))
        }
        if limits.format == "int32", Int32(exactly: number.rounded(.towardZero)) == nil {
            causes.append(.invalid(path, text(number), "must be a 32-bit integer"))
        }
    }

    private var kindName: String { kind == .intOrString ? "integer or string" : "\(kind)" }
}

extension JSONValue {
    var isScalar: Bool {
        switch self {
        case .object, .array: false
        default: true
        }
    }

    /// How an error message shows the value.
    public var quoted: String { isScalar ? jsonText : "\"\(typeName)\"" }

    func fits(_ kind: Schema.Kind) -> Bool {
        switch (kind, self) {
        case (.any, _), (.object, .object), (.array, .array), (.string, .string), (.boolean, .bool): true
        case (.integer, .integer), (.number, .integer), (.number, .number): true
        case (.integer, .number(let value)): value == value.rounded()
        case (.intOrString, .integer), (.intOrString, .string): true
        default: false
        }
    }
}

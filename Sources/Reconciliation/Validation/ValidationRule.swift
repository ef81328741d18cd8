public import KubernetesModel

/// One CEL rule of the CRDs, and the same rule in Swift, for places where no CEL runs: `lbctl validate` and the
/// embedded API server. A test compares both with one table of rows.
public struct ValidationRule: Sendable {
    /// For tests and their rows.
    public let name: String
    /// As in `x-kubernetes-validations`.
    public let expression: String
    public let messageExpression: String
    /// Where the rule stands: kind, and the path below the object, `[]` for every element.
    let places: [(kind: String, path: String)]
    let isValid: @Sendable (JSONValue) -> Bool
    let message: @Sendable (JSONValue) -> String

    /// Everything that the rule refuses in an object of `kind`.
    func causes(kind: String, _ object: JSONValue) -> [Status.Cause] {
        places.filter { $0.kind == kind }.flatMap { place in
            object.values(at: place.path).filter { !isValid($0.value) }.map { found in
                // A text is repeated, an object is not.
                let value = found.value.string == nil ? "" : "\(found.value.jsonText): "
                return Status.Cause(
                    reason: "FieldValueInvalid", message: "Invalid value: \(value)\(message(found.value))",
                    field: found.path)
            }
        }
    }
}

/// What the CRDs' CEL rules say about objects of Herald's own types.
public enum CustomResourceValidator {
    /// Everything that is wrong beyond the schema, as a real API server words it; empty for other types.
    ///
    /// No rule compares with the state before.
    public static func causes(_ type: ResourceType, _ object: JSONValue) -> [Status.Cause] {
        guard type.group == IPAddressPool.resource.group else { return [] }
        return ValidationRule.all.flatMap { $0.causes(kind: type.kind, object) }
    }
}

extension JSONValue {
    /// The values that a path such as `spec.addresses[]` names, with their own paths.
    func values(at path: String) -> [(path: String, value: JSONValue)] {
        var found: [(path: String, value: JSONValue)] = [("", self)]
        for step in path.split(separator: ".") {
            let isList = step.hasSuffix("[]")
            let name = String(isList ? step.dropLast(2) : step)
            found = found.compactMap { place, value in
                value[name].map { (place.isEmpty ? name : "\(place).\(name)", $0) }
            }
            guard isList else { continue }
            found = found.flatMap { place, value in
                (value.array ?? []).enumerated().map { ("\(place)[\($0)]", $1) }
            }
        }
        return found
    }
}

public import KubernetesModel

/// A label selector in its query form: `app=web,tier in (a, b),!canary`.
public struct LabelQuery: Sendable, Hashable {
    enum Requirement: Sendable, Hashable {
        case equals(String, String)
        case differs(String, String)
        case oneOf(String, Set<String>)
        case noneOf(String, Set<String>)
        case exists(String)
        case missing(String)
        case greater(String, Int64)
        case less(String, Int64)
    }

    let requirements: [Requirement]
    public var isEmpty: Bool { requirements.isEmpty }

    public init(_ text: String) throws(APIFailure) {
        var requirements: [Requirement] = []
        for part in Self.split(text) {
            requirements.append(try Self.requirement(part, in: text))
        }
        self.requirements = requirements
    }

    /// Splits at the commas that are not inside parentheses.
    private static func split(_ text: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var isInside = false
        for character in text {
            if character == "(" { isInside = true }
            if character == ")" { isInside = false }
            if character == ",", !isInside {
                parts.append(part)
                part = ""
            } else {
                part.append(character)
            }
        }
        parts.append(part)
        return parts.map(\.trimmed).filter { !$0.isEmpty }
    }

    private static func requirement(_ part: String, in text: String) throws(APIFailure) -> Requirement {
        func refused() -> APIFailure { .badRequest("unable to parse requirement: \"\(part)\" in \"\(text)\"") }
        func checked(_ key: String) throws(APIFailure) -> String {
            guard ObjectMetaRules.isQualifiedName(key) else { throw refused() }
            return key
        }
        if part.hasSuffix(")"), let open = part.firstIndex(of: "(") {
            let words = part[..<open].split(separator: " ").map(String.init)
            let values = Set(
                part[part.index(after: open)...].dropLast().split(separator: ",", omittingEmptySubsequences: false)
                    .map(\.trimmed))
            guard words.count == 2 else { throw refused() }
            switch words[1] {
            case "in": return .oneOf(try checked(words[0]), values)
            case "notin": return .noneOf(try checked(words[0]), values)
            default: throw refused()
            }
        }
        for sign in ["!=", "==", "=", ">", "<"] {
            guard let range = part.firstRange(of: sign) else { continue }
            let key = try checked(part[..<range.lowerBound].trimmed)
            let value = part[range.upperBound...].trimmed
            guard ObjectMetaRules.isLabelValue(value) else { throw refused() }
            switch sign {
            case "!=": return .differs(key, value)
            case ">", "<":
                guard let number = Int64(value) else { throw refused() }
                return sign == ">" ? .greater(key, number) : .less(key, number)
            default: return .equals(key, value)
            }
        }
        return part.hasPrefix("!")
            ? .missing(try checked(part.dropFirst().trimmed)) : .exists(try checked(part))
    }

    public func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .equals(let key, let value): labels[key] == value
            case .differs(let key, let value): labels[key] != value
            case .oneOf(let key, let values): labels[key].map { values.contains($0) } ?? false
            case .noneOf(let key, let values): labels[key].map { !values.contains($0) } ?? true
            case .exists(let key): labels[key] != nil
            case .missing(let key): labels[key] == nil
            case .greater(let key, let bound): labels[key].flatMap { Int64($0) }.map { $0 > bound } ?? false
            case .less(let key, let bound): labels[key].flatMap { Int64($0) }.map { $0 < bound } ?? false
            }
        }
    }
}

/// A field selector: `metadata.name=grafana,involvedObject.kind!=Node`.
public struct FieldQuery: Sendable, Hashable {
    struct Term: Sendable, Hashable {
        let path: [String]
        let value: String
        let isEqual: Bool
    }

    let terms: [Term]
    public var isEmpty: Bool { terms.isEmpty }

    /// - Parameter supported: the paths that the kind can be selected by, beside name and namespace.
    public init(_ text: String, supported: Set<String>, of type: ResourceType) throws(APIFailure) {
        var terms: [Term] = []
        for part in text.split(separator: ",").map(\.trimmed) where !part.isEmpty {
            guard let sign = part.firstRange(of: "!=") ?? part.firstRange(of: "==") ?? part.firstRange(of: "=") else {
                throw .badRequest("invalid selector: '\(text)'; can't understand '\(part)'")
            }
            let path = part[..<sign.lowerBound].trimmed
            guard path == "metadata.name" || path == "metadata.namespace" || supported.contains(path) else {
                throw .badRequest("field label not supported: \(path)")
            }
            terms.append(
                Term(
                    path: path.split(separator: ".").map(String.init), value: part[sign.upperBound...].trimmed,
                    isEqual: part[sign] != "!="))
        }
        self.terms = terms
    }

    /// Whether more than name and namespace decides.
    var needsValue: Bool { terms.contains { $0.path.first != "metadata" } }

    public func matches(_ key: ObjectKey, value: () -> JSONValue) -> Bool {
        guard !terms.isEmpty else { return true }
        let object = needsValue ? value() : .null
        return terms.allSatisfy { term in
            let found =
                switch term.path {
                case ["metadata", "name"]: key.name
                case ["metadata", "namespace"]: key.namespace
                default: object.at(term.path).map { $0.string ?? $0.jsonText } ?? Self.absent(term.path)
                }
            return (found == term.value) == term.isEqual
        }
    }

    /// What an absent member reads as: booleans are selected as `false`.
    private static func absent(_ path: [String]) -> String { path.last == "unschedulable" ? "false" : "" }
}

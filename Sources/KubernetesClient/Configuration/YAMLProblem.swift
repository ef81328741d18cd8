import Yams

/// What is wrong with a YAML file, in a few words and without its text, which may hold secrets.
struct YAMLProblem: CustomStringConvertible {
    let description: String

    init(_ error: any Error) {
        switch error {
        case DecodingError.dataCorrupted(let context):
            description = context.underlyingError.map(Self.syntax) ?? Self.at(context, "cannot be read")
        case DecodingError.keyNotFound(let key, let context):
            description = Self.at(context, "\(key.stringValue) is missing")
        case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
            description = Self.at(context, "is no \(Self.name(of: type))")
        default: description = Self.syntax(error)
        }
    }

    private static func at(_ context: DecodingError.Context, _ problem: String) -> String {
        let path = context.codingPath.reduce("") { path, key in
            key.intValue.map { "\(path)[\($0)]" } ?? (path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)")
        }
        return "\(path.isEmpty ? "the file" : path) \(problem)"
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "string"
        case is Bool.Type: "boolean"
        // Yams' own node types, or the type that was to be decoded.
        default: ["Sequence", "Array"].contains { "\(type)".hasPrefix($0) } ? "list" : "mapping"
        }
    }

    private static func syntax(_ error: any Error) -> String {
        guard let error = error as? YamlError else { return "it is not valid YAML" }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return "it is not valid YAML, line \(mark.line): \(problem)"
        case .reader(let problem, _, _, _): return "it is not valid YAML: \(problem)"
        default: return "it is not valid YAML"
        }
    }
}

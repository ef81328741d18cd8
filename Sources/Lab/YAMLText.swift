package import KubernetesModel
import Yams

/// YAML as Kubernetes reads it: several documents, each an object, as JSON values.
package enum YAMLText {
    /// - Throws: a ``Malformed`` with the line.
    package static func documents(_ text: String) throws -> [JSONValue] {
        do {
            return try Yams.compose_all(yaml: text).map { value($0) }.filter { $0 != .null }
        } catch let error as YamlError {
            throw Malformed(description: "\(error)".split(separator: "\n").joined(separator: " "))
        }
    }

    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    private static func value(_ node: Yams.Node) -> JSONValue {
        switch node {
        case .mapping(let mapping):
            return .object(
                Dictionary(mapping.map { ($0.key.string ?? "", value($0.value)) }) { _, last in last })
        case .sequence(let sequence): return .array(sequence.map(value))
        case .scalar(let scalar):
            guard scalar.style == .plain else { return .string(scalar.string) }
            if node.null != nil { return .null }
            if let bool = node.bool { return .bool(bool) }
            if let integer = node.int { return .integer(Int64(integer)) }
            if let number = node.float, node.tag == .init(.float) { return .number(number) }
            return .string(scalar.string)
        case .alias: return .null
        }
    }
}

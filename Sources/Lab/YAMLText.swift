package import KubernetesModel
import Yams

/// YAML as Kubernetes reads it: several documents, each an object, as JSON values.
package enum YAMLText {
    /// - Throws: a ``Malformed`` with the line.
    package static func documents(_ text: String) throws -> [JSONValue] {
        do {
            var nodes = try Yams.compose_all(yaml: text)
            var documents: [JSONValue] = []
            while let node = nodes.next() { documents.append(value(node)) }
            // The sequence ends silently at what it cannot read.
            if let error = nodes.error { throw error }
            return documents.filter { $0 != .null }
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

extension YAMLText {
    /// One document, its keys in order.
    package static func text(_ value: JSONValue) -> String {
        let text = (try? Yams.serialize(node: node(value), indent: 2, allowUnicode: true, sortKeys: true)) ?? ""
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    private static func node(_ value: JSONValue) -> Yams.Node {
        switch value {
        case .null: Yams.Node("null", Tag(.null))
        case .bool(let value): Yams.Node(value ? "true" : "false", Tag(.bool))
        case .integer(let value): Yams.Node("\(value)", Tag(.int))
        case .number(let value): Yams.Node("\(value)", Tag(.float))
        case .string(let text): Yams.Node(text, Tag(.str), isPlainSafe(text) ? .plain : .doubleQuoted)
        case .array(let elements): Yams.Node(elements.map(node), Tag(.seq))
        case .object(let members): Yams.Node(members.map { (Yams.Node($0.key), node($0.value)) }, Tag(.map))
        }
    }

    /// Whether a string reads back as itself without quotes.
    private static func isPlainSafe(_ text: String) -> Bool {
        guard let documents = try? documents("x: \(text)"), documents.count == 1 else { return false }
        return documents[0]["x"] == .string(text)
    }
}

package import KubernetesModel
import Yams

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

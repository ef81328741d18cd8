package import KubernetesModel
import Yams

/// YAML as kubectl reads it: several documents, as JSON values.
///
/// The work is bounded by the length of the text: aliases may not multiply it, and nothing is nested without end.
package enum YAMLText {
    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    /// All documents, empty ones left out.
    ///
    /// - Throws: a ``Malformed``, with the line where there is one.
    package static func documents(_ text: String) throws(Malformed) -> [JSONValue] {
        // A scalar is never much longer than its text, and no octet makes more than one node; the rest is for aliases.
        var reader = Reader(budget: 2 * text.utf8.count + (1 << 20))
        var documents: [JSONValue] = []
        do {
            var nodes = try Yams.compose_all(yaml: text)
            while let node = nodes.next() { documents.append(try reader.value(node, depth: 0)) }
            // The sequence ends silently at what it cannot read.
            if let error = nodes.error { throw error }
        } catch let malformed as Malformed {
            throw malformed
        } catch {
            throw Malformed(description: "\(error)".split(separator: "\n").joined(separator: " "))
        }
        return documents.filter { $0 != .null }
    }

    private struct Reader {
        /// Nodes and octets of scalars that may still come.
        var budget: Int

        mutating func value(_ node: Yams.Node, depth: Int) throws(Malformed) -> JSONValue {
            guard depth < 100 else { throw Malformed(description: "the object is nested too deep") }
            try spend(1)
            switch node {
            case .mapping(let mapping):
                var members: [String: JSONValue] = [:]
                for (key, child) in mapping {
                    guard case .scalar(let scalar) = key else {
                        throw Malformed(description: "a key must be a plain value")
                    }
                    try spend(scalar.string.utf8.count)
                    members[scalar.string] = try value(child, depth: depth + 1)
                }
                return .object(members)
            case .sequence(let sequence):
                var elements: [JSONValue] = []
                for child in sequence { elements.append(try value(child, depth: depth + 1)) }
                return .array(elements)
            case .scalar(let scalar):
                try spend(scalar.string.utf8.count)
                guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
                return YAMLText.plain(scalar.string)
            // Yams puts a copy in its place.
            case .alias: throw Malformed(description: "an alias leads nowhere")
            }
        }

        private mutating func spend(_ amount: Int) throws(Malformed) {
            budget -= amount
            guard budget >= 0 else { throw Malformed(description: "aliases make the text too large") }
        }
    }

    // MARK: Scalars

    /// YAML 1.1's core types as sigs.k8s.io/yaml reads them, without numbers of base 60: `10:30` is text.
    private static func plain(_ text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return true
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return false
        default: break
        }
        guard let first = text.utf8.first, (48...57).contains(first) || [43, 45, 46].contains(first) else {
            return .string(text)
        }
        if let number = integer(text) { return .integer(number) }
        if text.utf8.allSatisfy({ (48...57).contains($0) || [43, 45, 46, 69, 101].contains($0) }),
            let number = Double(text), number.isFinite
        {
            return .number(number)
        }
        return .string(text)
    }

    /// As Go's `strconv.ParseInt` in base 0: 0x, 0o, 0b, and a leading 0 for octal.
    private static func integer(_ text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        var digits = text.dropFirst(isNegative || text.hasPrefix("+") ? 1 : 0)
        var radix = 10
        if digits.hasPrefix("0"), digits.count > 1 {
            let radixes: [Character: Int] = ["x": 16, "X": 16, "o": 8, "O": 8, "b": 2, "B": 2]
            let letter = digits.dropFirst().first.flatMap { radixes[$0] }
            radix = letter ?? 8
            digits = digits.dropFirst(letter == nil ? 1 : 2)
        }
        guard let first = digits.utf8.first, first != 43, first != 45 else { return nil }
        return Int64((isNegative ? "-" : "") + digits, radix: radix)
    }
}

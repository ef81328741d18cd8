import KubernetesModel
import ObjectStore

/// The part of JSONPath that printer columns use: `.a.b`, `['a']`, `[0]`, `[*]`, `.*`, `[?(@.type=="Ready")]`, `..`-free.
struct JSONPathQuery: Sendable, Hashable {
    private enum Step: Sendable, Hashable {
        case member(String)
        case index(Int)
        case all
        case filter([String], isEqual: Bool, JSONValue)
    }

    private let steps: [Step]

    init(_ text: String) {
        var rest = text[...]
        var steps: [Step] = []
        if rest.hasPrefix("{"), rest.hasSuffix("}") { rest = rest.dropFirst().dropLast() }
        if rest.hasPrefix("$") { rest = rest.dropFirst() }
        while let first = rest.first {
            if first == "[" {
                guard let end = Self.end(ofBracket: rest),
                    let step = Self.bracket(rest[rest.index(after: rest.startIndex)..<end])
                else { break }
                steps.append(step)
                rest = rest[rest.index(after: end)...]
            } else {
                if first == "." { rest = rest.dropFirst() }
                var name = ""
                while let next = rest.first, next != ".", next != "[" {
                    rest = rest.dropFirst()
                    if next == "\\", let escaped = rest.first {
                        name.append(escaped)
                        rest = rest.dropFirst()
                    } else {
                        name.append(next)
                    }
                }
                if !name.isEmpty { steps.append(name == "*" ? .all : .member(name)) } else if first != "." { break }
            }
        }
        self.steps = steps
    }

    /// The bracket that closes the first one, quoted text passed over.
    private static func end(ofBracket text: Substring) -> Substring.Index? {
        var quote: Character?
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == "]" {
                return index
            }
        }
        return nil
    }

    private static func bracket(_ text: Substring) -> Step? {
        if text == "*" { return .all }
        if let index = Int(text) { return .index(index) }
        if text.hasPrefix("'") || text.hasPrefix("\"") { return .member(String(text.dropFirst().dropLast())) }
        guard text.hasPrefix("?("), text.hasSuffix(")") else { return nil }
        let body = text.dropFirst(2).dropLast()
        guard let sign = body.firstRange(of: "==") ?? body.firstRange(of: "!=") else { return nil }
        let left = body[..<sign.lowerBound].trimmed
        let right = body[sign.upperBound...].trimmed
        guard left.hasPrefix("@.") else { return nil }
        let value: JSONValue =
            if right.hasPrefix("'") || right.hasPrefix("\"") {
                .string(String(right.dropFirst().dropLast()))
            } else if let number = Int64(right) {
                .integer(number)
            } else {
                right == "true" ? true : right == "false" ? false : .string(right)
            }
        return .filter(
            left.dropFirst(2).split(separator: ".").map(String.init), isEqual: body[sign] == "==", value)
    }

    func values(in value: JSONValue) -> [JSONValue] {
        var current = [value]
        for step in steps {
            current = current.flatMap { value -> [JSONValue] in
                switch step {
                case .member(let name): [value[name]].compactMap { $0 }
                case .index(let index):
                    value.array.flatMap { elements in
                        let place = index < 0 ? elements.count + index : index
                        return elements.indices.contains(place) ? [elements[place]] : nil
                    } ?? []
                case .all: value.array ?? (value.object.map { $0.sorted { $0.key < $1.key }.map(\.value) } ?? [])
                case .filter(let path, let isEqual, let wanted):
                    (value.array ?? []).filter { element in (element.at(path) == wanted) == isEqual }
                }
            }
        }
        return current
    }
}

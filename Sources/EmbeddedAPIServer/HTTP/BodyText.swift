import KubernetesModel
import ObjectStore
import Yams

/// Objects as text: JSON, or YAML whose scalars are typed as Kubernetes types them.
enum BodyText {
    static func parse(_ bytes: [UInt8]) throws(APIFailure) -> JSONValue {
        let first = bytes.first { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 }
        guard first != UInt8(ascii: "{"), first != UInt8(ascii: "[") else {
            do {
                return try JSONParser.parse(bytes)
            } catch {
                throw .badRequest("the object provided is unrecognized (must be of type JSON or YAML): \(error)")
            }
        }
        do {
            guard let node = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self)) else {
                throw APIFailure.badRequest("the body of the request is empty")
            }
            return try value(node, depth: 0)
        } catch let failure as APIFailure {
            throw failure
        } catch {
            throw .badRequest("the object provided is unrecognized (must be of type JSON or YAML): \(error)")
        }
    }

    /// All documents of a manifest, empty ones left out.
    static func documents(_ text: String) throws -> [JSONValue] {
        try Yams.compose_all(yaml: text).map { try value($0, depth: 0) }.filter { $0 != .null }
    }

    private static func value(_ node: Yams.Node, depth: Int) throws(APIFailure) -> JSONValue {
        guard depth < 100 else { throw .badRequest("the object is nested too deep") }
        switch node {
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, child) in mapping { members[key.string ?? ""] = try value(child, depth: depth + 1) }
            return .object(members)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for child in sequence { elements.append(try value(child, depth: depth + 1)) }
            return .array(elements)
        case .scalar(let scalar): return self.scalar(scalar)
        default: throw .badRequest("YAML aliases are not accepted")
        }
    }

    /// YAML 1.1's core types as sigs.k8s.io/yaml reads them; quoted text is text.
    private static func scalar(_ scalar: Yams.Node.Scalar) -> JSONValue {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return true
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return false
        default: break
        }
        if let first = text.utf8.first, (48...57).contains(first) || first == 45 || first == 43 || first == 46 {
            if let number = Int64(text) { return .integer(number) }
            if text.utf8.allSatisfy({ (48...57).contains($0) || [45, 43, 46, 101, 69].contains($0) }),
                let number = Double(text), number.isFinite
            {
                return .number(number)
            }
        }
        return .string(text)
    }
}

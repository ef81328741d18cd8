import FoundationEssentials
import KubernetesModel
import ObjectStore

/// Request bodies in Kubernetes' protobuf form, which newer kubectl and Go clients prefer for built-in kinds.
///
/// Only the messages in ``ProtobufMessages`` are understood; a field beyond them is refused rather than lost.
struct ProtobufBody {
    static let mediaType = "application/vnd.kubernetes.protobuf"
    /// `k8s` and a zero byte come before the envelope.
    private static let magic: [UInt8] = [0x6b, 0x38, 0x73, 0x00]

    static func parse(_ bytes: [UInt8]) throws(APIFailure) -> JSONValue {
        guard bytes.starts(with: magic) else {
            throw refused("the body does not begin as a Kubernetes protobuf object does")
        }
        // runtime.Unknown: 1 typeMeta (1 apiVersion, 2 kind), 2 raw.
        var apiVersion = ""
        var kind = ""
        var raw: ArraySlice<UInt8> = []
        for field in try fields(bytes[magic.count...]) {
            if field.number == 1 {
                for part in try fields(field.bytes) {
                    if part.number == 1 { apiVersion = part.text }
                    if part.number == 2 { kind = part.text }
                }
            } else if field.number == 2 {
                raw = field.bytes
            }
        }
        guard ProtobufMessages.table[kind] != nil, case .object(var members) = try message(raw, kind, depth: 0) else {
            throw refused("objects of kind \(kind) are not read from protobuf; send JSON")
        }
        members["apiVersion"] = .string(apiVersion)
        members["kind"] = .string(kind)
        return .object(members)
    }

    private static func refused(_ why: String) -> APIFailure { .unsupportedMediaType(why) }

    // MARK: Messages

    private static func message(_ bytes: ArraySlice<UInt8>, _ type: String, depth: Int) throws(APIFailure) -> JSONValue
    {
        guard depth < 32, let known = ProtobufMessages.table[type] else { throw refused("\(type) is nested too deep") }
        switch type {
        case "Time":
            let seconds = try fields(bytes).first { $0.number == 1 }?.integer ?? 0
            return seconds <= 0 ? .null : .string(Timestamp(seconds: seconds).seconds)
        case "IntOrString":
            let parts = try fields(bytes)
            let isText = parts.contains { $0.number == 1 && $0.integer == 1 }
            if isText { return .string(parts.first { $0.number == 3 }?.text ?? "") }
            return .integer(parts.first { $0.number == 2 }?.integer ?? 0)
        default: break
        }
        var members: [String: JSONValue] = [:]
        for field in try fields(bytes) {
            guard let entry = known[field.number] else {
                if isBlank(field, depth: depth) { continue }
                throw refused("field \(field.number) of \(type) is not read from protobuf; send JSON")
            }
            if entry.isMap {
                let pair = try fields(field.bytes)
                let key = pair.first { $0.number == 1 }?.text ?? ""
                let item = pair.first { $0.number == 2 }
                let value = entry.type == "bytes" ? Data(item?.bytes ?? []).base64EncodedString() : item?.text ?? ""
                var map = members[entry.name]?.object ?? [:]
                map[key] = .string(value)
                members[entry.name] = .object(map)
            } else if entry.isList {
                let value = try value(field, entry.type, depth: depth)
                members[entry.name] = .array((members[entry.name]?.array ?? []) + [value])
            } else {
                // Absent and zero are one in this encoding.
                let value = try value(field, entry.type, depth: depth)
                if !value.isEmpty, value != "", value != 0 || entry.type == "IntOrString",
                    value != false || entry.isOptional
                {
                    members[entry.name] = value
                }
            }
        }
        return .object(members)
    }

    private static func value(_ field: Field, _ type: String, depth: Int) throws(APIFailure) -> JSONValue {
        switch type {
        case "string": .string(field.text)
        case "int": .integer(field.integer)
        case "bool": .bool(field.integer != 0)
        default: try message(field.bytes, type, depth: depth + 1)
        }
    }

    // MARK: Wire format

    private struct Field {
        var number: Int
        var integer: Int64 = 0
        var bytes: ArraySlice<UInt8> = []

        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// Whether a field says nothing: zero, empty, or a message of such fields (Go writes those out).
    private static func isBlank(_ field: Field, depth: Int) -> Bool {
        guard field.integer == 0, depth < 32 else { return false }
        guard !field.bytes.isEmpty else { return true }
        return (try? fields(field.bytes))?.allSatisfy { isBlank($0, depth: depth + 1) } ?? false
    }

    private static func fields(_ bytes: ArraySlice<UInt8>) throws(APIFailure) -> [Field] {
        var rest = bytes
        var fields: [Field] = []
        while !rest.isEmpty {
            let tag = try varint(&rest)
            guard let number = Int(exactly: tag >> 3), number > 0 else { throw refused("the protobuf body is damaged") }
            var field = Field(number: number)
            switch tag & 7 {
            case 0: field.integer = Int64(bitPattern: try varint(&rest))
            case 1: rest = rest.dropFirst(8)
            case 2:
                guard let length = Int(exactly: try varint(&rest)), length <= rest.count else {
                    throw refused("the protobuf body is cut off")
                }
                field.bytes = rest.prefix(length)
                rest = rest.dropFirst(length)
            case 5: rest = rest.dropFirst(4)
            default: throw refused("the protobuf body is damaged")
            }
            fields.append(field)
        }
        return fields
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) throws(APIFailure) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0 as UInt64, to: 64, by: 7) {
            guard let byte = rest.popFirst() else { break }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        throw refused("the protobuf body is damaged")
    }
}

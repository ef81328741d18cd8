import Hummingbird
import KubernetesModel
import ObjectStore

/// OpenAPI v2 as `gnostic.openapi.v2.Document`: the only form that kubectl reads it in.
///
/// Only the parts that kubectl looks at: definitions with their types, properties, items, required names and extensions.
/// Field numbers are those of gnostic's `OpenAPIv2.proto`.
enum SwaggerProtobuf {
    static func response(_ document: JSONValue) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: encode(document))))
    }

    static func encode(_ document: JSONValue) -> [UInt8] {
        var message = Message()
        message.text(1, "2.0")
        var info = Message()
        info.text(1, document.at("info", "title")?.string ?? "")
        info.text(2, document.at("info", "version")?.string ?? "")
        message.nested(2, info)
        // Document.paths must be there; it names none.
        message.nested(8, Message())
        var definitions = Message()
        for (name, schema) in (document["definitions"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            definitions.nested(1, named(name, self.schema(schema)))
        }
        message.nested(9, definitions)
        return message.bytes
    }

    private static func named(_ name: String, _ value: Message) -> Message {
        var message = Message()
        message.text(1, name)
        message.nested(2, value)
        return message
    }

    private static func schema(_ source: JSONValue) -> Message {
        var message = Message()
        if let text = source["format"]?.string { message.text(2, text) }
        if let text = source["description"]?.string { message.text(4, text) }
        for name in source["required"]?.array ?? [] { message.text(19, name.string ?? "") }
        if let additional = source["additionalProperties"], additional.object != nil {
            var item = Message()
            item.nested(1, schema(additional))
            message.nested(21, item)
        }
        if let type = source["type"]?.string {
            var item = Message()
            item.text(1, type)
            message.nested(22, item)
        }
        if let items = source["items"] {
            var item = Message()
            item.nested(1, schema(items))
            message.nested(23, item)
        }
        if let properties = source["properties"]?.object {
            var list = Message()
            for (name, child) in properties.sorted(by: { $0.key < $1.key }) {
                list.nested(1, named(name, schema(child)))
            }
            message.nested(25, list)
        }
        for (name, value) in (source.object ?? [:]).sorted(by: { $0.key < $1.key })
        where name.hasPrefix("x-kubernetes-") {
            // Any.yaml: JSON is YAML.
            var any = Message()
            any.text(2, value.jsonText)
            message.nested(31, named(name, any))
        }
        return message
    }

    /// A protobuf message in the making; only length-delimited fields are needed.
    private struct Message {
        private(set) var bytes: [UInt8] = []

        mutating func text(_ field: UInt64, _ text: String) { write(field, Array(text.utf8)) }
        mutating func nested(_ field: UInt64, _ message: Message) { write(field, message.bytes) }

        private mutating func write(_ field: UInt64, _ content: [UInt8]) {
            varint(field << 3 | 2)
            varint(UInt64(content.count))
            bytes += content
        }

        private mutating func varint(_ value: UInt64) {
            var rest = value
            while rest >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(truncatingIfNeeded: rest))
        }
    }
}

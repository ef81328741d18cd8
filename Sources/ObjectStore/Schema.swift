public import KubernetesModel

/// A structural schema (OpenAPI v3 with the `x-kubernetes-` extensions): drives validation, defaults, pruning,
/// strategic merge patches and the ownership of server-side apply.
public final class Schema: Sendable {
    public enum Kind: Sendable, Hashable {
        case object, array, string, integer, number, boolean, intOrString
        /// No type given: any value.
        case any
    }

    /// How two lists merge (`x-kubernetes-list-type`).
    public enum ListType: Sendable, Hashable {
        case atomic
        case set
        case map(keys: [String])
    }

    public let kind: Kind
    public let properties: [String: Schema]
    public let additional: Schema?
    public let items: Schema?
    public let listType: ListType
    /// `x-kubernetes-map-type: atomic`.
    public let isAtomic: Bool
    public let preservesUnknown: Bool
    /// A whole Kubernetes object inside another (`x-kubernetes-embedded-resource`).
    public let isEmbedded: Bool
    public let isNullable: Bool
    public let required: [String]
    public let allowed: [JSONValue]
    public let defaultValue: JSONValue?
    /// Strategic merge: lists merge (`x-kubernetes-patch-strategy: merge`), objects in them by this member.
    public let mergesInPatch: Bool
    public let patchMergeKey: String?
    let limits: Limits
    /// The OpenAPI form, as served to clients.
    public let source: JSONValue

    /// Numeric, textual and size limits.
    struct Limits: Sendable, Hashable {
        var minimum: Double?
        var maximum: Double?
        var exclusiveMinimum = false
        var exclusiveMaximum = false
        var minLength: Int?
        var maxLength: Int?
        var minItems: Int?
        var maxItems: Int?
        var minProperties: Int?
        var maxProperties: Int?
        var pattern: String?
        var format: String?
    }

    public init(_ source: JSONValue) {
        self.source = source
        let isIntOrString = source["x-kubernetes-int-or-string"]?.bool == true
        kind =
            switch source["type"]?.string {
            case _ where isIntOrString: .intOrString
            case "object": .object
            case "array": .array
            case "string": .string
            case "integer": .integer
            case "number": .number
            case "boolean": .boolean
            default: source["properties"] != nil || source["additionalProperties"] != nil ? .object : .any
            }
        properties = (source["properties"]?.object ?? [:]).mapValues { Schema($0) }
        additional =
            switch source["additionalProperties"] {
            case .object?: source["additionalProperties"].map { Schema($0) }
            case .bool(true)?: Schema(["x-kubernetes-preserve-unknown-fields": true])
            default: nil
            }
        items = source["items"].map { Schema($0) }
        let keys = (source["x-kubernetes-list-map-keys"]?.array ?? []).compactMap(\.string)
        listType =
            switch source["x-kubernetes-list-type"]?.string {
            case "set": .set
            case "map" where !keys.isEmpty: .map(keys: keys)
            default: .atomic
            }
        isAtomic = source["x-kubernetes-map-type"]?.string == "atomic"
        preservesUnknown = source["x-kubernetes-preserve-unknown-fields"]?.bool == true
        isEmbedded = source["x-kubernetes-embedded-resource"]?.bool == true
        isNullable = source["nullable"]?.bool == true
        required = (source["required"]?.array ?? []).compactMap(\.string)
        allowed = source["enum"]?.array ?? []
        defaultValue = source["default"]
        mergesInPatch = (source["x-kubernetes-patch-strategy"]?.string ?? "").split(separator: ",").contains("merge")
        patchMergeKey = source["x-kubernetes-patch-merge-key"]?.string
        limits = Limits(source)
    }

    /// Anything goes; maps merge, lists are atomic.
    public static let any = Schema(["x-kubernetes-preserve-unknown-fields": true])

    /// The schema of a member, if the schema knows one.
    public func member(_ name: String) -> Schema? { properties[name] ?? additional }
}

extension Schema.Limits {
    init(_ source: JSONValue) {
        func double(_ name: String) -> Double? {
            switch source[name] {
            case .integer(let value)?: Double(value)
            case .number(let value)?: value
            default: nil
            }
        }
        func count(_ name: String) -> Int? { source[name]?.integer.flatMap { Int(exactly: $0) } }
        minimum = double("minimum")
        maximum = double("maximum")
        exclusiveMinimum = source["exclusiveMinimum"]?.bool == true
        exclusiveMaximum = source["exclusiveMaximum"]?.bool == true
        (minLength, maxLength) = (count("minLength"), count("maxLength"))
        (minItems, maxItems) = (count("minItems"), count("maxItems"))
        (minProperties, maxProperties) = (count("minProperties"), count("maxProperties"))
        pattern = source["pattern"]?.string
        format = source["format"]?.string
    }
}

extension Schema {
    /// The schema of `metadata`, the same for every kind.
    public static let objectMeta: JSONValue = [
        "type": "object",
        "description": "Standard object's metadata.",
        "x-kubernetes-preserve-unknown-fields": true,
        "properties": [
            "name": ["type": "string", "description": "Name must be unique within a namespace."],
            "namespace": [
                "type": "string", "description": "Namespace defines the space within which a name is unique.",
            ],
            "generateName": ["type": "string"],
            "uid": ["type": "string"],
            "selfLink": ["type": "string"],
            "deletionGracePeriodSeconds": ["type": "integer", "format": "int64"],
            "managedFields": ["type": "array", "items": ["x-kubernetes-preserve-unknown-fields": true]],
            "resourceVersion": ["type": "string"],
            "generation": ["type": "integer", "format": "int64"],
            "creationTimestamp": ["type": "string", "format": "date-time"],
            "deletionTimestamp": ["type": "string", "format": "date-time"],
            "labels": ["type": "object", "additionalProperties": ["type": "string"]],
            "annotations": ["type": "object", "additionalProperties": ["type": "string"]],
            "finalizers": [
                "type": "array", "items": ["type": "string"], "x-kubernetes-list-type": "set",
                "x-kubernetes-patch-strategy": "merge",
            ],
            "ownerReferences": [
                "type": "array", "items": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
                "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"],
                "x-kubernetes-patch-merge-key": "uid", "x-kubernetes-patch-strategy": "merge",
            ],
        ],
    ]

    /// A kind's schema with the members that every object has.
    public static func root(_ schema: JSONValue) -> Schema {
        var root = schema
        root.set("type", to: "object")
        root.set("properties", "apiVersion", to: ["type": "string"])
        root.set("properties", "kind", to: ["type": "string"])
        root.set("properties", "metadata", to: objectMeta)
        return Schema(root)
    }
}

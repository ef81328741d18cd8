import KubernetesModel
import ObjectStore

/// What the schemas of the CRDs say of Herald's own types, for where there are no CRDs; a test compares both.
enum CustomResourceSchema {
    /// Everything that is wrong with an object, as the API server words it, before its CEL rules are looked at; and the
    /// fields that are none.
    static func check(_ type: ResourceType, _ object: JSONValue) -> (causes: [Status.Cause], unknown: [String]) {
        guard type.group == group, let schema = schemas[type.kind] else { return ([], []) }
        var object = object
        schema.applyDefaults(to: &object)
        let unknown = schema.prune(&object)
        let metadata = ObjectMetaRules.causes(object["metadata"] ?? [:], ResourceDefinition(type))
        return (schema.validate(object) + metadata, unknown)
    }

    private static let group = IPAddressPool.resource.group
    private static let schemas = sources.mapValues { Schema.root($0) }

    /// `openAPIV3Schema` by kind, without its descriptions and rules, and without what the status holds.
    static let sources: [String: JSONValue] = [
        IPAddressPool.resource.kind: object(
            [
                "spec": object(
                    [
                        "addresses": list(of: text(83), atMost: 128, atLeast: 1, type: "set"),
                        "autoAssign": ["type": "boolean", "default": true],
                        "avoidBuggyIPs": ["type": "boolean", "default": false],
                        "serviceAllocation": object([
                            "priority": ["type": "integer", "format": "int32", "minimum": 0, "default": 0],
                            "namespaces": list(of: text(63), atMost: 256, type: "set"),
                            "namespaceSelectors": list(of: selector, atMost: 16),
                            "serviceSelectors": list(of: selector, atMost: 16),
                        ]),
                    ], requires: ["addresses"]), "status": status,
            ], requires: ["spec"]),
        L2Advertisement.resource.kind: object([
            "spec": object([
                "ipAddressPools": list(of: text(253), atMost: 256, type: "set"),
                "ipAddressPoolSelectors": list(of: selector, atMost: 16),
                "serviceSelectors": list(of: selector, atMost: 16),
                "nodeSelectors": list(of: selector, atMost: 16),
                "preferredNodeSelectors": list(
                    of: object(
                        [
                            "weight": ["type": "integer", "format": "int32", "minimum": 1, "maximum": 100],
                            "preference": selector,
                        ], requires: ["weight", "preference"]), atMost: 16),
                "interfaces": list(of: text(64), atMost: 64, type: "set"),
            ]), "status": status,
        ]),
    ]

    private static let status: JSONValue = ["type": "object", "x-kubernetes-preserve-unknown-fields": true]

    private static let selector: JSONValue = [
        "type": "object", "x-kubernetes-map-type": "atomic",
        "properties": [
            "matchLabels": ["type": "object", "maxProperties": 64, "additionalProperties": text(63)],
            "matchExpressions": list(
                of: object(
                    [
                        "key": ["type": "string", "minLength": 1, "maxLength": 317],
                        "operator": ["type": "string", "enum": ["In", "NotIn", "Exists", "DoesNotExist"]],
                        "values": list(of: text(63), atMost: 64),
                    ], requires: ["key", "operator"]), atMost: 32),
        ],
    ]

    private static func text(_ most: Int64) -> JSONValue { ["type": "string", "maxLength": .integer(most)] }

    private static func list(
        of items: JSONValue, atMost most: Int64, atLeast least: Int64? = nil, type: String = "atomic"
    ) -> JSONValue {
        var list: JSONValue = [
            "type": "array", "items": items, "maxItems": .integer(most), "x-kubernetes-list-type": .string(type),
        ]
        list["minItems"] = least.map { .integer($0) }
        return list
    }

    private static func object(_ properties: JSONValue, requires: [JSONValue] = []) -> JSONValue {
        var object: JSONValue = ["type": "object", "properties": properties]
        object["required"] = requires.isEmpty ? nil : .array(requires)
        return object
    }
}

import Hummingbird
import KubernetesModel
import ObjectStore

/// OpenAPI documents of the served kinds: v3 by group and version, v2 in one piece.
struct OpenAPI: Sendable {
    let registry: Registry

    func page(_ path: [String], accept: String?) -> Response? {
        switch path.first {
        case "v2" where path.count == 1:
            let document = swagger
            if accept?.contains("protobuf") == true {
                return SwaggerProtobuf.response(document)
            }
            return .json(document)
        case "v3" where path.count == 1: return .json(["paths": .object(index)])
        case "v3" where path.count == 3 && path[1] == "api": return document(group: "", version: path[2])
        case "v3" where path.count == 4 && path[1] == "apis": return document(group: path[2], version: path[3])
        default: return nil
        }
    }

    /// Built-in kinds whose schema here lists every field.
    private static let complete: Set<String> = ["services", "namespaces", "configmaps", "secrets", "serviceaccounts"]

    private func definitions(_ group: String, _ version: String) -> [ResourceDefinition] {
        registry.all.filter { $0.type.group == group && $0.type.version == version }
    }

    private var index: [String: JSONValue] {
        var paths: [String: JSONValue] = [:]
        for definition in registry.all {
            let type = definition.type
            let path = type.group.isEmpty ? "api/\(type.version)" : "apis/\(type.group)/\(type.version)"
            paths[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)")]
        }
        return paths
    }

    private func document(group: String, version: String) -> Response? {
        let definitions = definitions(group, version)
        guard !definitions.isEmpty else { return nil }
        var paths: [String: JSONValue] = [:]
        var schemas: [String: JSONValue] = [:]
        for definition in definitions {
            schemas[Self.name(of: definition.type)] = Self.schema(of: definition)
            paths.merge(Self.paths(of: definition)) { first, _ in first }
        }
        return .json([
            "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": "v1.33.0"], "paths": .object(paths),
            "components": ["schemas": .object(schemas)],
        ])
    }

    private var swagger: JSONValue {
        var definitions: [String: JSONValue] = [:]
        for definition in registry.all {
            var schema = Self.schema(of: definition)
            if !definition.isCustom, !Self.complete.contains(definition.storage) {
                // Old kubectl refuses fields that v2 does not list: better no list than half a one.
                let properties = (schema["properties"]?.object ?? [:]).map { name, value -> (String, JSONValue) in
                    ["apiVersion", "kind", "metadata"].contains(name)
                        ? (name, value) : (name, value["description"].map { ["description": $0] } ?? [:])
                }
                schema["properties"] = .object(Dictionary(properties) { first, _ in first })
            }
            definitions[Self.name(of: definition.type)] = schema
        }
        return [
            "swagger": "2.0", "info": ["title": "Kubernetes", "version": "v1.33.0"], "paths": [:],
            "definitions": .object(definitions),
        ]
    }

    /// The reverse-domain name that documents use for a kind.
    private static func name(of type: ResourceType) -> String {
        let group = type.group.isEmpty ? "core" : type.group
        let domain = group.split(separator: ".").reversed().joined(separator: ".")
        let isBuiltin = type.group.isEmpty || !type.group.contains(".") || type.group.hasSuffix("k8s.io")
        return isBuiltin
            ? "io.k8s.api.\(group.split(separator: ".").first ?? "core").\(type.version).\(type.kind)"
            : "\(domain).\(type.version).\(type.kind)"
    }

    private static func schema(of definition: ResourceDefinition) -> JSONValue {
        var schema = definition.schema.source
        schema["x-kubernetes-group-version-kind"] = [kind(definition.type)]
        return schema
    }

    private static func kind(_ type: ResourceType) -> JSONValue {
        ["group": .string(type.group), "version": .string(type.version), "kind": .string(type.kind)]
    }

    private static func paths(of definition: ResourceDefinition) -> [String: JSONValue] {
        let type = definition.type
        let root = type.group.isEmpty ? "/api/\(type.version)" : "/apis/\(type.group)/\(type.version)"
        let collection = type.isNamespaced ? "\(root)/namespaces/{namespace}/\(type.plural)" : "\(root)/\(type.plural)"
        let reference: JSONValue = ["$ref": .string("#/components/schemas/\(name(of: type))")]
        func operation(_ action: String, isWrite: Bool) -> JSONValue {
            let names = isWrite ? ["dryRun", "fieldManager", "fieldValidation"] : []
            let parameters = names.map { name -> JSONValue in
                ["name": .string(name), "in": "query", "schema": ["type": "string", "uniqueItems": true]]
            }
            return [
                "x-kubernetes-action": .string(action), "x-kubernetes-group-version-kind": kind(type),
                "parameters": .array(parameters),
                "responses": ["200": ["description": "OK", "content": ["application/json": ["schema": reference]]]],
            ]
        }
        return [
            collection: ["get": operation("list", isWrite: false), "post": operation("post", isWrite: true)],
            collection + "/{name}": [
                "get": operation("get", isWrite: false), "put": operation("put", isWrite: true),
                "patch": operation("patch", isWrite: true), "delete": operation("delete", isWrite: false),
            ],
        ]
    }
}

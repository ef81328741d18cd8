import Hummingbird
import KubernetesModel
import ObjectStore

/// What the server serves, for clients to find out.
struct Discovery: Sendable {
    let core: ServerCore

    static let version: JSONValue = [
        "major": "1", "minor": "33", "gitVersion": "v1.33.0+herald", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "2025-01-01T00:00:00Z", "goVersion": "swift", "compiler": "swift", "platform": "linux/amd64",
    ]

    func page(_ target: RequestTarget, accept: String?) -> Response? {
        let registry = core.cluster.read { $0.registry }
        let path = target.path
        switch (path.first, path.count) {
        case ("api", 1): return .json(["kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []])
        case ("api", 2) where path[1] == "v1": return .json(resources(registry, group: "", version: "v1"))
        case ("apis", 1):
            return .json([
                "kind": "APIGroupList", "apiVersion": "v1",
                "groups": .array(registry.groups.map { group($0.name, $0.versions) }),
            ])
        case ("apis", 2):
            return registry.groups.first { $0.name == path[1] }.map { found in
                var group = group(found.name, found.versions)
                group["kind"] = "APIGroup"
                group["apiVersion"] = "v1"
                return .json(group)
            }
        case ("apis", 3):
            guard registry.groups.contains(where: { $0.name == path[1] && $0.versions.contains(path[2]) }) else {
                return nil
            }
            return .json(resources(registry, group: path[1], version: path[2]))
        case ("openapi", _): return OpenAPI(registry: registry).page(Array(path.dropFirst()), accept: accept)
        case (nil, _):
            let paths =
                ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/readyz", "/openapi/v2", "/openapi/v3", "/version"]
                + registry.groups.flatMap { group in
                    ["/apis/\(group.name)"] + group.versions.map { "/apis/\(group.name)/\($0)" }
                }
            return .json(["paths": .array(paths.sorted().map { .string($0) })])
        default: return nil
        }
    }

    private func group(_ name: String, _ versions: [String]) -> JSONValue {
        let list = versions.map { version -> JSONValue in
            ["groupVersion": .string("\(name)/\(version)"), "version": .string(version)]
        }
        return ["name": .string(name), "versions": .array(list), "preferredVersion": list.first ?? .null]
    }

    private func resources(_ registry: Registry, group: String, version: String) -> JSONValue {
        var list: [JSONValue] = []
        for definition in registry.all where definition.type.group == group && definition.type.version == version {
            let type = definition.type
            var entry: JSONValue = [
                "name": .string(type.plural), "singularName": .string(definition.singular),
                "namespaced": .bool(type.isNamespaced), "kind": .string(type.kind),
                "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            ]
            if !definition.shortNames.isEmpty {
                entry["shortNames"] = .array(definition.shortNames.map { .string($0) })
            }
            if !definition.categories.isEmpty {
                entry["categories"] = .array(definition.categories.map { .string($0) })
            }
            list.append(entry)
            if definition.hasStatus {
                list.append(subresource(definition, "status", verbs: ["get", "patch", "update"]))
            }
            if definition.storage == "serviceaccounts" {
                var token = subresource(definition, "token", verbs: ["create"])
                token["group"] = "authentication.k8s.io"
                token["version"] = "v1"
                token["kind"] = "TokenRequest"
                list.append(token)
            }
        }
        for review in Reviews.allCases where review.group == group && version == "v1" {
            list.append([
                "name": .string(review.rawValue), "singularName": .string(review.kind.lowercased()),
                "namespaced": false,
                "kind": .string(review.kind), "verbs": ["create"],
            ])
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"), "resources": .array(list),
        ]
    }

    private func subresource(_ definition: ResourceDefinition, _ name: String, verbs: [String]) -> JSONValue {
        [
            "name": .string("\(definition.type.plural)/\(name)"), "singularName": "",
            "namespaced": .bool(definition.type.isNamespaced), "kind": .string(definition.type.kind),
            "verbs": .array(verbs.map { .string($0) }),
        ]
    }
}

import KubernetesModel
import ObjectStore

/// CustomResourceDefinition objects, and the resources that they make the server serve.
enum CustomResources {
    static let storage = "customresourcedefinitions.apiextensions.k8s.io"

    /// Checks and completes a definition before it is stored.
    static func admit(_ object: inout JSONValue, old: JSONValue?, now: Timestamp) throws(APIFailure) {
        let name = object.at("metadata", "name")?.string ?? ""
        var causes: [Status.Cause] = []
        let group = object.at("spec", "group")?.string ?? ""
        let plural = object.at("spec", "names", "plural")?.string ?? ""
        let kind = object.at("spec", "names", "kind")?.string ?? ""
        if name != "\(plural).\(group)" {
            causes.append(.invalid("metadata.name", "\"\(name)\"", "must be spec.names.plural+\".\"+spec.group"))
        }
        let versions = object.at("spec", "versions")?.array ?? []
        if versions.filter({ $0["storage"]?.bool == true }).count != 1 {
            causes.append(
                .invalid(
                    "spec.versions", "\(versions.count)", "must have exactly one version marked as storage version"))
        }
        for (index, version) in versions.enumerated() where version["schema"]?["openAPIV3Schema"]?.object == nil {
            causes.append(
                .required("spec.versions[\(index)].schema.openAPIV3Schema", "schemas are required"))
        }
        for name in ["group", "scope"] {
            guard let old, let before = old.at("spec", name), before != object.at("spec", name) else { continue }
            causes.append(.invalid("spec.\(name)", object.at("spec", name)?.quoted ?? "null", "field is immutable"))
        }
        guard causes.isEmpty else {
            throw .invalid(
                ResourceType(
                    group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
                    plural: "customresourcedefinitions", isNamespaced: false), name, causes)
        }
        if object.at("spec", "names", "singular") == nil {
            object.set("spec", "names", "singular", to: .string(kind.lowercased()))
        }
        if object.at("spec", "names", "listKind") == nil {
            object.set("spec", "names", "listKind", to: .string(kind + "List"))
        }
        if object.at("spec", "conversion") == nil { object.set("spec", "conversion", to: ["strategy": "None"]) }
        accept(&object, now: now)
    }

    /// The status that the real server's controllers write; here it is true at once.
    private static func accept(_ object: inout JSONValue, now: Timestamp) {
        object.set("status", "acceptedNames", to: object.at("spec", "names"))
        let stored = (object.at("spec", "versions")?.array ?? []).filter { $0["storage"]?.bool == true }
        object.set("status", "storedVersions", to: .array(stored.compactMap { $0["name"] }))
        let conditions = object.at("status", "conditions")?.array ?? []
        guard !conditions.contains(where: { $0["type"] == "Established" }) else { return }
        func condition(_ type: String, _ reason: String, _ message: String) -> JSONValue {
            [
                "type": .string(type), "status": "True", "reason": .string(reason), "message": .string(message),
                "lastTransitionTime": .string(now.seconds),
            ]
        }
        object.set(
            "status", "conditions",
            to: [
                condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
            ])
    }

    /// The resources that a definition serves, one per served version.
    static func definitions(of object: JSONValue) -> [CustomResource] {
        guard let spec = object["spec"], let group = spec["group"]?.string, let names = spec["names"],
            let kind = names["kind"]?.string, let plural = names["plural"]?.string
        else { return [] }
        let versions = spec["versions"]?.array ?? []
        let stored = versions.first { $0["storage"]?.bool == true }?["name"]?.string ?? ""
        return versions.filter { $0["served"]?.bool == true }.compactMap { version in
            guard let name = version["name"]?.string else { return nil }
            var definition = ResourceDefinition(
                ResourceType(
                    group: group, version: name, kind: kind, plural: plural,
                    isNamespaced: spec["scope"]?.string == "Namespaced"),
                singular: names["singular"]?.string)
            definition.shortNames = (names["shortNames"]?.array ?? []).compactMap(\.string)
            definition.categories = (names["categories"]?.array ?? []).compactMap(\.string)
            definition.isCustom = true
            definition.countsGenerations = true
            definition.statusCarriesMetadata = false
            definition.storedAPIVersion = "\(group)/\(stored)"
            definition.hasStatus = version["subresources"]?["status"] != nil
            definition.schema = Schema.root(version["schema"]?["openAPIV3Schema"] ?? [:])
            definition.selectableFields = Set(
                (version["selectableFields"]?.array ?? []).compactMap { field in
                    field["jsonPath"]?.string.map { $0.hasPrefix(".") ? String($0.dropFirst()) : $0 }
                })
            return CustomResource(definition: definition, columns: version["additionalPrinterColumns"]?.array ?? [])
        }
    }
}

struct CustomResource: Sendable {
    var definition: ResourceDefinition
    /// `additionalPrinterColumns`.
    var columns: [JSONValue]
}

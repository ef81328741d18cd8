package import KubernetesModel

/// A change of some fields of an object.
package enum Patch: Sendable, Hashable {
    /// RFC 7396: members replace members, null removes. Lists are replaced whole.
    case merge(JSONValue)
    /// Server-side apply: `fieldManager` owns exactly the fields given, and gives up those it no longer sends.
    ///
    /// The one right way to write an entry of a list map that others write too. `apiVersion`, `kind` and `metadata.name`
    /// are filled in when absent.
    case apply(JSONValue, fieldManager: String, force: Bool = true)

    var contentType: String {
        switch self {
        case .merge: "application/merge-patch+json"
        case .apply: "application/apply-patch+yaml"
        }
    }

    var query: [(String, String)] {
        guard case .apply(_, let fieldManager, let force) = self else { return [] }
        return [("fieldManager", fieldManager)] + (force ? [("force", "true")] : [])
    }

    /// The document to send. JSON is valid YAML, so an apply patch is sent as JSON.
    func body(type: ResourceType, namespace: String?, name: String) -> JSONValue {
        switch self {
        case .merge(let document): return document
        case .apply(var document, _, _):
            if document["apiVersion"] == nil { document["apiVersion"] = .string(type.apiVersion) }
            if document["kind"] == nil { document["kind"] = .string(type.kind) }
            var metadata = document["metadata"] ?? [:]
            if metadata["name"] == nil { metadata["name"] = .string(name) }
            if let namespace, type.isNamespaced, metadata["namespace"] == nil {
                metadata["namespace"] = .string(namespace)
            }
            document["metadata"] = metadata
            return document
        }
    }
}

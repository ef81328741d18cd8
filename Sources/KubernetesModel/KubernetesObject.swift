/// What the API server calls a resource: the path below `/api` or `/apis`.
public struct ResourceType: Sendable, Hashable {
    /// Empty for the core group.
    public let group: String
    public let version: String
    public let kind: String
    public let plural: String
    public let isNamespaced: Bool

    public init(group: String, version: String, kind: String, plural: String, isNamespaced: Bool) {
        (self.group, self.version, self.kind) = (group, version, kind)
        (self.plural, self.isNamespaced) = (plural, isNamespaced)
    }

    /// `v1` or `group/version`.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The path of the collection, or of one object when `name` is given.
    public func path(namespace: String? = nil, name: String? = nil, subresource: String? = nil) -> String {
        var path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        if isNamespaced, let namespace { path += "/namespaces/\(namespace)" }
        path += "/\(plural)"
        if let name { path += "/\(name)" }
        if let subresource { path += "/\(subresource)" }
        return path
    }
}

/// A Kubernetes object of one resource type, reduced to the fields that Herald reads or writes.
///
/// Decoding ignores all other fields, so an object read through such a type must never be written back whole:
/// use a patch (merge or server-side apply) of the fields that change.
public protocol KubernetesObject: Codable, Sendable, Hashable {
    static var resource: ResourceType { get }
    var metadata: ObjectMeta { get set }
}

extension KubernetesObject {
    public var key: ObjectKey { ObjectKey(namespace: metadata.namespace, name: metadata.name) }
}

/// Namespace and name; the namespace is empty for cluster-scoped objects.
public struct ObjectKey: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    public let namespace: String
    public let name: String

    public init(namespace: String? = nil, name: String) {
        (self.namespace, self.name) = (namespace ?? "", name)
    }

    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    public static func < (a: ObjectKey, b: ObjectKey) -> Bool { (a.namespace, a.name) < (b.namespace, b.name) }
}

/// `metav1.ObjectMeta`, reduced.
public struct ObjectMeta: Codable, Sendable, Hashable {
    public var name: String
    public var namespace: String?
    public var uid: String?
    public var resourceVersion: String?
    public var generation: Int?
    public var creationTimestamp: Timestamp?
    public var deletionTimestamp: Timestamp?
    public var labels: [String: String]?
    public var annotations: [String: String]?
    public var finalizers: [String]?

    public init(
        name: String, namespace: String? = nil, uid: String? = nil, resourceVersion: String? = nil,
        generation: Int? = nil, creationTimestamp: Timestamp? = nil, deletionTimestamp: Timestamp? = nil,
        labels: [String: String]? = nil, annotations: [String: String]? = nil, finalizers: [String]? = nil
    ) {
        (self.name, self.namespace, self.uid, self.resourceVersion) = (name, namespace, uid, resourceVersion)
        (self.generation, self.creationTimestamp) = (generation, creationTimestamp)
        (self.deletionTimestamp, self.labels, self.annotations) = (deletionTimestamp, labels, annotations)
        self.finalizers = finalizers
    }
}

/// `metav1.ListMeta`, reduced.
public struct ListMeta: Codable, Sendable, Hashable {
    public var resourceVersion: String?
    /// Where the next page begins; absent or empty on the last page.
    public var `continue`: String?
}

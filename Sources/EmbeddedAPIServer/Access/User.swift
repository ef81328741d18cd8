/// Who makes a request.
struct User: Sendable, Hashable {
    var name: String
    var uid = ""
    var groups: [String]

    static let anonymous = User(name: "system:anonymous", groups: ["system:unauthenticated"])
    static let administrator = User(name: "herald-admin", groups: ["system:masters", "system:authenticated"])

    static func serviceAccount(_ name: String, namespace: String, uid: String) -> User {
        User(
            name: "system:serviceaccount:\(namespace):\(name)", uid: uid,
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"])
    }
}

/// What a request wants to do, in the terms that RBAC rules are written in.
public struct AccessRequest: Sendable, Hashable {
    public var user: String
    public var verb: String
    public var group: String
    public var resource: String
    public var subresource: String
    public var namespace: String
    public var name: String
    /// For requests that are no resource (`/healthz`); otherwise empty.
    public var path: String

    public init(
        user: String, verb: String, group: String = "", resource: String = "", subresource: String = "",
        namespace: String = "", name: String = "", path: String = ""
    ) {
        (self.user, self.verb, self.group, self.resource) = (user, verb, group, resource)
        (self.subresource, self.namespace, self.name, self.path) = (subresource, namespace, name, path)
    }

    var qualifiedResource: String { subresource.isEmpty ? resource : "\(resource)/\(subresource)" }
}

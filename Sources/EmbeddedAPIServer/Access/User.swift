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
package struct AccessRequest: Sendable, Hashable {
    package var user: String
    package var verb: String
    package var group: String
    package var resource: String
    package var subresource: String
    package var namespace: String
    package var name: String
    /// For requests that are no resource (`/healthz`); otherwise empty.
    package var path: String

    package init(
        user: String, verb: String, group: String = "", resource: String = "", subresource: String = "",
        namespace: String = "", name: String = "", path: String = ""
    ) {
        (self.user, self.verb, self.group, self.resource) = (user, verb, group, resource)
        (self.subresource, self.namespace, self.name, self.path) = (subresource, namespace, name, path)
    }

    var qualifiedResource: String { subresource.isEmpty ? resource : "\(resource)/\(subresource)" }
}

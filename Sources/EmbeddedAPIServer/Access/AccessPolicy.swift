import KubernetesModel
import ObjectStore

/// RBAC, compiled from the Role, ClusterRole and binding objects of the store.
struct AccessPolicy: Sendable {
    struct Rule: Sendable {
        var verbs: Set<String>
        var groups: Set<String>
        var resources: Set<String>
        var names: Set<String>
        var paths: [String]

        init(_ value: JSONValue) {
            func strings(_ name: String) -> [String] { (value[name]?.array ?? []).compactMap(\.string) }
            verbs = Set(strings("verbs"))
            groups = Set(strings("apiGroups"))
            resources = Set(strings("resources"))
            names = Set(strings("resourceNames"))
            paths = strings("nonResourceURLs")
        }

        func allows(_ request: AccessRequest) -> Bool {
            guard verbs.contains("*") || verbs.contains(request.verb) else { return false }
            guard request.path.isEmpty else {
                return paths.contains { pattern in
                    pattern == "*" || pattern == request.path
                        || (pattern.hasSuffix("*") && request.path.hasPrefix(String(pattern.dropLast())))
                }
            }
            guard groups.contains("*") || groups.contains(request.group) else { return false }
            guard names.isEmpty || names.contains(request.name) else { return false }
            return resources.contains("*") || resources.contains(request.qualifiedResource)
                || (!request.subresource.isEmpty && resources.contains("*/\(request.subresource)"))
        }
    }

    private struct Grant: Sendable {
        /// Empty for the whole cluster.
        var namespace: String
        var rules: [Rule]
    }

    /// By subject: `user:NAME` or `group:NAME`.
    private var grants: [String: [Grant]] = [:]

    static let group = "rbac.authorization.k8s.io"
    static let storages: Set<String> = [
        "roles.\(group)", "rolebindings.\(group)", "clusterroles.\(group)", "clusterrolebindings.\(group)",
    ]

    init(_ store: ObjectStore) {
        var roles: [String: [Rule]] = [:]
        for (storage, kind) in [("roles", "Role"), ("clusterroles", "ClusterRole")] {
            for role in store.values("\(storage).\(Self.group)") {
                let namespace = role.at("metadata", "namespace")?.string ?? ""
                let name = role.at("metadata", "name")?.string ?? ""
                roles["\(kind)/\(namespace)/\(name)"] = Self.rules(of: role, in: store)
            }
        }
        for storage in ["rolebindings", "clusterrolebindings"] {
            for binding in store.values("\(storage).\(Self.group)") {
                let namespace = binding.at("metadata", "namespace")?.string ?? ""
                let kind = binding.at("roleRef", "kind")?.string ?? ""
                let name = binding.at("roleRef", "name")?.string ?? ""
                let scope = kind == "Role" ? namespace : ""
                guard let rules = roles["\(kind)/\(scope)/\(name)"] else { continue }
                for subject in binding["subjects"]?.array ?? [] {
                    guard let key = Self.key(of: subject, in: namespace) else { continue }
                    grants[key, default: []].append(Grant(namespace: namespace, rules: rules))
                }
            }
        }
    }

    private static func rules(of role: JSONValue, in store: ObjectStore) -> [Rule] {
        let own = (role["rules"]?.array ?? []).map { Rule($0) }
        guard let selectors = role.at("aggregationRule", "clusterRoleSelectors")?.array else { return own }
        let wanted = selectors.map { $0["matchLabels"]?.object ?? [:] }
        let others = store.values("clusterroles.\(group)").filter { other in
            let labels = other.at("metadata", "labels")?.object ?? [:]
            return wanted.contains { $0.allSatisfy { labels[$0.key] == $0.value } }
        }
        return own + others.flatMap { ($0["rules"]?.array ?? []).map { Rule($0) } }
    }

    private static func key(of subject: JSONValue, in namespace: String) -> String? {
        guard let name = subject["name"]?.string else { return nil }
        return switch subject["kind"]?.string {
        case "ServiceAccount": "user:system:serviceaccount:\(subject["namespace"]?.string ?? namespace):\(name)"
        case "User": "user:\(name)"
        case "Group": "group:\(name)"
        default: nil
        }
    }

    func allows(_ request: AccessRequest, by user: User) -> Bool {
        if user.groups.contains("system:masters") { return true }
        return grants(of: user).contains { grant in
            (grant.namespace.isEmpty || (grant.namespace == request.namespace && request.path.isEmpty))
                && grant.rules.contains { $0.allows(request) }
        }
    }

    private func grants(of user: User) -> [Grant] {
        (grants["user:\(user.name)"] ?? []) + user.groups.flatMap { grants["group:\($0)"] ?? [] }
    }

    /// The rules that hold for a user in a namespace (`kubectl auth can-i --list`).
    func rules(for user: User, namespace: String) -> [Rule] {
        grants(of: user).filter { $0.namespace.isEmpty || $0.namespace == namespace }.flatMap(\.rules)
    }

    /// What every cluster has from the start.
    static let bootstrap: [(plural: String, object: JSONValue)] = [
        role(
            "cluster-admin",
            [["apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]], ["nonResourceURLs": ["*"], "verbs": ["*"]]]),
        binding("cluster-admin", "cluster-admin", groups: ["system:masters"]),
        role(
            "system:discovery",
            [
                [
                    "nonResourceURLs": [
                        "/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", "/version", "/version/",
                        "/healthz", "/livez", "/readyz",
                    ],
                    "verbs": ["get"],
                ]
            ]),
        binding("system:discovery", "system:discovery", groups: ["system:authenticated"]),
        role(
            "system:basic-user",
            [
                [
                    "apiGroups": ["authorization.k8s.io"],
                    "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], "verbs": ["create"],
                ],
                ["apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"]],
            ]),
        binding("system:basic-user", "system:basic-user", groups: ["system:authenticated"]),
        role(
            "system:public-info-viewer",
            [["nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"], "verbs": ["get"]]]),
        binding(
            "system:public-info-viewer", "system:public-info-viewer",
            groups: ["system:authenticated", "system:unauthenticated"]),
    ]

    private static func role(_ name: String, _ rules: [JSONValue]) -> (String, JSONValue) {
        ("clusterroles", ["metadata": ["name": .string(name)], "rules": .array(rules)])
    }

    private static func binding(_ name: String, _ role: String, groups: [String]) -> (String, JSONValue) {
        let subjects = groups.map { group -> JSONValue in
            ["kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": .string(group)]
        }
        return (
            "clusterrolebindings",
            [
                "metadata": ["name": .string(name)], "subjects": .array(subjects),
                "roleRef": ["kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": .string(role)],
            ]
        )
    }
}

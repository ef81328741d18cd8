import Hummingbird
import KubernetesModel
import ObjectStore

/// Questions that are posted and answered at once: who am I, may I, is this token good.
enum Reviews: String, Sendable, CaseIterable {
    case tokenreviews, selfsubjectreviews, selfsubjectaccessreviews, subjectaccessreviews, selfsubjectrulesreviews

    var group: String {
        switch self {
        case .tokenreviews, .selfsubjectreviews: "authentication.k8s.io"
        default: "authorization.k8s.io"
        }
    }

    var kind: String {
        switch self {
        case .tokenreviews: "TokenReview"
        case .selfsubjectreviews: "SelfSubjectReview"
        case .selfsubjectaccessreviews: "SelfSubjectAccessReview"
        case .subjectaccessreviews: "SubjectAccessReview"
        case .selfsubjectrulesreviews: "SelfSubjectRulesReview"
        }
    }

    static let paths = [
        Registry.Path(group: "authentication.k8s.io", version: "v1", plural: "tokenreviews"),
        Registry.Path(group: "authorization.k8s.io", version: "v1", plural: "subjectaccessreviews"),
    ]

    init?(_ target: ResourceTarget) {
        guard let review = Reviews(rawValue: target.plural), review.group == target.group, target.version == "v1",
            target.name.isEmpty
        else { return nil }
        self = review
    }

    func answer(_ body: JSONValue, _ user: User, _ core: ServerCore) throws(APIFailure) -> Response {
        var answer = body
        answer["apiVersion"] = .string("\(group)/v1")
        answer["kind"] = .string(kind)
        answer["metadata"] = answer["metadata"] ?? ["creationTimestamp": .null]
        let spec = body["spec"] ?? [:]
        switch self {
        case .selfsubjectreviews: answer["status"] = ["userInfo": Self.info(user)]
        case .tokenreviews:
            let found = spec["token"]?.string.flatMap { try? core.authenticate("Bearer \($0)") }
            answer["status"] =
                found.map { ["authenticated": true, "user": Self.info($0)] } ?? ["authenticated": false]
        case .selfsubjectaccessreviews: answer["status"] = Self.decision(spec, user, core)
        case .subjectaccessreviews:
            let groups = (spec["groups"]?.array ?? []).compactMap(\.string)
            answer["status"] = Self.decision(spec, User(name: spec["user"]?.string ?? "", groups: groups), core)
        case .selfsubjectrulesreviews:
            answer["status"] = Self.rules(user, namespace: spec["namespace"]?.string ?? "", core)
        }
        return .json(answer, status: 201)
    }

    private static func info(_ user: User) -> JSONValue {
        ["username": .string(user.name), "uid": .string(user.uid), "groups": .array(user.groups.map { .string($0) })]
    }

    private static func decision(_ spec: JSONValue, _ user: User, _ core: ServerCore) -> JSONValue {
        var request = AccessRequest(user: user.name, verb: "")
        if let wanted = spec["resourceAttributes"] {
            func text(_ name: String) -> String { wanted[name]?.string ?? "" }
            request = AccessRequest(
                user: user.name, verb: text("verb"), group: text("group"), resource: text("resource"),
                subresource: text("subresource"), namespace: text("namespace"), name: text("name"))
        } else if let wanted = spec["nonResourceAttributes"] {
            request.verb = wanted["verb"]?.string ?? ""
            request.path = wanted["path"]?.string ?? ""
        }
        let isAllowed = core.isAllowed(request, user)
        return isAllowed ? ["allowed": true, "reason": "allowed by RBAC"] : ["allowed": false]
    }

    private static func rules(_ user: User, namespace: String, _ core: ServerCore) -> JSONValue {
        func strings(_ values: some Sequence<String>) -> JSONValue { .array(values.sorted().map { .string($0) }) }
        let rules = core.cluster.policy().rules(for: user, namespace: namespace)
        let resources = rules.filter { !$0.resources.isEmpty }.map { rule -> JSONValue in
            [
                "verbs": strings(rule.verbs), "apiGroups": strings(rule.groups), "resources": strings(rule.resources),
                "resourceNames": strings(rule.names),
            ]
        }
        let others = rules.filter { !$0.paths.isEmpty }.map { rule -> JSONValue in
            ["verbs": strings(rule.verbs), "nonResourceURLs": strings(rule.paths)]
        }
        return ["resourceRules": .array(resources), "nonResourceRules": .array(others), "incomplete": false]
    }
}

import KubernetesModel
import ObjectStore
import Testing

/// Who may do what: tokens and RBAC.
@Suite struct AccessContract {
    /// A probe that acts as a new ServiceAccount with these rules in its namespace.
    private func account(_ name: String, _ rules: JSONValue, _ probe: APIProbe) async throws -> APIProbe {
        let base = "/api/v1/namespaces/\(probe.namespace)/serviceaccounts"
        try await probe.post(base, ["metadata": ["name": .string(name)]])
        let token = try await probe.post("\(base)/\(name)/token", ["spec": ["expirationSeconds": 3600]])
        #expect(token.status == 201)
        let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/\(probe.namespace)"
        try await probe.post("\(rbac)/roles", ["metadata": ["name": .string(name)], "rules": rules])
        try await probe.post(
            "\(rbac)/rolebindings",
            [
                "metadata": ["name": .string(name)],
                "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": .string(name)],
                "subjects": [["kind": "ServiceAccount", "name": .string(name), "namespace": .string(probe.namespace)]],
            ])
        var other = probe
        other.token = token.body.at("status", "token")?.string ?? ""
        return other
    }

    @Test("a ServiceAccount may do what its roles list, and nothing else", arguments: APIUnderTest.all)
    func rbac(api: APIUnderTest) async throws {
        try await api.run { probe in
            let reader = try await account(
                "reader",
                [
                    ["apiGroups": [""], "resources": ["services"], "verbs": ["get", "list", "watch"]],
                    ["apiGroups": [""], "resources": ["services/status"], "verbs": ["patch"]],
                    ["apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["mine"], "verbs": ["get"]],
                ], probe)
            try await probe.post(probe.services(), probe.service("web"))
            try await probe.post(probe.configMaps(), probe.configMap("mine"))
            // A real server learns of new roles through a watch of its own.
            for _ in 0..<50 where try await reader.get(probe.services()).status != 200 {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(try await reader.get(probe.services()).status == 200)
            #expect(try await reader.merge(probe.services("/web/status"), ["status": [:]]).status == 200)
            #expect(try await reader.get(probe.configMaps("/mine")).status == 200)
            #expect(try await reader.get(probe.configMaps("/other")).status == 403)
            let refused = try await reader.merge(probe.services("/web"), ["spec": [:]])
            #expect(refused.status == 403)
            #expect(refused.reason == "Forbidden")
            #expect(
                refused.message
                    == "services \"web\" is forbidden: User \"system:serviceaccount:\(probe.namespace):reader\" cannot patch resource \"services\" in API group \"\" in the namespace \"\(probe.namespace)\""
            )
            let elsewhere = try await reader.get("/api/v1/services")
            #expect(elsewhere.status == 403)
            #expect(
                elsewhere.message.hasSuffix("cannot list resource \"services\" in API group \"\" at the cluster scope"))
        }
    }

    @Test("a wrong token is not known, and nobody may do nothing", arguments: APIUnderTest.all)
    func tokens(api: APIUnderTest) async throws {
        try await api.run { probe in
            var other = probe
            other.token = "not-a-token"
            let unknown = try await other.get(probe.services())
            #expect(unknown.status == 401)
            #expect(unknown.reason == "Unauthorized")
            other.token = ""
            #expect(try await other.get(probe.services()).status == 403)
            #expect(try await other.get("/healthz").status == 200)
        }
    }

    @Test("a server says who one is and what one may do", arguments: APIUnderTest.all)
    func reviews(api: APIUnderTest) async throws {
        try await api.run { probe in
            let reader = try await account(
                "asker", [["apiGroups": [""], "resources": ["pods"], "verbs": ["list"]]], probe)
            func allowed(_ verb: String) async throws -> Bool? {
                try await reader.post(
                    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                    [
                        "spec": [
                            "resourceAttributes": [
                                "verb": .string(verb), "resource": "pods", "namespace": .string(probe.namespace),
                            ]
                        ]
                    ]
                ).body.at("status", "allowed")?.bool
            }
            for _ in 0..<50 where try await allowed("list") != true { try await Task.sleep(for: .milliseconds(100)) }
            #expect(try await allowed("list") == true)
            #expect(try await allowed("delete") == false)
            let me = try await reader.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", [:])
            #expect(
                me.body.at("status", "userInfo", "username")
                    == .string("system:serviceaccount:\(probe.namespace):asker"))
        }
    }
}

import FoundationEssentials
import Hummingbird
import KubernetesModel
import ObjectStore

extension ResourceCall {
    /// Deletes one object, or all that the selectors of a collection match.
    func delete(_ options: JSONValue) throws(APIFailure) -> Response {
        guard target.name.isEmpty else { return try deleteOne(options) }
        if definition.type.isNamespaced, target.namespace.isEmpty {
            throw .methodNotAllowed
        }
        let list = try listRequest()
        let result = try cluster.read { (state) throws(APIFailure) in try state.store.list(list) }
        for object in result.objects {
            do {
                _ = try cluster.delete(try request(object.key, options))
            } catch {
                guard error.code == 404 else { throw error }
            }
        }
        var bytes: [UInt8] = []
        view.write(result, into: &bytes)
        return .json(bytes)
    }

    private func request(_ key: ObjectKey, _ options: JSONValue) throws(APIFailure) -> WriteRequest {
        var request = try write(key)
        if let dryRun = options["dryRun"]?.array, !dryRun.isEmpty { request.isDryRun = true }
        return request
    }

    private func deleteOne(_ options: JSONValue) throws(APIFailure) -> Response {
        let outcome = try cluster.delete(
            try request(key, options), uid: options.at("preconditions", "uid")?.string,
            resourceVersion: options.at("preconditions", "resourceVersion")?.string)
        guard outcome.effect == .removed else { return answer(outcome) }
        var details: JSONValue = [
            "name": .string(target.name), "kind": .string(definition.type.plural),
            "uid": outcome.value.at("metadata", "uid") ?? "",
        ]
        if !definition.type.group.isEmpty { details["group"] = .string(definition.type.group) }
        return .json(["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details])
    }

    /// The `token` subresource of a ServiceAccount (TokenRequest).
    func issueToken(_ body: JSONValue, _ user: User) throws(APIFailure) -> Response {
        let asked = body.at("spec", "expirationSeconds")?.integer ?? 3600
        guard asked >= 600, asked <= 1 << 32 else {
            throw .invalid(
                ResourceType(
                    group: "authentication.k8s.io", version: "v1", kind: "TokenRequest", plural: "tokenrequests",
                    isNamespaced: true), "",
                [.invalid("spec.expirationSeconds", "\(asked)", "may not specify a duration less than 10 minutes")])
        }
        let (token, expires) = try core.issueToken(
            serviceAccount: target.name, namespace: target.namespace, seconds: asked)
        var answer = body
        answer["apiVersion"] = "authentication.k8s.io/v1"
        answer["kind"] = "TokenRequest"
        answer.set("spec", "expirationSeconds", to: .integer(asked))
        answer["status"] = [
            "token": .string(token), "expirationTimestamp": .string(Timestamp(seconds: expires).seconds),
        ]
        return .json(answer, status: 201)
    }
}

import FoundationEssentials
package import KubernetesModel
import MonotonicTime

extension APIClient {
    /// How many objects one page of a list holds.
    static var pageSize: Int { 500 }

    /// Reads one object.
    package func get<Object: KubernetesObject>(
        _ type: Object.Type = Object.self, name: String, namespace: String? = nil, subresource: String? = nil
    ) async throws(APIError) -> Object {
        let path = Object.resource.path(namespace: namespace, name: name, subresource: subresource)
        return try Self.decode(try await perform(Self.request(.get, path, Object.resource)))
    }

    /// Reads all objects, in pages of 500.
    ///
    /// - Parameters:
    ///   - namespace: nil means all of them.
    ///   - labelSelector: as in `kubectl get -l`.
    ///   - fieldSelector: as in `kubectl get --field-selector`.
    package func list<Object: KubernetesObject>(
        _ type: Object.Type = Object.self, namespace: String? = nil, labelSelector: String? = nil,
        fieldSelector: String? = nil
    ) async throws(APIError) -> ObjectList<Object> {
        var list = ObjectList<Object>()
        let target = ListTarget(
            namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector)
        var next: String?
        var limit: Int? = Self.pageSize
        repeat {
            do {
                let page: ListPage<Object> = try await self.page(target, limit: limit, continue: next)
                page.add(to: &list)
                next = page.next
            } catch {
                // The continue token outlived the API server's memory: once more, in one piece.
                guard error.isExpired, next != nil else { throw error }
                list = ObjectList()
                (next, limit) = (nil, nil)
            }
        } while next != nil
        return list
    }

    func page<Object: KubernetesObject>(
        _ target: ListTarget, limit: Int?, continue next: String?, timeout: Interval = .seconds(30)
    ) async throws(APIError) -> ListPage<Object> {
        var query = target.query
        if let limit { query.append(("limit", "\(limit)")) }
        if let next { query.append(("continue", next)) }
        let path = Object.resource.path(namespace: target.namespace)
        var request = HTTPRequest(.get, path, query: query, timeout: timeout)
        request.resource = Object.resource.plural
        return try Self.decode(try await perform(request))
    }

    /// Makes a new object of the name that it has: there is no `metadata.generateName` here.
    package func create<Object: KubernetesObject>(_ object: Object) async throws(APIError) -> Object {
        let path = Object.resource.path(namespace: object.metadata.namespace)
        return try Self.decode(try await perform(try Self.request(.post, path, object)))
    }

    /// Makes a new object, when the answer is of no interest: it is not decoded.
    package func submit<Object: KubernetesObject>(_ object: Object) async throws(APIError) {
        let path = Object.resource.path(namespace: object.metadata.namespace)
        _ = try await perform(try Self.request(.post, path, object))
    }

    /// Replaces an object whole; with `metadata.resourceVersion` only if nobody changed it since.
    ///
    /// Fields that the type does not know are lost: use it for objects that Herald alone writes, such as its Leases,
    /// and ``patch(_:name:namespace:_:subresource:)`` for all others.
    package func replace<Object: KubernetesObject>(
        _ object: Object, subresource: String? = nil
    ) async throws(APIError) -> Object {
        let path = Object.resource.path(
            namespace: object.metadata.namespace, name: object.metadata.name, subresource: subresource)
        return try Self.decode(try await perform(try Self.request(.put, path, object)))
    }

    /// Changes some fields of an object; a server-side apply makes the object when there is none.
    @discardableResult
    package func patch<Object: KubernetesObject>(
        _ type: Object.Type = Object.self, name: String, namespace: String? = nil, _ patch: Patch,
        subresource: String? = nil
    ) async throws(APIError) -> Object {
        let request = Self.request(patch, Object.resource, name, namespace, subresource)
        return try Self.decode(try await perform(request))
    }

    /// Changes some fields of an object, when the answer is of no interest, because the watch delivers it too: it is
    /// not decoded.
    package func submit(
        _ patch: Patch, to type: ResourceType, name: String, namespace: String? = nil, subresource: String? = nil
    ) async throws(APIError) {
        _ = try await perform(Self.request(patch, type, name, namespace, subresource))
    }

    /// Deletes an object.
    ///
    /// - Parameter uid: deletes only this very object, not another of the same name.
    package func delete<Object: KubernetesObject>(
        _ type: Object.Type = Object.self, name: String, namespace: String? = nil, uid: String? = nil
    ) async throws(APIError) {
        var request = Self.request(.delete, Object.resource.path(namespace: namespace, name: name), Object.resource)
        if let uid {
            let options: JSONValue = [
                "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": ["uid": .string(uid)],
            ]
            request.body = Data(options.jsonBytes)
            request.contentType = "application/json"
        }
        _ = try await perform(request)
    }

    /// Any request with a JSON answer, for what has no type here (`/version`, objects whose every field must survive).
    package func raw(
        _ method: HTTPRequest.Method, _ path: String, query: [(String, String)] = [], body: JSONValue? = nil,
        contentType: String = "application/json"
    ) async throws(APIError) -> JSONValue {
        var request = HTTPRequest(method, path, query: query)
        if let body {
            request.body = Data(body.jsonBytes)
            request.contentType = contentType
        }
        return try Self.decode(try await perform(request))
    }

    /// What the API server's clock says, in whole seconds; nil when it does not say.
    package func serverTime() async throws(APIError) -> Timestamp? {
        try await perform(HTTPRequest(.get, "/version")).date
    }

    private static func request(_ method: HTTPRequest.Method, _ path: String, _ type: ResourceType) -> HTTPRequest {
        var request = HTTPRequest(method, path)
        request.resource = type.plural
        return request
    }

    private static func request(
        _ patch: Patch, _ type: ResourceType, _ name: String, _ namespace: String?, _ subresource: String?
    ) -> HTTPRequest {
        let path = type.path(namespace: namespace, name: name, subresource: subresource)
        let body = patch.body(type: type, namespace: namespace, name: name)
        var request = HTTPRequest(
            .patch, path, query: patch.query, contentType: patch.contentType, body: Data(body.jsonBytes))
        request.resource = type.plural
        return request
    }

    private static func request<Object: KubernetesObject>(
        _ method: HTTPRequest.Method, _ path: String, _ object: Object
    ) throws(APIError) -> HTTPRequest {
        var request = request(method, path, Object.resource)
        request.contentType = "application/json"
        request.body = try encode(TypedObject(object: object))
        return request
    }

    private static func encode(_ value: some Encodable) throws(APIError) -> Data {
        do { return try JSONEncoder().encode(value) } catch {
            throw APIError(code: .decoding, message: "the object cannot be written as JSON: \(error)")
        }
    }

    private static func decode<Value: Decodable>(_ response: HTTPResponse) throws(APIError) -> Value {
        do { return try JSONDecoder().decode(Value.self, from: response.body) } catch {
            throw APIError(code: .decoding, message: "the API server's answer is no \(Value.self): \(error)")
        }
    }
}

/// Which objects a list or a watch is about.
struct ListTarget: Sendable, Hashable {
    var namespace: String?
    var labelSelector: String?
    var fieldSelector: String?

    var query: [(String, String)] {
        var query: [(String, String)] = []
        if let labelSelector { query.append(("labelSelector", labelSelector)) }
        if let fieldSelector { query.append(("fieldSelector", fieldSelector)) }
        return query
    }
}

extension ListPage {
    /// Where the next page begins; nil on the last one.
    var next: String? {
        guard let next = metadata?.continue, !next.isEmpty else { return nil }
        return next
    }

    func add(to list: inout ObjectList<Object>) {
        list.resourceVersion = metadata?.resourceVersion ?? list.resourceVersion
        for item in items ?? [] {
            switch item.result {
            case .success(let object): list.items.append(object)
            case .failure(let skipped): list.skipped.append(skipped)
            }
        }
    }
}

import Hummingbird
import KubernetesModel
import NIOCore
import ObjectStore

/// One request: who asks, may they, what for; then the handler of that kind of request.
struct APIResponder: HTTPResponder {
    typealias Context = APIContext

    let core: ServerCore

    /// As the real API server's limit.
    static let bodyLimit = 3 << 20

    func respond(to request: Request, context: APIContext) async throws -> Response {
        await core.gate.pass()
        do {
            return try await handle(request, context)
        } catch let failure as APIFailure {
            return .failure(failure)
        } catch is NIOTooManyBytesError {
            return .failure(
                APIFailure(
                    code: 413, reason: "RequestEntityTooLarge",
                    message: "Request entity too large: limit is \(Self.bodyLimit)"))
        }
    }

    private func handle(_ request: Request, _ context: APIContext) async throws -> Response {
        let target = try RequestTarget(request.head.path ?? "/")
        if let response = publicPage(target) { return response }
        let user = try core.authenticate(request.headers[.authorization])
        guard let resource = ResourceTarget(target.path) else {
            return try await page(request, target, user)
        }
        if let review = Reviews(resource) {
            try core.authorize(access(request, resource, target, user), user)
            let body = try await object(in: request)
            return try review.answer(body, user, core)
        }
        guard
            let definition = core.cluster.read({
                $0.registry.definition(resource.group, resource.version, resource.plural)
            })
        else { throw APIFailure.unknownPath }
        try core.authorize(access(request, resource, target, user), user)
        if !definition.type.isNamespaced, !resource.namespace.isEmpty { throw APIFailure.unknownPath }
        let call = try ResourceCall(
            core: core, definition: definition, target: resource, query: target, request: request)
        switch (request.method, resource.name.isEmpty) {
        case (.get, true): return try call.listOrWatch(request, context)
        case (.get, false): return resource.isWatch ? try call.listOrWatch(request, context) : try call.get()
        case (.post, true): return try call.create(try await object(in: request))
        case (.post, false) where resource.subresource == "token":
            return try call.issueToken(try await object(in: request), user)
        case (.put, false): return try call.replace(try await object(in: request))
        case (.patch, false): return try call.patch(try await body(of: request))
        case (.delete, _): return try call.delete(try await options(in: request))
        default: throw APIFailure.methodNotAllowed
        }
    }

    // MARK: Pages that are no resource

    /// Health and version are for everybody.
    private func publicPage(_ target: RequestTarget) -> Response? {
        switch target.path.first {
        case "healthz", "livez": return .text("ok")
        case "readyz": return core.cluster.failure.map { .text("[-]journal failed: \($0)", status: 500) } ?? .text("ok")
        case "version": return .json(Discovery.version)
        default: return nil
        }
    }

    private func page(_ request: Request, _ target: RequestTarget, _ user: User) async throws -> Response {
        let path = "/" + target.path.joined(separator: "/")
        try core.authorize(
            AccessRequest(
                user: user.name, verb: request.method == .get ? "get" : request.method.rawValue.lowercased(), path: path
            ), user)
        guard request.method == .get,
            let response = Discovery(core: core).page(target, accept: request.headers[.accept])
        else { throw APIFailure.unknownPath }
        return response
    }

    private func access(_ request: Request, _ resource: ResourceTarget, _ target: RequestTarget, _ user: User)
        -> AccessRequest
    {
        let verb =
            switch (request.method, resource.name.isEmpty) {
            case (.get, true),
                (.get, false) where resource.isWatch:
                resource.isWatch || target.flag("watch") ? "watch" : "list"
            case (.get, false): "get"
            case (.post, _): "create"
            case (.put, _): "update"
            case (.patch, _): "patch"
            case (.delete, true): "deletecollection"
            case (.delete, false): "delete"
            default: request.method.rawValue.lowercased()
            }
        let isNamespaceItself = resource.plural == "namespaces" && resource.group.isEmpty
        return AccessRequest(
            user: user.name, verb: verb, group: resource.group, resource: resource.plural,
            subresource: resource.subresource, namespace: isNamespaceItself ? resource.name : resource.namespace,
            name: resource.name.isEmpty ? Self.selectedName(target) : resource.name)
    }

    /// As in the real one, a list or watch that a field selector narrows to one name is authorised for that name.
    private static func selectedName(_ target: RequestTarget) -> String {
        let terms = (target["fieldSelector"] ?? "").split(separator: ",")
        let prefix = "metadata.name="
        guard let term = terms.first(where: { $0.hasPrefix(prefix) }) else { return "" }
        return String(term.dropFirst(prefix.count).drop { $0 == "=" })
    }

    // MARK: Bodies

    private func body(of request: Request) async throws -> [UInt8] {
        Array(buffer: try await request.body.collect(upTo: Self.bodyLimit))
    }

    private func object(in request: Request) async throws -> JSONValue {
        let bytes = try await body(of: request)
        let type = request.headers[.contentType] ?? "application/json"
        if type.hasPrefix(ProtobufBody.mediaType) { return try ProtobufBody.parse(bytes) }
        guard !type.contains("cbor") else {
            throw APIFailure.unsupportedMediaType(
                "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, \(ProtobufBody.mediaType)"
            )
        }
        let value = try BodyText.parse(bytes)
        guard value.object != nil else { throw APIFailure.badRequest("the body of the request must be an object") }
        return value
    }

    /// The options of a deletion, absent more often than not.
    private func options(in request: Request) async throws -> JSONValue {
        let bytes = try await body(of: request)
        guard !bytes.isEmpty else { return [:] }
        if request.headers[.contentType]?.contains("protobuf") == true { return [:] }
        return try BodyText.parse(bytes)
    }
}

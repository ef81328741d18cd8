import FoundationEssentials
import Hummingbird
import KubernetesModel
import ObjectStore

/// One call on one resource, with everything its handlers share.
struct ResourceCall: Sendable {
    let core: ServerCore
    let definition: ResourceDefinition
    let target: ResourceTarget
    let query: RequestTarget
    let view: ObjectView
    let contentType: String
    let manager: String

    var cluster: Cluster { core.cluster }
    var key: ObjectKey { ObjectKey(namespace: target.namespace, name: target.name) }

    init(
        core: ServerCore, definition: ResourceDefinition, target: ResourceTarget, query: RequestTarget, request: Request
    ) throws(APIFailure) {
        self.core = core
        self.definition = definition
        self.target = target
        self.query = query
        let custom = core.cluster.read { $0.registry.columns(of: definition.type) }
        view = ObjectView(
            definition: definition, presentation: try Presentation(accept: request.headers[.accept]),
            columns: TableColumns(definition, custom: custom), includes: query["includeObject"] ?? "Metadata")
        contentType =
            (request.headers[.contentType] ?? "").split(separator: ";").first?.trimmed ?? ""
        // As the real server: the program's name up to the first slash.
        let agent = request.headers[.userAgent]?.split(separator: "/").first.map(String.init) ?? "unknown"
        manager = query["fieldManager"] ?? agent
        guard manager.utf8.count <= 128 else { throw .badRequest("fieldManager may not be longer than 128 bytes") }
        guard target.subresource.isEmpty || isKnown(target.subresource) else {
            throw .unknownPath
        }
        if !target.name.isEmpty, definition.type.isNamespaced, target.namespace.isEmpty {
            throw .badRequest("namespace is required to name an object of \(definition.type.plural)")
        }
    }

    private func isKnown(_ subresource: String) -> Bool {
        switch subresource {
        case "status": definition.hasStatus
        case "token": definition.storage == "serviceaccounts"
        case "finalize": definition.storage == "namespaces"
        default: false
        }
    }

    func write(_ key: ObjectKey) throws(APIFailure) -> WriteRequest {
        var request = WriteRequest(
            definition, key, manager: manager, now: Clock.now, uid: UUID().uuidString.lowercased())
        request.subresource = target.subresource
        if let dryRun = query["dryRun"] {
            guard dryRun == "All" else { throw .badRequest("Invalid value: \"\(dryRun)\": dryRun must be All") }
            request.isDryRun = true
        }
        return request
    }

    func answer(_ outcome: WriteOutcome) -> Response {
        var bytes: [UInt8] = []
        view.write(outcome.stored, into: &bytes)
        return .json(bytes, status: outcome.effect == .created ? 201 : 200)
    }

    // MARK: Reading

    func get() throws(APIFailure) -> Response {
        guard let found = cluster.read({ $0.store.object(definition.storage, key)?.stored }) else {
            throw .notFound(definition.type, target.name)
        }
        var bytes: [UInt8] = []
        view.write(found, into: &bytes)
        return .json(bytes)
    }

    func listRequest() throws(APIFailure) -> ListRequest {
        var request = ListRequest(storage: definition.storage)
        request.namespace = target.namespace
        request.labels = try query["labelSelector"].map { (text) throws(APIFailure) in try LabelQuery(text) }
        request.fields = try fieldQuery()
        if let limit = query["limit"] {
            guard let limit = Int(limit), limit >= 0 else { throw .badRequest("limit must be a number") }
            request.limit = limit
        }
        if let token = query["continue"], !token.isEmpty { request.continue = try ContinueToken(token) }
        if let text = query["resourceVersion"], !text.isEmpty {
            guard let version = UInt64(text) else {
                throw .badRequest("resourceVersion: Invalid value: \"\(text)\": must be a number")
            }
            guard request.continue == nil else {
                throw .badRequest("specifying resource version is not allowed when using continue")
            }
            if query["resourceVersionMatch"] == "Exact" || version > cluster.read({ $0.store.version }) {
                request.exactly = version
            }
        }
        return request
    }

    private func fieldQuery() throws(APIFailure) -> FieldQuery? {
        var text = query["fieldSelector"] ?? ""
        if !target.name.isEmpty { text += (text.isEmpty ? "" : ",") + "metadata.name=\(target.name)" }
        guard !text.isEmpty else { return nil }
        var supported = definition.selectableFields
        if definition.storage == "events" {
            text = EventViews.storedSelector(text)
            supported = Set(EventViews.selectable(group: "") + ["source.component"])
        }
        return try FieldQuery(text, supported: supported, of: definition.type)
    }

    func listOrWatch(_ request: Request, _ context: APIContext) throws(APIFailure) -> Response {
        let list = try listRequest()
        if target.isWatch || query.flag("watch") { return try watch(list, request, context) }
        let result = try cluster.read { (state) throws(APIFailure) in try state.store.list(list) }
        var bytes: [UInt8] = []
        view.write(result, into: &bytes)
        return .json(bytes)
    }

    // MARK: Writing

    func create(_ body: JSONValue) throws(APIFailure) -> Response {
        var object = body
        try checkKind(object)
        var name = object.at("metadata", "name")?.string ?? ""
        let request = try write(key)
        if name.isEmpty {
            guard let prefix = object.at("metadata", "generateName")?.string, !prefix.isEmpty else {
                throw .invalid(
                    definition.type, "", [.required("metadata.name", "name or generateName is required")])
            }
            name = String(prefix.prefix(58)) + String(request.uid.filter { $0 != "-" }.suffix(5))
            object.set("metadata", "name", to: .string(name))
        }
        var create = request
        create.key = ObjectKey(namespace: try namespace(of: object), name: name)
        return answer(try cluster.create(stored(object), create))
    }

    func replace(_ body: JSONValue) throws(APIFailure) -> Response {
        try checkKind(body)
        _ = try namespace(of: body)
        let object = stored(body)
        let name = object.at("metadata", "name")?.string ?? target.name
        guard name == target.name else {
            throw .badRequest("the name of the object (\(name)) does not match the name on the URL (\(target.name))")
        }
        let version = object.at("metadata", "resourceVersion")?.string ?? ""
        if definition.isCustom, version.isEmpty || version == "0" {
            guard cluster.read({ $0.store.value(definition.storage, key) }) != nil else {
                throw .notFound(definition.type, name)
            }
            throw .invalid(
                definition.type, name, [.invalid("metadata.resourceVersion", "0x0", "must be specified for an update")])
        }
        let isMissing = target.subresource.isEmpty && definition.createsOnUpdate
        return answer(
            try cluster.update(try write(key), createsMissing: isMissing) { (_) throws(APIFailure) in object })
    }

    func patch(_ bytes: [UInt8]) throws(APIFailure) -> Response {
        let request = try write(key)
        let body = try BodyText.parse(bytes)
        switch contentType {
        case "application/apply-patch+yaml", "application/apply-patch+cbor": return try apply(body, request)
        case "application/json-patch+json":
            return try patch(request) { (old) throws(APIFailure) in try JSONPatch.apply(body, to: old) }
        case "application/merge-patch+json":
            guard body.object != nil else { throw .badRequest("a merge patch must be an object") }
            return try patch(request) { (old) throws(APIFailure) in MergePatch.apply(body, to: old) }
        case "application/strategic-merge-patch+json" where !definition.isCustom:
            return try patch(request) { (old) throws(APIFailure) in
                try StrategicMergePatch.apply(body, to: old, schema: definition.schema)
            }
        default:
            let accepted =
                ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"]
                + (definition.isCustom ? [] : ["application/strategic-merge-patch+json"])
            throw .unsupportedMediaType(
                "the body of the request was in an unknown format - accepted media types include: \(accepted.joined(separator: ", "))"
            )
        }
    }

    private func patch(_ request: WriteRequest, _ change: (JSONValue) throws(APIFailure) -> JSONValue)
        throws(APIFailure)
        -> Response
    {
        answer(
            try cluster.update(request) { (old) throws(APIFailure) in
                let new = try change(view.value(old))
                guard new.object != nil else { throw .badRequest("the patched object is no object") }
                return stored(new)
            })
    }

    private func apply(_ body: JSONValue, _ request: WriteRequest) throws(APIFailure) -> Response {
        guard query["fieldManager"]?.isEmpty == false else {
            throw APIFailure(
                code: 422, reason: "Invalid",
                message:
                    "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
            )
        }
        guard body["apiVersion"]?.string == definition.type.apiVersion, body["kind"]?.string == definition.type.kind
        else {
            throw .badRequest(
                "invalid object: apiVersion and kind must be \(definition.type.apiVersion) and \(definition.type.kind)")
        }
        if let name = body.at("metadata", "name")?.string, name != target.name {
            throw .badRequest("the name of the object (\(name)) does not match the name on the URL (\(target.name))")
        }
        _ = try namespace(of: body)
        return answer(try cluster.apply(stored(body), request, force: query.flag("force")))
    }

    private func stored(_ object: JSONValue) -> JSONValue {
        if definition.storage == "events", !definition.type.group.isEmpty { return EventViews.stored(object) }
        return object
    }

    private func checkKind(_ object: JSONValue) throws(APIFailure) {
        let type = definition.type
        if let kind = object["kind"]?.string, !kind.isEmpty, kind != type.kind {
            throw .badRequest(
                "\(kind) in version \"\(object["apiVersion"]?.string ?? "")\" cannot be handled as a \(type.kind)")
        }
        if let version = object["apiVersion"]?.string, !version.isEmpty, version != type.apiVersion {
            throw .badRequest(
                "the API version in the data (\(version)) does not match the expected API version (\(type.apiVersion))")
        }
    }

    private func namespace(of object: JSONValue) throws(APIFailure) -> String {
        let given = object.at("metadata", "namespace")?.string ?? ""
        guard definition.type.isNamespaced else { return "" }
        guard !target.namespace.isEmpty else {
            throw .badRequest("an empty namespace may not be set during creation")
        }
        guard given.isEmpty || given == target.namespace else {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        return target.namespace
    }
}

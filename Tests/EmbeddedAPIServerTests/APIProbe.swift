import AsyncHTTPClient
import EmbeddedAPIServer
import KubernetesModel
import NIOCore
import NIOHTTP1
import NIOSSL
import ObjectStore
import Testing

/// A plain HTTP client for one API server, embedded or real, and a namespace of its own in it.
struct APIProbe: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let body: JSONValue

        var reason: String { body["reason"]?.string ?? "" }
        var message: String { body["message"]?.string ?? "" }
        var version: String { body.at("metadata", "resourceVersion")?.string ?? "" }
        var items: [JSONValue] { body["items"]?.array ?? [] }
        var names: [String] { items.compactMap { $0.at("metadata", "name")?.string } }
    }

    let url: String
    var token: String
    let client: HTTPClient
    var namespace: String
    /// `nil` for a real server.
    let embedded: EmbeddedAPIServer?

    /// Lends a probe of a server, in the namespace `default`.
    static func of<Value: Sendable>(
        _ url: String, authorityPEM: String, token: String, embedded: EmbeddedAPIServer? = nil,
        _ body: (APIProbe) async throws -> Value
    ) async throws -> Value {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates([try NIOSSLCertificate(bytes: Array(authorityPEM.utf8), format: .pem)])
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(60))
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            try await body(
                APIProbe(url: url, token: token, client: client, namespace: "default", embedded: embedded))
        }
    }

    /// Lends a probe of an embedded server, in the namespace `default`.
    static func embedded<Value: Sendable>(
        _ configuration: APIServerConfiguration, _ body: @Sendable (APIProbe) async throws -> Value
    ) async throws -> Value {
        try await withEmbeddedAPIServer(configuration) { server in
            try await of(
                server.url, authorityPEM: server.certificateAuthorityPEM, token: server.adminToken, embedded: server,
                body)
        }
    }

    func services(_ rest: String = "") -> String { "/api/v1/namespaces/\(namespace)/services\(rest)" }
    func configMaps(_ rest: String = "") -> String { "/api/v1/namespaces/\(namespace)/configmaps\(rest)" }
    func widgets(_ rest: String = "") -> String {
        "/apis/contract.cluster.home/v1/namespaces/\(namespace)/widgets\(rest)"
    }

    func request(_ method: String, _ path: String, _ body: [UInt8]? = nil, type: String?, accept: String? = nil)
        -> HTTPClientRequest
    {
        var request = HTTPClientRequest(url: url + path)
        request.method = .RAW(value: method)
        if !token.isEmpty { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        request.headers.add(name: "User-Agent", value: "contract/1.0")
        if let type { request.headers.add(name: "Content-Type", value: type) }
        request.headers.add(name: "Accept", value: accept ?? "application/json")
        // In one piece: of several, async-http-client keeps the rest back when the answer is a refusal, and then never ends
        // the HTTP/2 stream, nor its own shutdown.
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        return request
    }

    @discardableResult
    func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, type: String = "application/json",
        accept: String? = nil
    ) async throws -> Answer {
        try await call(request(method, path, body?.jsonBytes, type: body == nil ? nil : type, accept: accept))
    }

    func call(_ request: HTTPClientRequest) async throws -> Answer {
        let response = try await client.execute(request, timeout: .seconds(30))
        let bytes = Array(buffer: try await response.body.collect(upTo: 64 << 20))
        let body = (try? JSONParser.parse(bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
        return Answer(
            status: Int(response.status.code),
            headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first },
            body: body)
    }

    func get(_ path: String, accept: String? = nil) async throws -> Answer {
        try await call("GET", path, accept: accept)
    }

    @discardableResult
    func post(_ path: String, _ body: JSONValue) async throws -> Answer { try await call("POST", path, body) }

    @discardableResult
    func put(_ path: String, _ body: JSONValue) async throws -> Answer { try await call("PUT", path, body) }

    @discardableResult
    func delete(_ path: String, _ body: JSONValue? = nil) async throws -> Answer {
        try await call("DELETE", path, body)
    }

    @discardableResult
    func merge(_ path: String, _ patch: JSONValue) async throws -> Answer {
        try await call("PATCH", path, patch, type: "application/merge-patch+json")
    }

    @discardableResult
    func apply(_ path: String, by manager: String, force: Bool = false, _ configuration: JSONValue) async throws
        -> Answer
    {
        try await call(
            "PATCH", "\(path)?fieldManager=\(manager)&force=\(force)", configuration,
            type: "application/apply-patch+yaml")
    }

    /// The events of a watch: until `count` have come, or the server ends it.
    func watch(_ path: String, count: Int, accept: String? = nil, during body: @Sendable () async throws -> Void = {})
        async throws -> [JSONValue]
    {
        let separator = path.contains("?") ? "&" : "?"
        let response = try await client.execute(
            request("GET", "\(path)\(separator)watch=true", type: nil, accept: accept), timeout: .seconds(30))
        guard response.status == .ok else {
            Issue.record("watch of \(path) refused with \(response.status.code)")
            return []
        }
        try await body()
        var events: [JSONValue] = []
        var rest: [UInt8] = []
        for try await part in response.body {
            rest += Array(buffer: part)
            while let end = rest.firstIndex(of: 0x0a) {
                events.append(try JSONParser.parse(Array(rest[..<end])))
                rest.removeSubrange(...end)
                if events.count == count { return events }
            }
        }
        return events
    }

    func configMap(_ name: String, labels: JSONValue = [:], data: JSONValue = ["a": "1"]) -> JSONValue {
        ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name), "labels": labels], "data": data]
    }

    func service(_ name: String, type: String = "ClusterIP", port: Int64 = 80) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Service", "metadata": ["name": .string(name)],
            "spec": [
                "type": .string(type), "selector": ["app": "web"], "ports": [["name": "http", "port": .integer(port)]],
            ],
        ]
    }

    func widget(_ name: String, _ spec: JSONValue) -> JSONValue {
        ["apiVersion": "contract.cluster.home/v1", "kind": "Widget", "metadata": ["name": .string(name)], "spec": spec]
    }
}

extension JSONValue {
    var type: String { self["type"]?.string ?? "" }
    var name: String { at("object", "metadata", "name")?.string ?? "" }
}

import KubernetesModel
import ObjectStore
import Synchronization

/// What all requests share: the cluster, who may enter, and the switches that tests turn.
final class ServerCore: Sendable {
    let cluster: Cluster
    let tokens: TokenAuthority
    let adminToken: String
    let enforcesRBAC: Bool
    let bookmarkInterval: Duration
    let gate = Gate()
    let connections = Connections()
    private let requests = Mutex<Set<AccessRequest>>([])
    /// Distinct requests remembered for ``EmbeddedAPIServer/observedRequests``.
    private static let requestLimit = 10_000

    init(configuration: APIServerConfiguration, cluster: Cluster, tokens: TokenAuthority, adminToken: String) {
        (self.cluster, self.tokens, self.adminToken) = (cluster, tokens, adminToken)
        enforcesRBAC = configuration.enforcesRBAC
        bookmarkInterval = configuration.bookmarkInterval
    }

    var observedRequests: Set<AccessRequest> { requests.withLock { $0 } }

    /// Who sends this `Authorization` header; nobody known without one, and 401 for one that is not good.
    func authenticate(_ header: String?) throws(APIFailure) -> User {
        guard let header else { return .anonymous }
        let words = header.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else { throw .unauthorized }
        let token = words[1].trimmed
        if Self.isEqual(token, adminToken) { return .administrator }
        guard let claims = tokens.verify(token, now: Clock.seconds) else { throw .unauthorized }
        let key = ObjectKey(namespace: claims.namespace, name: claims.serviceAccount)
        let account = cluster.read { $0.store.value("serviceaccounts", key) }
        guard account?.at("metadata", "uid")?.string == claims.uid else { throw .unauthorized }
        return .serviceAccount(claims.serviceAccount, namespace: claims.namespace, uid: claims.uid)
    }

    /// Compares without telling by its duration where the difference is.
    private static func isEqual(_ a: String, _ b: String) -> Bool {
        let (a, b) = (Array(a.utf8), Array(b.utf8))
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }

    func isAllowed(_ request: AccessRequest, _ user: User) -> Bool {
        guard enforcesRBAC else { return user != .anonymous || cluster.allows(request, by: user) }
        return cluster.allows(request, by: user)
    }

    func authorize(_ request: AccessRequest, _ user: User) throws(APIFailure) {
        if user != .administrator {
            var seen = request
            seen.name = ""
            requests.withLock { if $0.count < Self.requestLimit { $0.insert(seen) } }
        }
        guard !isAllowed(request, user) else { return }
        guard request.path.isEmpty else {
            throw .forbidden("forbidden: User \"\(user.name)\" cannot \(request.verb) path \"\(request.path)\"")
        }
        let scope = request.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(request.namespace)\""
        let qualified = request.group.isEmpty ? request.resource : "\(request.resource).\(request.group)"
        let subject = request.name.isEmpty ? "" : " \"\(request.name)\""
        throw .forbidden(
            "\(qualified)\(subject) is forbidden: User \"\(user.name)\" cannot \(request.verb) resource \"\(request.qualifiedResource)\" in API group \"\(request.group)\" \(scope)",
            details: Status.Details(
                name: request.name.isEmpty ? nil : request.name, group: request.group, kind: request.resource))
    }

    func issueToken(serviceAccount: String, namespace: String, seconds: Int64) throws(APIFailure) -> (String, Int64) {
        let key = ObjectKey(namespace: namespace, name: serviceAccount)
        guard let account = cluster.read({ $0.store.value("serviceaccounts", key) }) else {
            throw APIFailure(
                code: 404, reason: "NotFound", message: "serviceaccounts \"\(serviceAccount)\" not found",
                details: Status.Details(name: serviceAccount, kind: "serviceaccounts"))
        }
        let now = Clock.seconds
        let claims = TokenAuthority.Claims(
            namespace: namespace, serviceAccount: serviceAccount, uid: account.at("metadata", "uid")?.string ?? "",
            expires: now + seconds)
        guard let token = tokens.issue(claims, now: now) else {
            throw APIFailure(code: 500, reason: "InternalError", message: "the token could not be signed")
        }
        return (token, claims.expires)
    }
}

/// Holds requests back while the server is paused: connections stay open, and nothing is answered.
final class Gate: Sendable {
    private struct State {
        var isPaused = false
        var waiting: [AsyncStream<Void>.Continuation] = []
    }

    private let state = Mutex(State())

    func pass() async {
        let stream = state.withLock { state -> AsyncStream<Void>? in
            guard state.isPaused else { return nil }
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            state.waiting.append(continuation)
            return stream
        }
        guard let stream else { return }
        for await _ in stream {}
    }

    func close() { state.withLock { $0.isPaused = true } }

    func open() {
        let waiting = state.withLock { state in
            state.isPaused = false
            defer { state.waiting.removeAll() }
            return state.waiting
        }
        for continuation in waiting { continuation.finish() }
    }
}

import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOPosix
import Synchronization

/// The current `HTTPClient`, and older ones that still have users.
final class ClientPool: Sendable {
    /// How often the files of certificates are looked at.
    private static let rereadEvery: Duration = .seconds(10)

    private struct Entry {
        let client: HTTPClient
        var users = 0
        var isRetired = false
    }
    private struct State {
        var generation = 0
        var entries: [Int: Entry] = [:]
        var material: TLSSource.Material?
        var checked: ContinuousClock.Instant?
        var isShutDown = false
        /// Clients that are being shut down.
        var closing = 0
        var whenClosed: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    private let source: TLSSource
    private let configuration: APIConfiguration
    private let group: MultiThreadedEventLoopGroup
    private let version: HTTPClient.Configuration.HTTPVersion
    /// How long an answer may stall; nil where somebody else watches over that.
    private let silence: TimeAmount?

    /// How many connections short requests use at most; the others wait for one of them.
    static let connections = 8

    init(
        _ source: TLSSource, _ configuration: APIConfiguration, _ group: MultiThreadedEventLoopGroup,
        _ version: HTTPClient.Configuration.HTTPVersion, silence: TimeAmount? = nil
    ) {
        (self.source, self.configuration, self.group) = (source, configuration, group)
        (self.version, self.silence) = (version, silence)
    }

    /// Runs `body` with the current client, which lives at least as long.
    func with<Value: Sendable>(_ body: (HTTPClient) async throws -> Value) async throws -> Value {
        let (client, generation, idle) = try acquire()
        close(idle)
        defer { release(generation) }
        return try await body(client)
    }

    /// Makes the next user get a new client, hence a new connection.
    ///
    /// Nobody waits for the old connection: a peer that is gone does not answer a farewell either, and TLS would wait
    /// five seconds for it.
    func retire() { close(state.withLock { Self.retireCurrent(&$0) }) }

    /// How many clients still wait for the farewells of their peers.
    var closing: Int { state.withLock { $0.closing } }

    /// Shuts all clients down; nothing may be sent afterwards.
    ///
    /// - Parameter done: called when their connections are closed, at most some five seconds later.
    func shutdown(_ done: @escaping @Sendable () -> Void) {
        close(
            state.withLock { state in
                state.isShutDown = true
                defer { state.entries = [:] }
                return state.entries.values.map(\.client)
            })
        let isClosed = state.withLock { state in
            if state.closing > 0 { state.whenClosed.append(done) }
            return state.closing == 0
        }
        if isClosed { done() }
    }

    private func close(_ clients: [HTTPClient]) {
        state.withLock { $0.closing += clients.count }
        for client in clients { client.shutdown { [self] _ in withExtendedLifetime(client) { closed() } } }
    }

    private func closed() {
        let waiting = state.withLock { state -> [@Sendable () -> Void] in
            state.closing -= 1
            guard state.closing == 0 else { return [] }
            defer { state.whenClosed = [] }
            return state.whenClosed
        }
        for done in waiting { done() }
    }

    private func acquire() throws -> (HTTPClient, Int, [HTTPClient]) {
        try state.withLock { state in
            guard !state.isShutDown else { throw TransportError.cancelled }
            var idle: [HTTPClient] = []
            let now = ContinuousClock.now
            if state.checked.map({ now - $0 >= Self.rereadEvery }) ?? true {
                // While a file is being replaced it may be unreadable: the old material stays.
                if let material = try? source.read(), material != state.material {
                    idle = Self.retireCurrent(&state)
                    state.material = material
                }
                state.checked = now
            }
            if state.entries[state.generation] == nil {
                let material = try state.material ?? source.read()
                state.entries[state.generation] = Entry(client: try makeClient(material))
            }
            state.entries[state.generation]?.users += 1
            guard let client = state.entries[state.generation]?.client else { throw TransportError.cancelled }
            return (client, state.generation, idle)
        }
    }

    private func release(_ generation: Int) {
        let idle = state.withLock { state -> [HTTPClient] in
            guard var entry = state.entries[generation] else { return [] }
            entry.users -= 1
            let isIdle = entry.isRetired && entry.users == 0
            state.entries[generation] = isIdle ? nil : entry
            return isIdle ? [entry.client] : []
        }
        close(idle)
    }

    /// The clients that nobody uses any more, to be shut down outside of the lock.
    private static func retireCurrent(_ state: inout State) -> [HTTPClient] {
        let generation = state.generation
        state.generation += 1
        guard var entry = state.entries[generation] else { return [] }
        entry.isRetired = true
        state.entries[generation] = entry.users == 0 ? nil : entry
        return entry.users == 0 ? [entry.client] : []
    }

    private func makeClient(_ material: TLSSource.Material) throws -> HTTPClient {
        var settings = HTTPClient.Configuration(
            tlsConfiguration: try source.configuration(material), redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: silence),
            connectionPool: .init(
                idleTimeout: .seconds(60), concurrentHTTP1ConnectionsPerHostSoftLimit: Self.connections))
        settings.httpVersion = version
        // The reflector's backoff decides when to try again.
        settings.connectionPool.retryConnectionEstablishment = false
        if let name = configuration.tlsServerName { settings.dnsOverride = [name: configuration.server.host] }
        settings.proxy = configuration.proxy.map { .init($0) }
        return HTTPClient(eventLoopGroupProvider: .shared(group), configuration: settings)
    }
}

extension HTTPClient.Configuration.Proxy {
    fileprivate init(_ address: ProxyAddress) {
        switch address.kind {
        case .socks5: self = .socksServer(host: address.host, port: address.port)
        case .http(let user):
            let authorization = user.map { HTTPClient.Authorization.basic(username: $0.user, password: $0.password) }
            self = .server(host: address.host, port: address.port, authorization: authorization)
        }
    }
}

import FoundationEssentials
import KubernetesModel
package import Logging
import MonotonicTime
import ServiceLifecycle

/// The Kubernetes API, as far as Herald uses it.
///
/// A request is authorised, held back by the client's own limits, sent over the chosen transport, and tried once more
/// with a re-read token after a 401. Nothing else is retried here: reflectors and writers have their own backoff.
package final class APIClient: Sendable {
    package let configuration: APIConfiguration
    /// Which transport is used, and why.
    package let selection: TransportSelection

    let transport: any APITransport
    let now: @Sendable () -> Instant
    private let token: BearerToken
    let gate: RequestGate
    private let connect: Connect
    let metrics = ClientMetrics()

    typealias Connect = @Sendable (APIConfiguration) throws(APIError) -> any APITransport

    /// - Parameters:
    ///   - transport: what `--transport` says; nil chooses.
    ///   - logger: is told which transport is used and why, and every warning of the configuration.
    /// - Throws: ``APIError`` when the configuration cannot work.
    package convenience init(
        _ configuration: APIConfiguration, transport preference: TransportSelection.Kind? = nil,
        limits: RequestLimits = RequestLimits(), logger: Logger? = nil
    ) throws(APIError) {
        let selection = try TransportSelection(for: configuration, preference: preference)
        try self.init(configuration, selection: selection, limits: limits) { configuration throws(APIError) in
            switch selection.kind {
            case .urlSession: URLSessionTransport(configuration)
            case .asyncHTTPClient: try AsyncHTTPClientTransport(configuration)
            }
        }
        if let logger { describe(to: logger) }
    }

    /// A client of the same API server with connections and limits of its own, for what must never wait behind the
    /// requests of this one: the renewal of a Lease while slow writes fill the gate and the connections.
    package func separate() throws(APIError) -> APIClient {
        try APIClient(configuration, selection: selection, limits: RequestLimits(), connect)
    }

    /// Logs which API server is used, how and why, with the warnings of the configuration.
    package func describe(to logger: Logger) {
        for warning in configuration.warnings { logger.warning("\(warning)") }
        logger.info(
            "using the Kubernetes API",
            metadata: [
                "api.server": "\(configuration.server)", "api.configuration": "\(configuration.origin)",
                "api.transport": "\(selection.kind.rawValue)", "api.transport.reason": "\(selection.reason)",
            ])
    }

    init(
        _ configuration: APIConfiguration, selection: TransportSelection, limits: RequestLimits,
        _ connect: @escaping Connect
    ) throws(APIError) {
        (self.configuration, self.selection, self.connect) = (configuration, selection, connect)
        now = { MonotonicClock.now() }
        transport = try connect(configuration)
        token = BearerToken(configuration.credentials, now: now)
        gate = RequestGate(limits, now: now)
    }

    /// Closes every connection, and waits until they are closed. Nothing may be sent afterwards.
    ///
    /// A client that is let go of without it closes them too, at some time after.
    package func shutdown() async { await transport.shutdown() }

    /// Lends the client, and shuts it down after `body`, however that ends.
    package func closing<Value>(_ body: (APIClient) async throws -> Value) async throws -> Value {
        let value: Value
        do { value = try await body(self) } catch {
            await shutdown()
            throw error
        }
        await shutdown()
        return value
    }

    /// Sends one short request.
    ///
    /// - Throws: ``APIError`` for any status but 2xx.
    func perform(_ request: HTTPRequest) async throws(APIError) -> HTTPResponse {
        do {
            let delay = try await gate.enter()
            if delay > .zero { metrics.throttled(delay) }
        } catch {
            throw error.apiError
        }
        defer { gate.leave() }
        var request = request
        request.authorization = try token.authorization()
        var response = try await exchange(request)
        if response.status == 401, token.refresh(after: request.authorization) {
            request.authorization = try token.authorization()
            response = try await exchange(request)
        }
        guard (200..<300).contains(response.status) else { throw APIError(response) }
        return response
    }

    private func exchange(_ request: HTTPRequest) async throws(APIError) -> HTTPResponse {
        guard LeaderElector.isLeading() else {
            throw APIError(code: .cancelled, message: "the request was not sent: this process leads no more")
        }
        let startedAt = now()
        do {
            let response = try await transport.send(request)
            metrics.request(request, status: response.status, took: now() - startedAt)
            return response
        } catch {
            if Task.isCancelled { throw TransportError.cancelled.apiError }
            metrics.request(request, status: 0, took: now() - startedAt)
            throw error.apiError
        }
    }

    /// Runs one watch to its end on `channel`, with the same rules for the token.
    func watch(
        _ request: HTTPRequest, on channel: any WatchChannel, opened: @Sendable () async -> Void,
        line: @Sendable (Data) async throws -> Void
    ) async throws {
        var request = request
        request.authorization = try token.authorization()
        do {
            try await channel.stream(request, opened: opened, line: line)
        } catch TransportError.status(let response) where response.status == 401 {
            guard token.refresh(after: request.authorization) else { throw TransportError.status(response) }
            request.authorization = try token.authorization()
            try await channel.stream(request, opened: opened, line: line)
        }
    }
}

extension APIClient: ServiceLifecycle.Service {
    /// Keeps the connections until shutdown: put it first into a `ServiceGroup`.
    package func run() async throws {
        try? await gracefulShutdown()
        await shutdown()
    }
}

extension APIError {
    init(_ response: HTTPResponse) {
        let status = try? JSONDecoder().decode(Status.self, from: response.body)
        self.init(status: response.status, body: status, retryAfter: response.retryAfter)
    }
}

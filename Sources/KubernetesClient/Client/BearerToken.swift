import FoundationEssentials
import KubernetesModel
import MonotonicTime
import Synchronization

/// The token of a configuration; a token file is read again once a minute, and after a 401.
final class BearerToken: Sendable {
    private static let rereadEvery = Interval.seconds(60)

    private struct State {
        var token: String?
        var readAt: Instant?
    }
    private let credentials: APIConfiguration.Credentials
    private let state = Mutex(State())
    private let now: @Sendable () -> Instant

    init(_ credentials: APIConfiguration.Credentials, now: @escaping @Sendable () -> Instant) {
        (self.credentials, self.now) = (credentials, now)
    }

    /// The value of the `Authorization` header; nil without credentials.
    ///
    /// - Throws: ``APIError`` when a token file cannot be read and never could.
    func authorization() throws(APIError) -> String? {
        switch credentials {
        case .none: return nil
        case .token(let token): return "Bearer \(token.trimmed)"
        case .tokenFile(let path):
            let now = now()
            let cached = state.withLock { state -> String? in
                guard let token = state.token, let readAt = state.readAt, now - readAt < Self.rereadEvery else {
                    return nil
                }
                return token
            }
            if let cached { return "Bearer \(cached)" }
            return "Bearer \(try read(path))"
        }
    }

    /// Reads the token file again.
    ///
    /// - Returns: whether the token is another one than `used`, so that trying again makes sense.
    func refresh(after used: String?) -> Bool {
        guard case .tokenFile(let path) = credentials, let token = try? read(path) else { return false }
        return "Bearer \(token)" != used
    }

    private func read(_ path: String) throws(APIError) -> String {
        let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self).trimmed }
        let now = now()
        return try state.withLock { state throws(APIError) in
            // A file that is being replaced may be missing or empty for a moment: the last token may still do.
            if let text, !text.isEmpty { state.token = text }
            state.readAt = now
            guard let token = state.token else {
                throw APIError(code: .configuration, message: "the token file \(path) cannot be read, or is empty")
            }
            return token
        }
    }
}

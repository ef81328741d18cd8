package import KubernetesModel

/// Why a request to the API server did not succeed.
///
/// Every kind may be retried with backoff unless ``isPermanent`` says otherwise; a conflict means that a newer object
/// is already on its way through the watch.
package struct APIError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The API server answered with this HTTP status.
        case status(Int)
        /// No complete answer: refused, reset, timed out, TLS not trusted, cut short.
        case transport
        /// An answer that is not what the resource type says.
        case decoding
        /// A watch delivered faster than its events were taken in.
        case overflow
        /// The task was cancelled.
        case cancelled
        /// The client is configured in a way that cannot work.
        case configuration
    }

    package let code: Code
    /// The API server's reason in CamelCase (`NotFound`, `Conflict`, `Expired`, …), empty when there is none.
    package let reason: String
    /// A sentence for people.
    package let message: String
    /// How long the API server asks to wait, in seconds.
    package let retryAfter: Int?

    package init(code: Code, reason: String = "", message: String, retryAfter: Int? = nil) {
        (self.code, self.reason, self.message, self.retryAfter) = (code, reason, message, retryAfter)
    }

    /// What a failed answer says; `Status` when the body was one.
    package init(status: Int, body: Status?, retryAfter: Int? = nil) {
        code = .status(status)
        reason = body?.reason ?? ""
        message = body?.message ?? "the API server answered with HTTP status \(status)"
        self.retryAfter = retryAfter ?? body?.details?.retryAfterSeconds
    }

    package var status: Int? { if case .status(let status) = code { status } else { nil } }
    package var isNotFound: Bool { status == 404 }
    package var isForbidden: Bool { status == 403 }
    package var isUnauthorized: Bool { status == 401 }
    /// The object changed since it was read (optimistic concurrency), or another field manager owns a field.
    package var isConflict: Bool { status == 409 && reason != "AlreadyExists" }
    package var isAlreadyExists: Bool { status == 409 && reason == "AlreadyExists" }
    /// The resource version is older than what the API server remembers: list again.
    package var isExpired: Bool { status == 410 || reason == "Expired" || reason == "Gone" }
    /// The resource version is one that the API server never gave out: its data was restored from a backup (504 with this
    /// text; `ResourceVersionTooLarge`), or its storage was replaced (400). Waiting does not help: list again.
    package var refusesVersion: Bool { status == 400 || message.contains("Too large resource version") }
    package var isCancelled: Bool { code == .cancelled }

    /// The same request will fail again until somebody changes something.
    package var isPermanent: Bool {
        switch code {
        case .status(let status): (400..<500).contains(status) && ![408, 409, 410, 429].contains(status)
        case .configuration, .decoding: true
        case .transport, .overflow, .cancelled: false
        }
    }

    package var description: String {
        switch code {
        case .status(let status): reason.isEmpty ? "\(message) (\(status))" : "\(message) (\(status) \(reason))"
        default: message
        }
    }
}

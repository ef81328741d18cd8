/// `metav1.Status`: what the API server answers when a request fails.
public struct Status: Codable, Sendable, Hashable {
    public var status: String?
    public var message: String?
    /// CamelCase: `NotFound`, `Conflict`, `Expired`, `AlreadyExists`, …
    public var reason: String?
    public var code: Int?
    public var details: Details?

    public init(
        status: String? = nil, message: String? = nil, reason: String? = nil, code: Int? = nil, details: Details? = nil
    ) {
        (self.status, self.message, self.reason) = (status, message, reason)
        (self.code, self.details) = (code, details)
    }

    public struct Details: Codable, Sendable, Hashable {
        public var name: String?
        public var group: String?
        public var kind: String?
        public var retryAfterSeconds: Int?
        public var causes: [Cause]?

        public init(
            name: String? = nil, group: String? = nil, kind: String? = nil, retryAfterSeconds: Int? = nil,
            causes: [Cause]? = nil
        ) {
            (self.name, self.group, self.kind) = (name, group, kind)
            (self.retryAfterSeconds, self.causes) = (retryAfterSeconds, causes)
        }
    }

    public struct Cause: Codable, Sendable, Hashable {
        public var reason: String?
        public var message: String?
        public var field: String?

        public init(reason: String? = nil, message: String? = nil, field: String? = nil) {
            (self.reason, self.message, self.field) = (reason, message, field)
        }
    }
}

/// `metav1.Condition`.
///
/// Kubernetes does not validate those of a Service: whatever somebody has written there is read as it is, and only an
/// entry without a type is none.
public struct Condition: Codable, Sendable, Hashable {
    public struct Status: RawRepresentable, Codable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        public static let `true` = Status(rawValue: "True")
        public static let `false` = Status(rawValue: "False")
        public static let unknown = Status(rawValue: "Unknown")
    }

    public var type: String
    public var status: Status
    /// CamelCase, for programs.
    public var reason: String
    /// A sentence for people: what is so, and what to do.
    public var message: String
    public var lastTransitionTime: Timestamp?
    public var observedGeneration: Int?

    public init(
        type: String, status: Status, reason: String, message: String, lastTransitionTime: Timestamp? = nil,
        observedGeneration: Int? = nil
    ) {
        (self.type, self.status, self.reason, self.message) = (type, status, reason, message)
        (self.lastTransitionTime, self.observedGeneration) = (lastTransitionTime, observedGeneration)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = try container.decode(String.self, forKey: .type)
        status = try container.decodeIfPresent(Status.self, forKey: .status) ?? .unknown
        reason = try container.decodeIfPresent(String.self, forKey: .reason) ?? ""
        message = try container.decodeIfPresent(String.self, forKey: .message) ?? ""
        lastTransitionTime = try container.decodeIfPresent(Timestamp.self, forKey: .lastTransitionTime)
        observedGeneration = try container.decodeIfPresent(Int.self, forKey: .observedGeneration)
    }
}

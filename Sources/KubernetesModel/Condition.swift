/// `metav1.Condition`.
public struct Condition: Codable, Sendable, Hashable {
    public enum Status: String, Codable, Sendable {
        case `true` = "True"
        case `false` = "False"
        case unknown = "Unknown"
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
}

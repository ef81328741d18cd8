/// `metav1.LabelSelector`: `matchLabels` and `matchExpressions`, all of which must hold. An empty selector matches all.
public struct LabelSelector: Codable, Sendable, Hashable {
    public var matchLabels: [String: String]?
    public var matchExpressions: [Requirement]?

    public init(matchLabels: [String: String]? = nil, matchExpressions: [Requirement]? = nil) {
        (self.matchLabels, self.matchExpressions) = (matchLabels, matchExpressions)
    }

    public struct Requirement: Codable, Sendable, Hashable {
        public var key: String
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`; anything else matches nothing.
        public var `operator`: String
        public var values: [String]?

        public init(key: String, operator: String, values: [String]? = nil) {
            (self.key, self.operator, self.values) = (key, `operator`, values)
        }

        func matches(_ labels: [String: String]) -> Bool {
            switch `operator` {
            case "In": labels[key].map { (values ?? []).contains($0) } ?? false
            case "NotIn": labels[key].map { !(values ?? []).contains($0) } ?? true
            case "Exists": labels[key] != nil
            case "DoesNotExist": labels[key] == nil
            default: false
            }
        }
    }

    public func matches(_ labels: [String: String]?) -> Bool {
        let labels = labels ?? [:]
        return (matchLabels ?? [:]).allSatisfy { labels[$0.key] == $0.value }
            && (matchExpressions ?? []).allSatisfy { $0.matches(labels) }
    }
}

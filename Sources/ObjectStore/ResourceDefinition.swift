public import KubernetesModel

/// One resource as the server serves it: names, schema and the habits that differ between kinds.
public struct ResourceDefinition: Sendable {
    /// Which names an object of the kind may have.
    public enum NameRule: Sendable, Hashable {
        /// RFC 1123 subdomain: most kinds.
        case subdomain
        /// RFC 1123 label: namespaces.
        case label
        /// RFC 1035 label: Services.
        case serviceLabel
        /// Anything that is one path segment: roles and bindings.
        case pathSegment
    }

    public var type: ResourceType
    public var singular: String
    public var shortNames: [String] = []
    public var categories: [String] = []
    /// Name of the collection that keeps the objects; resources that are two views of one thing share it.
    public var storage: String
    public var schema: Schema = .root([:])
    public var nameRule = NameRule.subdomain
    /// Whether `status` is written through the subresource only.
    public var hasStatus = false
    /// Whether a status given at creation stays (nodes).
    public var keepsStatusOnCreate = false
    /// Whether writes through the status subresource may change labels and annotations (built-in kinds).
    public var statusCarriesMetadata = true
    public var countsGenerations = false
    /// From a CustomResourceDefinition: pruned, strictly validated, no strategic merge patch.
    public var isCustom = false
    public var createsOnUpdate = false
    /// How long an object lives after its last write; `nil` for ever.
    public var secondsToLive: Int64?
    /// Paths that field selectors may use, beside name and namespace.
    public var selectableFields: Set<String> = []
    /// The version in which objects are kept; another version of a custom resource differs in `apiVersion` only.
    public var storedAPIVersion: String

    public init(_ type: ResourceType, singular: String? = nil, storage: String? = nil) {
        self.type = type
        self.singular = singular ?? type.kind.lowercased()
        self.storage = storage ?? type.qualifiedPlural
        storedAPIVersion = type.apiVersion
    }
}

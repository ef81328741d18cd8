/// `v1` Event, reduced to what Herald writes.
public struct Event: KubernetesObject {
    public static let resource = ResourceType(
        group: "", version: "v1", kind: "Event", plural: "events", isNamespaced: true)

    public var metadata: ObjectMeta
    public var involvedObject: ObjectReference
    /// CamelCase, for programs.
    public var reason: String?
    public var message: String?
    /// `Normal` or `Warning`.
    public var type: String?
    public var count: Int?
    public var firstTimestamp: Timestamp?
    public var lastTimestamp: Timestamp?
    public var source: Source?
    public var reportingComponent: String?
    public var reportingInstance: String?

    public init(
        metadata: ObjectMeta, involvedObject: ObjectReference, reason: String? = nil, message: String? = nil,
        type: String? = nil, count: Int? = nil, firstTimestamp: Timestamp? = nil, lastTimestamp: Timestamp? = nil,
        source: Source? = nil, reportingComponent: String? = nil, reportingInstance: String? = nil
    ) {
        (self.metadata, self.involvedObject) = (metadata, involvedObject)
        (self.reason, self.message, self.type, self.count) = (reason, message, type, count)
        (self.firstTimestamp, self.lastTimestamp, self.source) = (firstTimestamp, lastTimestamp, source)
        (self.reportingComponent, self.reportingInstance) = (reportingComponent, reportingInstance)
    }

    public struct Source: Codable, Sendable, Hashable {
        public var component: String?
        public var host: String?

        public init(component: String? = nil, host: String? = nil) { (self.component, self.host) = (component, host) }
    }
}

/// `v1` ObjectReference.
public struct ObjectReference: Codable, Sendable, Hashable {
    public var apiVersion: String?
    public var kind: String?
    public var namespace: String?
    public var name: String?
    public var uid: String?
    public var resourceVersion: String?

    public init(
        apiVersion: String? = nil, kind: String? = nil, namespace: String? = nil, name: String? = nil,
        uid: String? = nil, resourceVersion: String? = nil
    ) {
        (self.apiVersion, self.kind, self.namespace) = (apiVersion, kind, namespace)
        (self.name, self.uid, self.resourceVersion) = (name, uid, resourceVersion)
    }

    public init(_ object: some KubernetesObject) {
        let type = Swift.type(of: object).resource
        self.init(
            apiVersion: type.apiVersion, kind: type.kind, namespace: object.metadata.namespace,
            name: object.metadata.name, uid: object.metadata.uid)
    }
}

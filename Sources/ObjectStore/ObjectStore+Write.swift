public import KubernetesModel

/// What accompanies a write.
public struct WriteRequest: Sendable {
    public var definition: ResourceDefinition
    public var key: ObjectKey
    /// `status`, or empty for the object itself.
    public var subresource = ""
    public var manager: String
    public var now: Timestamp
    /// For an object that the request creates.
    public var uid: String
    public var isDryRun = false

    public init(_ definition: ResourceDefinition, _ key: ObjectKey, manager: String, now: Timestamp, uid: String) {
        (self.definition, self.key, self.manager, self.now, self.uid) = (definition, key, manager, now, uid)
    }
}

/// What a write did.
public struct WriteOutcome: Sendable {
    public enum Effect: Sendable, Hashable {
        case created
        case updated
        /// The write changed nothing: no new version, no event.
        case unchanged
        /// The object is gone: deleted, or its last finalizer was removed.
        case removed
        /// Deletion waits for finalizers.
        case terminating
    }

    public let effect: Effect
    public let value: JSONValue
    package let stored: StoredObject
}

extension ObjectStore {
    /// Rules of the kind, run on the object before it is validated and stored: defaults, allocation, checks.
    public typealias Admission = (_ object: inout JSONValue, _ old: JSONValue?) throws(APIFailure) -> Void

    public mutating func create(_ object: JSONValue, _ request: WriteRequest, admit: Admission) throws(APIFailure)
        -> WriteOutcome
    {
        let definition = request.definition
        guard self.object(definition.storage, request.key) == nil else {
            throw .alreadyExists(definition.type, request.key.name)
        }
        if let version = object.at("metadata", "resourceVersion")?.string, !version.isEmpty {
            throw APIFailure(
                code: 500, reason: "", message: "resourceVersion should not be set on objects to be created")
        }
        var new = object
        if definition.hasStatus, !definition.keepsStatusOnCreate { new["status"] = nil }
        stamp(&new, request)
        new.set("metadata", "managedFields", to: nil)
        try prepare(&new, old: nil, request, admit)
        record(&new, old: nil, request, "Update", ManagedFields(nil))
        return finish(new, old: nil, request)
    }

    /// Replaces or patches: the transformation is given the current object and returns what the client wants.
    public mutating func update(
        _ request: WriteRequest, transform: (JSONValue) throws(APIFailure) -> JSONValue, admit: Admission
    ) throws(APIFailure) -> WriteOutcome {
        let definition = request.definition
        guard let current = object(definition.storage, request.key) else {
            throw .notFound(definition.type, request.key.name)
        }
        var new = try transform(current.value)
        try check(new, against: current.value, request)
        let fields = ManagedFields(
            new.at("metadata", "managedFields")?.isEmpty == true ? nil : current.value.at("metadata", "managedFields"))
        restrict(&new, to: request, old: current.value)
        try prepare(&new, old: current.value, request, admit)
        record(&new, old: current.value, request, "Update", fields)
        return finish(new, old: current.value, request)
    }

    /// Server-side apply: creates the object, or merges the configuration into it by field ownership.
    public mutating func apply(_ configuration: JSONValue, _ request: WriteRequest, force: Bool, admit: Admission)
        throws(APIFailure) -> WriteOutcome
    {
        let definition = request.definition
        let current = object(definition.storage, request.key)
        if current == nil, !request.subresource.isEmpty { throw .notFound(definition.type, request.key.name) }
        if let managed = configuration.at("metadata", "managedFields"), !managed.isEmpty {
            throw .badRequest("metadata.managedFields must be nil")
        }
        if let current { try check(configuration, against: current.value, request) }
        var configuration = configuration
        for name in ManagedFields.serverMetadata { configuration.set("metadata", name, to: nil) }
        if configuration.at("metadata")?.isEmpty == true { configuration["metadata"] = nil }
        if request.subresource == "status" {
            configuration = .object(["status": configuration["status"]].compactMapValues { $0 })
        } else {
            if definition.hasStatus { configuration["status"] = nil }
            configuration["apiVersion"] = nil
            configuration["kind"] = nil
        }
        var live = current?.value ?? ["metadata": [:]]
        if current == nil { stamp(&live, request) }
        var fields = ManagedFields(live.at("metadata", "managedFields"))
        live.set("metadata", "managedFields", to: nil)
        let applier = manager(request, "Apply")
        var new = try fields.apply(
            configuration, to: live, schema: definition.schema, applier: applier, force: force,
            time: request.now.seconds)
        restrict(&new, to: request, old: current?.value)
        if current == nil { stamp(&new, request) }
        // What admission adds after this belongs to no manager: nobody owns a server's default.
        try prepare(&new, old: current?.value, request, admit)
        new.set("metadata", "managedFields", to: fields.json)
        return finish(new, old: current?.value, request)
    }

    /// Deletes, or marks for deletion while finalizers remain.
    public mutating func delete(_ request: WriteRequest, uid: String? = nil, resourceVersion: String? = nil)
        throws(APIFailure) -> WriteOutcome
    {
        let definition = request.definition
        guard let current = object(definition.storage, request.key) else {
            throw .notFound(definition.type, request.key.name)
        }
        let metadata = current.value["metadata"] ?? [:]
        if let uid, metadata["uid"]?.string != uid {
            throw .conflict(
                definition.type, request.key.name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(metadata["uid"]?.string ?? "")"
            )
        }
        if let resourceVersion, metadata["resourceVersion"]?.string != resourceVersion {
            throw .conflict(
                definition.type, request.key.name,
                "Precondition failed: ResourceVersion in precondition: \(resourceVersion), ResourceVersion in object meta: \(current.stored.version)"
            )
        }
        if metadata["finalizers"]?.array?.isEmpty ?? true {
            guard !request.isDryRun else {
                return WriteOutcome(effect: .removed, value: current.value, stored: current.stored)
            }
            let stored = commitRemoval(definition.storage, request.key, last: current.value)
            return WriteOutcome(effect: .removed, value: current.value, stored: stored)
        }
        var new = current.value
        if metadata["deletionTimestamp"] == nil {
            new.set("metadata", "deletionTimestamp", to: .string(request.now.seconds))
            new.set("metadata", "deletionGracePeriodSeconds", to: 0)
            if definition.countsGenerations { new.bumpGeneration() }
        }
        let outcome = finish(new, old: current.value, request)
        return WriteOutcome(effect: .terminating, value: outcome.value, stored: outcome.stored)
    }

    // MARK: Steps

    private func manager(_ request: WriteRequest, _ operation: String) -> ManagedFields.Manager {
        ManagedFields.Manager(
            name: request.manager, operation: operation, apiVersion: request.definition.type.apiVersion,
            subresource: request.subresource)
    }

    /// What the server alone writes into a new object.
    private func stamp(_ new: inout JSONValue, _ request: WriteRequest) {
        let definition = request.definition
        var metadata = new["metadata"]?.object ?? [:]
        metadata["name"] = .string(request.key.name)
        metadata["namespace"] = nil
        if definition.type.isNamespaced { metadata["namespace"] = .string(request.key.namespace) }
        metadata["uid"] = .string(request.uid)
        metadata["creationTimestamp"] = .string(request.now.seconds)
        metadata["generation"] = nil
        if definition.countsGenerations { metadata["generation"] = 1 }
        for name in ["deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion", "selfLink"] {
            metadata[name] = nil
        }
        new["metadata"] = .object(metadata)
        new["apiVersion"] = .string(definition.storedAPIVersion)
        new["kind"] = .string(definition.type.kind)
    }

    /// Optimistic concurrency, and the parts of the identity that a client may repeat but not change.
    private func check(_ new: JSONValue, against old: JSONValue, _ request: WriteRequest) throws(APIFailure) {
        let type = request.definition.type
        let metadata = new["metadata"] ?? [:]
        if let version = metadata["resourceVersion"]?.string, !version.isEmpty,
            version != old.at("metadata", "resourceVersion")?.string
        {
            guard UInt64(version) != nil else {
                throw .invalid(
                    type, request.key.name,
                    [.invalid("metadata.resourceVersion", "\"\(version)\"", "must be specified for an update")])
            }
            throw .conflict(type, request.key.name)
        }
        if let uid = metadata["uid"]?.string, !uid.isEmpty, let current = old.at("metadata", "uid")?.string,
            uid != current
        {
            throw .conflict(
                type, request.key.name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(current)")
        }
        if let name = metadata["name"]?.string, !name.isEmpty, name != request.key.name {
            throw .badRequest(
                "the name of the object (\(name)) does not match the name on the URL (\(request.key.name))")
        }
    }

    /// Keeps a write inside its part of the object: status through the subresource, the rest through the object.
    private func restrict(_ new: inout JSONValue, to request: WriteRequest, old: JSONValue?) {
        let definition = request.definition
        guard let old else { return }
        if request.subresource == "status" {
            let status = new["status"]
            let metadata = new["metadata"]
            new = old
            new["status"] = status
            if definition.statusCarriesMetadata, let metadata { new["metadata"] = metadata }
        } else if definition.hasStatus {
            new["status"] = old["status"]
        }
        var metadata = new["metadata"]?.object ?? [:]
        let before = old["metadata"]?.object ?? [:]
        for name in ManagedFields.serverMetadata { metadata[name] = before[name] }
        new["metadata"] = .object(metadata)
        new["apiVersion"] = .string(definition.storedAPIVersion)
        new["kind"] = .string(definition.type.kind)
    }

    private func prepare(_ new: inout JSONValue, old: JSONValue?, _ request: WriteRequest, _ admit: Admission)
        throws(APIFailure)
    {
        let definition = request.definition
        definition.schema.applyDefaults(to: &new)
        if definition.isCustom { _ = definition.schema.prune(&new) }
        var causes = definition.schema.validate(new)
        if let mistyped = causes.first(where: { $0.reason == "FieldValueTypeInvalid" }), !definition.isCustom {
            throw .badRequest(
                "\(definition.type.kind) in version \"\(definition.type.version)\" cannot be handled as a \(definition.type.kind): \(mistyped.field ?? ""): \(mistyped.message ?? "")"
            )
        }
        causes += ObjectMetaRules.causes(new["metadata"] ?? [:], definition)
        guard causes.isEmpty else { throw .invalid(definition.type, request.key.name, causes) }
        try admit(&new, old)
        if definition.countsGenerations, let old, request.subresource.isEmpty, old.specification != new.specification {
            new.bumpGeneration()
        }
    }

    private func record(
        _ new: inout JSONValue, old: JSONValue?, _ request: WriteRequest, _ operation: String, _ fields: ManagedFields
    ) {
        var fields = fields
        var before = old ?? [:]
        before.set("metadata", "managedFields", to: nil)
        new.set("metadata", "managedFields", to: nil)
        var changes = FieldChanges(from: before, to: new, schema: request.definition.schema)
        changes.changed = ManagedFields.tracked(changes.changed)
        changes.removed = ManagedFields.tracked(changes.removed)
        fields.record(changes, by: manager(request, operation), at: request.now.seconds)
        new.set("metadata", "managedFields", to: fields.json)
    }

    private mutating func finish(_ new: JSONValue, old: JSONValue?, _ request: WriteRequest) -> WriteOutcome {
        let storage = request.definition.storage
        if let old, new == old, let current = object(storage, request.key) {
            return WriteOutcome(effect: .unchanged, value: old, stored: current.stored)
        }
        let isGone =
            new.at("metadata", "deletionTimestamp") != nil && (new.at("metadata", "finalizers")?.array?.isEmpty ?? true)
        guard !request.isDryRun else {
            let stored = StoredObject(key: request.key, version: version, value: new)
            return WriteOutcome(effect: old == nil ? .created : .updated, value: new, stored: stored)
        }
        if isGone {
            let stored = commitRemoval(storage, request.key, last: new)
            return WriteOutcome(effect: .removed, value: new, stored: stored)
        }
        let stored = commit(new, storage, request.key)
        expire(request.key, stored.version, request.definition, lastWrite: request.now)
        return WriteOutcome(
            effect: old == nil ? .created : .updated, value: value(storage, request.key) ?? new, stored: stored)
    }
}

extension JSONValue {
    /// Everything that a client states: all but metadata and status.
    var specification: [String: JSONValue] {
        (object ?? [:]).filter { !["metadata", "status", "apiVersion", "kind"].contains($0.key) }
    }

    mutating func bumpGeneration() {
        set("metadata", "generation", to: .integer((at("metadata", "generation")?.integer ?? 0) + 1))
    }
}

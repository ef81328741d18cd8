import FoundationEssentials
import KubernetesModel
import ObjectStore
import Reconciliation

extension Cluster {
    func create(_ object: JSONValue, _ request: WriteRequest) throws(APIFailure) -> WriteOutcome {
        try write { (state) throws(APIFailure) in
            try Self.checkNamespace(request, state.store)
            let outcome = try state.store.create(object, request) { (new, old) throws(APIFailure) in
                try Self.admit(&new, old: old, request, &state.allocator)
            }
            Self.account(outcome, old: nil, request, &state)
            return outcome
        }
    }

    /// Replaces or patches, retried never: the whole step runs under the lock.
    func update(
        _ request: WriteRequest, createsMissing: Bool = false,
        transform: (JSONValue) throws(APIFailure) -> JSONValue
    ) throws(APIFailure) -> WriteOutcome {
        try write { (state) throws(APIFailure) in
            let old = state.store.value(request.definition.storage, request.key)
            guard old != nil || !createsMissing else {
                try Self.checkNamespace(request, state.store)
                return try state.store.create(try transform(.null), request) { (new, old) throws(APIFailure) in
                    try Self.admit(&new, old: old, request, &state.allocator)
                }
            }
            let outcome = try state.store.update(request, transform: transform) { (new, old) throws(APIFailure) in
                try Self.admit(&new, old: old, request, &state.allocator)
            }
            Self.account(outcome, old: old, request, &state)
            return outcome
        }
    }

    func apply(_ configuration: JSONValue, _ request: WriteRequest, force: Bool) throws(APIFailure) -> WriteOutcome {
        try write { (state) throws(APIFailure) in
            let old = state.store.value(request.definition.storage, request.key)
            if old == nil { try Self.checkNamespace(request, state.store) }
            let outcome = try state.store.apply(configuration, request, force: force) { (new, old) throws(APIFailure) in
                try Self.admit(&new, old: old, request, &state.allocator)
            }
            Self.account(outcome, old: old, request, &state)
            return outcome
        }
    }

    func delete(_ request: WriteRequest, uid: String? = nil, resourceVersion: String? = nil) throws(APIFailure)
        -> WriteOutcome
    {
        try write { (state) throws(APIFailure) in
            let old = state.store.value(request.definition.storage, request.key)
            if request.definition.storage == "namespaces", !request.isDryRun {
                return try Self.deleteNamespace(request, uid: uid, resourceVersion: resourceVersion, &state)
            }
            let outcome = try state.store.delete(request, uid: uid, resourceVersion: resourceVersion)
            Self.account(outcome, old: old, request, &state)
            if request.definition.storage == CustomResources.storage, outcome.effect == .removed, !request.isDryRun {
                Self.removeInstances(of: request.key.name, request, &state)
            }
            return outcome
        }
    }

    // MARK: Rules

    private static func admit(
        _ new: inout JSONValue, old: JSONValue?, _ request: WriteRequest, _ allocator: inout ServiceAllocator
    ) throws(APIFailure) {
        let definition = request.definition
        switch definition.storage {
        case "services" where request.subresource.isEmpty: try ServiceRules.admit(&new, old: old, &allocator)
        case "services" where request.subresource == "status": try ServiceRules.admitStatus(&new)
        case "namespaces":
            if new.at("status", "phase") == nil { new.set("status", "phase", to: "Active") }
            new.set("metadata", "labels", "kubernetes.io/metadata.name", to: .string(request.key.name))
        case "secrets": try admitSecret(&new, old: old, request)
        case CustomResources.storage: try CustomResources.admit(&new, old: old, now: request.now)
        case "pods" where old == nil: new.set("status", "phase", to: "Pending")
        case "rolebindings.\(AccessPolicy.group)", "clusterrolebindings.\(AccessPolicy.group)":
            if let old, old["roleRef"] != new["roleRef"] {
                throw .invalid(
                    definition.type, request.key.name,
                    [.invalid("roleRef", new["roleRef"]?.quoted ?? "null", "cannot change roleRef")])
            }
        default: break
        }
        let causes = CustomResourceValidator.causes(definition.type, new)
        guard causes.isEmpty else { throw .invalid(definition.type, request.key.name, causes) }
    }

    private static func admitSecret(_ new: inout JSONValue, old: JSONValue?, _ request: WriteRequest) throws(APIFailure)
    {
        for (name, value) in new["stringData"]?.object ?? [:] {
            new.set("data", name, to: .string(Data((value.string ?? "").utf8).base64EncodedString()))
        }
        new["stringData"] = nil
        for (name, value) in new["data"]?.object ?? [:] {
            guard let text = value.string, Data(base64Encoded: text) != nil else {
                throw .badRequest(
                    "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data in \(name)")
            }
        }
        if let old, old["type"] != new["type"] {
            throw .invalid(
                request.definition.type, request.key.name,
                [.invalid("type", new["type"]?.quoted ?? "null", "field is immutable")])
        }
    }

    private static func checkNamespace(_ request: WriteRequest, _ store: ObjectStore) throws(APIFailure) {
        guard request.definition.type.isNamespaced else { return }
        let name = request.key.namespace
        guard let namespace = store.value("namespaces", ObjectKey(name: name)) else {
            throw .notFound(Namespace.resource, name)
        }
        guard namespace.at("metadata", "deletionTimestamp") == nil else {
            throw .forbidden(
                "\(request.definition.type.qualifiedPlural) \"\(request.key.name)\" is forbidden: unable to create new content in namespace \(name) because it is being terminated",
                details: Status.Details(
                    name: request.key.name, kind: request.definition.type.plural,
                    causes: [
                        Status.Cause(
                            reason: "NamespaceTerminating", message: "namespace \(name) is being terminated",
                            field: "metadata.namespace")
                    ]))
        }
    }

    // MARK: Consequences

    private static func account(_ outcome: WriteOutcome, old: JSONValue?, _ request: WriteRequest, _ state: inout State)
    {
        guard !request.isDryRun, outcome.effect != .unchanged else { return }
        if request.definition.storage == "services" {
            if let old { state.allocator.release(old) }
            if outcome.effect != .removed { state.allocator.claim(outcome.value) }
        }
        guard outcome.effect == .removed, request.definition.type.isNamespaced else { return }
        finishNamespace(request.key.namespace, request, &state)
    }

    /// Deletes what is in the namespace, then the namespace; what has finalizers keeps it terminating.
    private static func deleteNamespace(
        _ request: WriteRequest, uid: String?, resourceVersion: String?, _ state: inout State
    ) throws(APIFailure) -> WriteOutcome {
        let name = request.key.name
        guard !["default", "kube-system", "kube-public"].contains(name) else {
            throw .forbidden("namespaces \"\(name)\" is forbidden: this namespace may not be deleted")
        }
        // Held by a finalizer for the length of this step, as the real server holds it by spec.finalizers.
        guard let value = state.store.value("namespaces", request.key) else {
            throw .notFound(Namespace.resource, name)
        }
        for definition in state.registry.all where definition.type.isNamespaced {
            for key in Array(state.store.keys(definition.storage, namespace: name)) {
                var step = request
                (step.definition, step.key) = (definition, key)
                let old = state.store.value(definition.storage, key)
                if let outcome = try? state.store.delete(step), outcome.effect == .removed,
                    definition.storage == "services", let old
                {
                    state.allocator.release(old)
                }
            }
        }
        guard isEmpty(name, state), value.at("metadata", "finalizers")?.isEmpty ?? true else {
            return try state.store.update(request) { (old) throws(APIFailure) in
                old
            } admit: { (new, _) throws(APIFailure) in
                new.set("metadata", "deletionTimestamp", to: .string(request.now.seconds))
                new.set("metadata", "finalizers", to: new.at("metadata", "finalizers") ?? ["kubernetes"])
                new.set("status", "phase", to: "Terminating")
            }
        }
        return try state.store.delete(request, uid: uid, resourceVersion: resourceVersion)
    }

    private static func isEmpty(_ namespace: String, _ state: State) -> Bool {
        state.registry.all.allSatisfy {
            !$0.type.isNamespaced || state.store.keys($0.storage, namespace: namespace).isEmpty
        }
    }

    /// The last object of a terminating namespace is gone: so is the namespace.
    private static func finishNamespace(_ name: String, _ request: WriteRequest, _ state: inout State) {
        let key = ObjectKey(name: name)
        guard let value = state.store.value("namespaces", key), value.at("metadata", "deletionTimestamp") != nil,
            isEmpty(name, state), let definition = state.registry.definition("", "v1", "namespaces")
        else { return }
        var step = request
        (step.definition, step.key, step.subresource) = (definition, key, "")
        _ = try? state.store.update(step) { (old) throws(APIFailure) in
            var new = old
            let rest = (old.at("metadata", "finalizers")?.array ?? []).filter { $0 != "kubernetes" }
            new.set("metadata", "finalizers", to: rest.isEmpty ? nil : .array(rest))
            return new
        } admit: { (_, _) throws(APIFailure) in
        }
    }

    private static func removeInstances(of name: String, _ request: WriteRequest, _ state: inout State) {
        for definition in state.registry.all where definition.isCustom && definition.type.qualifiedPlural == name {
            for key in Array(state.store.keys(definition.storage)) {
                var step = request
                (step.definition, step.key) = (definition, key)
                _ = try? state.store.delete(step)
            }
        }
    }
}

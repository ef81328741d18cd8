package import KubernetesModel
package import Reconciliation

/// One request that brings the API server in line with the plan.
package enum Work: Sendable, Hashable {
    case service(ObjectReference, PlannedWrite)
    case pool(ObjectReference, PlannedWrite)
    case deleteAnnouncement(ObjectKey, uid: String?)
    case trimAnnouncement(ObjectKey, PlannedWrite)

    /// What must not be written twice at once.
    package struct Target: Sendable, Hashable {
        var kind: String
        var key: ObjectKey
    }

    var target: Target {
        switch self {
        case .service(let object, _), .pool(let object, _):
            Target(kind: object.kind ?? "", key: ObjectKey(namespace: object.namespace, name: object.name ?? ""))
        case .deleteAnnouncement(let key, _), .trimAnnouncement(let key, _):
            Target(kind: ServiceL2Status.resource.kind, key: key)
        }
    }
}

/// What became of it.
package enum WorkResult: Sendable, Hashable {
    case written
    /// Somebody else was faster: the newer object is on its way.
    case conflict
    /// The object is gone.
    case gone
    case failed
}

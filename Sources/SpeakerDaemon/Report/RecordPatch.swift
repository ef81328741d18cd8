import KubernetesClient
import KubernetesModel
import Reconciliation

extension AnnouncementRecords.Write {
    /// The server-side apply that gives this node exactly ``entries``, and leaves the other nodes' alone.
    func patch(fieldManager: String) -> Patch {
        var status: JSONValue = [
            "serviceNamespace": .string(service.namespace), "serviceName": .string(service.name),
        ]
        if !entries.isEmpty { status["addresses"] = .array(entries.map(\.json)) }
        return .apply(["status": status], fieldManager: fieldManager)
    }
}

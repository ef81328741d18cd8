import KubernetesClient
import KubernetesModel

extension AnnouncementRecords.Write {
    /// The server-side apply that gives this node exactly ``entries``, and leaves the other nodes' alone.
    func patch(fieldManager: String) -> Patch {
        let addresses = entries.map { entry in
            var members: [String: JSONValue] = [
                "address": .string(entry.address), "interface": .string(entry.interface), "node": .string(entry.node),
            ]
            members["hardwareAddress"] = entry.hardwareAddress.map(JSONValue.string)
            members["since"] = entry.since.map { .string($0.seconds) }
            members["conflict"] = entry.conflict.map(JSONValue.string)
            return JSONValue.object(members)
        }
        var status: JSONValue = [
            "serviceNamespace": .string(service.namespace), "serviceName": .string(service.name),
        ]
        if !addresses.isEmpty { status["addresses"] = .array(addresses) }
        return .apply(["status": status], fieldManager: fieldManager)
    }
}

import KubernetesModel

/// Events are one collection with two faces: `v1` (stored) and `events.k8s.io/v1`.
enum EventViews {
    /// `events.k8s.io/v1` name, `v1` name.
    private static let names = [
        ("regarding", "involvedObject"), ("note", "message"), ("reportingController", "reportingComponent"),
        ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"),
    ]

    static func stored(_ event: JSONValue) -> JSONValue {
        rename(event, names, apiVersion: "v1")
    }

    static func served(_ event: JSONValue) -> JSONValue {
        rename(event, names.map { ($0.1, $0.0) }, apiVersion: "events.k8s.io/v1")
    }

    private static func rename(_ event: JSONValue, _ names: [(String, String)], apiVersion: String) -> JSONValue {
        guard var members = event.object else { return event }
        for (from, to) in names {
            if let value = members.removeValue(forKey: from) { members[to] = value }
        }
        members["apiVersion"] = .string(apiVersion)
        return .object(members)
    }

    static func selectable(group: String) -> [String] {
        let object = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"]
        let reference = group.isEmpty ? "involvedObject" : "regarding"
        return object.map { "\(reference).\($0)" } + [
            "reason", "type", "reportingComponent", "source", "reportingController",
        ]
    }

    /// A field selector of either face, for the stored form.
    static func storedSelector(_ text: String) -> String {
        text.replacing("regarding.", with: "involvedObject.").replacing(
            "reportingController", with: "reportingComponent"
        )
        .replacing("source=", with: "source.component=")
    }
}

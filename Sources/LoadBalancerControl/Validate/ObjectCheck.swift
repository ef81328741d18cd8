import Foundation
import KubernetesModel
import Reconciliation

/// One object by itself: its fields as the CRD's schema has them, and the CRDs' CEL rules.
enum ObjectCheck {
    static func findings(_ subject: String, _ object: JSONValue, into snapshot: inout ClusterSnapshot) -> [Finding] {
        let kind = object["kind"]?.string ?? ""
        let version = object["apiVersion"]?.string ?? ""
        let group = IPAddressPool.resource.group
        if version.hasPrefix("\(group)/"), version != IPAddressPool.resource.apiVersion {
            return [
                Finding(
                    .error, subject, "apiVersion \(version) is unknown", "write \(IPAddressPool.resource.apiVersion)")
            ]
        }
        switch (version, kind) {
        case (IPAddressPool.resource.apiVersion, "IPAddressPool"):
            return check(subject, object, as: IPAddressPool.self, strict: true, &snapshot) { .pool(.applied($0)) }
        case (L2Advertisement.resource.apiVersion, "L2Advertisement"):
            return check(subject, object, as: L2Advertisement.self, strict: true, &snapshot) {
                .advertisement(.applied($0))
            }
        case ("v1", "Service"):
            return check(subject, object, as: Service.self, strict: false, &snapshot) { .service(.applied($0)) }
        case ("v1", "Node"):
            return check(subject, object, as: Node.self, strict: false, &snapshot) { .node(.applied($0)) }
        case ("v1", "Namespace"):
            return check(subject, object, as: Namespace.self, strict: false, &snapshot) { .namespace(.applied($0)) }
        case let (version, kind) where version.hasPrefix("\(group)/"):
            return [Finding(.error, subject, "\(group) has no kind \(kind)", "use IPAddressPool or L2Advertisement")]
        case let (version, _) where version.contains("metallb.io"):
            return [
                Finding(
                    .note, subject, "is MetalLB's, and ignored by Herald",
                    "convert it: \(ProgramName.current) import metallb -f FILE")
            ]
        default: return []
        }
    }

    private static func check<Object: KubernetesObject>(
        _ subject: String, _ object: JSONValue, as type: Object.Type, strict: Bool, _ snapshot: inout ClusterSnapshot,
        _ wrap: (Object) -> ClusterChange
    ) -> [Finding] {
        var complete = object
        if type.resource.isNamespaced, object["metadata"]?["namespace"] == nil {
            complete["metadata"]?["namespace"] = "default"
        }
        let decoded: Object
        do {
            decoded = try JSONDecoder().decode(Object.self, from: JSONEncoder().encode(complete))
        } catch {
            return [Finding(.error, subject, Self.sentence(error), "correct the field")]
        }
        snapshot.apply(wrap(decoded))
        var findings: [Finding] = []
        if strict {
            let known = (try? JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(decoded))) ?? .null
            for path in unknown(object["spec"], known["spec"], at: "spec") {
                findings.append(
                    Finding(.error, subject, "\(path) is no field of \(type.resource.kind)", "remove or correct it"))
            }
        }
        return findings
            + CustomResourceValidator.causes(type.resource, object).map {
                Finding(.error, subject, "\($0.field ?? ""): \($0.message ?? "")")
            }
    }

    /// Paths that the typed object did not keep.
    private static func unknown(_ given: JSONValue?, _ known: JSONValue?, at path: String) -> [String] {
        switch (given, known) {
        case (.object(let given)?, .object(let known)?):
            given.sorted { $0.key < $1.key }.flatMap { unknown($0.value, known[$0.key], at: "\(path).\($0.key)") }
        case (.array(let given)?, .array(let known)?):
            zip(given, known).enumerated().flatMap { unknown($1.0, $1.1, at: "\(path)[\($0)]") }
        case (nil, _), (.null?, _): []
        case (_, nil): [path]
        default: []
        }
    }

    /// What a decoder says, in one clause.
    static func sentence(_ error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.reduce(into: "") { text, key in
                text += key.intValue.map { "[\($0)]" } ?? (text.isEmpty ? key.stringValue : ".\(key.stringValue)")
            }
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            let place = path(context)
            return "\(place.isEmpty ? "" : place + ".")\(key.stringValue) is missing"
        case DecodingError.typeMismatch(let type, let context): return "\(path(context)) must be \(Self.name(of: type))"
        case DecodingError.valueNotFound(let type, let context):
            return "\(path(context)) must be \(Self.name(of: type))"
        case DecodingError.dataCorrupted(let context): return "\(path(context)): \(context.debugDescription)"
        default: return "\(error)"
        }
    }

    private static func name(of type: Any.Type) -> String {
        switch "\(type)" {
        case "String": "a string"
        case "Bool": "true or false"
        case let text where text.hasPrefix("Int") || text == "Double": "a number"
        case let text where text.hasPrefix("Array"): "a list"
        default: "an object"
        }
    }
}

extension ClusterSnapshot {
    /// Those objects that are well-formed.
    init(of objects: [JSONValue]) {
        self.init()
        for object in objects { _ = ObjectCheck.findings("", object, into: &self) }
    }
}

import Foundation
import KubernetesModel
import Reconciliation

/// One object by itself: the CRDs' schemas and CEL rules, and whether its fields can be read.
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
            return check(subject, object, as: IPAddressPool.self, &snapshot) { .pool(.applied($0)) }
        case (L2Advertisement.resource.apiVersion, "L2Advertisement"):
            return check(subject, object, as: L2Advertisement.self, &snapshot) {
                .advertisement(.applied($0))
            }
        case ("v1", "Service"):
            return check(subject, object, as: Service.self, &snapshot) { .service(.applied($0)) }
        case ("v1", "Node"):
            return check(subject, object, as: Node.self, &snapshot) { .node(.applied($0)) }
        case ("v1", "Namespace"):
            return check(subject, object, as: Namespace.self, &snapshot) { .namespace(.applied($0)) }
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
        _ subject: String, _ object: JSONValue, as type: Object.Type, _ snapshot: inout ClusterSnapshot,
        _ wrap: (Object) -> ClusterChange
    ) -> [Finding] {
        var complete = object
        if type.resource.isNamespaced, object["metadata"]?["namespace"] == nil {
            complete["metadata"]?["namespace"] = "default"
        }
        var (causes, unknown) = CustomResourceSchema.check(type.resource, object)
        // Rules stand on what the schema has checked.
        if causes.isEmpty { causes = CustomResourceValidator.causes(type.resource, object) }
        var findings = unknown.map {
            Finding(.error, subject, "\($0) is no field of \(type.resource.kind)", "remove or correct it")
        }
        findings += causes.map { Finding(.error, subject, "\($0.field ?? ""): \($0.message ?? "")") }
        do {
            snapshot.apply(wrap(try JSONDecoder().decode(Object.self, from: JSONEncoder().encode(complete))))
        } catch  where causes.isEmpty {
            findings.append(Finding(.error, subject, Self.sentence(error), "correct the field"))
        } catch {
            // The schema has said it.
        }
        return findings
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

public import KubernetesModel

/// A refused request: the code, reason and message that the API server answers with.
public struct APIFailure: Error, Sendable, Hashable {
    public var code: Int
    public var reason: String
    public var message: String
    public var details: Status.Details?

    public init(code: Int, reason: String, message: String, details: Status.Details? = nil) {
        (self.code, self.reason, self.message, self.details) = (code, reason, message, details)
    }

    public static func badRequest(_ message: String) -> APIFailure {
        APIFailure(code: 400, reason: "BadRequest", message: message)
    }

    /// Of a path that no resource is at.
    public static let unknownPath = APIFailure(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource")

    public static let methodNotAllowed = APIFailure(
        code: 405, reason: "MethodNotAllowed",
        message: "the server does not allow this method on the requested resource")

    public static func notFound(_ type: ResourceType, _ name: String) -> APIFailure {
        APIFailure(
            code: 404, reason: "NotFound", message: "\(type.qualifiedPlural) \"\(name)\" not found",
            details: .init(name: name, group: type.group, kind: type.plural))
    }

    public static func alreadyExists(_ type: ResourceType, _ name: String) -> APIFailure {
        APIFailure(
            code: 409, reason: "AlreadyExists", message: "\(type.qualifiedPlural) \"\(name)\" already exists",
            details: .init(name: name, group: type.group, kind: type.plural))
    }

    public static func conflict(_ type: ResourceType, _ name: String, _ why: String = staleWrite) -> APIFailure {
        APIFailure(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(type.qualifiedPlural) \"\(name)\": \(why)",
            details: .init(name: name, group: type.group, kind: type.plural))
    }

    public static let staleWrite =
        "the object has been modified; please apply your changes to the latest version and try again"

    public static func invalid(_ type: ResourceType, _ name: String, _ causes: [Status.Cause]) -> APIFailure {
        let list = causes.map { "\($0.field.map { "\($0): " } ?? "")\($0.message ?? "")" }
        let text = list.count == 1 ? list[0] : "[\(list.joined(separator: ", "))]"
        let kind = type.group.isEmpty ? type.kind : "\(type.kind).\(type.group)"
        return APIFailure(
            code: 422, reason: "Invalid", message: "\(kind) \"\(name)\" is invalid: \(text)",
            details: .init(name: name, group: type.group, kind: type.kind, causes: causes))
    }

    /// The requested version is no longer in the watch log, or a continue token outlived its snapshot.
    public static func expired(_ message: String) -> APIFailure {
        APIFailure(code: 410, reason: "Expired", message: message)
    }

    public static func unsupportedMediaType(_ message: String) -> APIFailure {
        APIFailure(code: 415, reason: "UnsupportedMediaType", message: message)
    }

    public static func forbidden(_ message: String, details: Status.Details? = nil) -> APIFailure {
        APIFailure(code: 403, reason: "Forbidden", message: message, details: details)
    }

    public static let unauthorized = APIFailure(code: 401, reason: "Unauthorized", message: "Unauthorized")

    /// The `metav1.Status` object.
    public var status: JSONValue {
        var status: [String: JSONValue] = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
            "message": .string(message), "code": .integer(Int64(code)),
        ]
        if !reason.isEmpty { status["reason"] = .string(reason) }
        if let details {
            var members: [String: JSONValue] = [:]
            members["name"] = details.name.map { .string($0) }
            if let group = details.group, !group.isEmpty { members["group"] = .string(group) }
            members["kind"] = details.kind.map { .string($0) }
            members["retryAfterSeconds"] = details.retryAfterSeconds.map { .integer(Int64($0)) }
            members["causes"] = details.causes.map { .array($0.map(\.json)) }
            status["details"] = .object(members)
        }
        return .object(status)
    }
}

/// What is wrong with a field, in the words of `k8s.io/apimachinery/pkg/util/validation/field`; values as JSON text.
extension Status.Cause {
    public static func invalid(_ field: String, _ value: String, _ why: String, reason: String = "FieldValueInvalid")
        -> Status.Cause
    {
        Status.Cause(reason: reason, message: "Invalid value: \(value): \(why)", field: field.isEmpty ? "<nil>" : field)
    }

    public static func required(_ field: String, _ why: String? = nil) -> Status.Cause {
        Status.Cause(
            reason: "FieldValueRequired", message: "Required value" + (why.map { ": \($0)" } ?? ""), field: field)
    }

    public static func duplicate(_ field: String, _ value: String) -> Status.Cause {
        Status.Cause(reason: "FieldValueDuplicate", message: "Duplicate value: \(value)", field: field)
    }

    public static func notSupported(_ field: String, _ value: String, of supported: [String]) -> Status.Cause {
        Status.Cause(
            reason: "FieldValueNotSupported",
            message: "Unsupported value: \(value): supported values: \(supported.joined(separator: ", "))", field: field
        )
    }

    public static func tooLong(_ field: String, _ limit: Int) -> Status.Cause {
        Status.Cause(
            reason: "FieldValueTooLong", message: "Too long: may not be more than \(limit) bytes", field: field)
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [:]
        members["reason"] = reason.map { .string($0) }
        members["message"] = message.map { .string($0) }
        members["field"] = field.map { .string($0) }
        return .object(members)
    }
}

extension ResourceType {
    /// `services`, `ipaddresspools.lb.cluster.home`.
    public var qualifiedPlural: String { group.isEmpty ? plural : "\(plural).\(group)" }
}

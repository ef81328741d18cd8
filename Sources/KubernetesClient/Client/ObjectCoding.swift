package import KubernetesModel

/// An object together with the `apiVersion` and `kind` that custom resources must carry.
struct TypedObject<Object: KubernetesObject>: Encodable {
    let object: Object

    enum CodingKeys: String, CodingKey { case apiVersion, kind }

    func encode(to encoder: any Encoder) throws {
        try object.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Object.resource.apiVersion, forKey: .apiVersion)
        try container.encode(Object.resource.kind, forKey: .kind)
    }
}

/// One item of a list: an object, or why it is none. One bad object must never hide the others.
struct LossyItem<Object: KubernetesObject>: Decodable {
    let result: Result<Object, SkippedObject>

    init(from decoder: any Decoder) throws {
        do { result = .success(try Object(from: decoder)) } catch {
            result = .failure(
                SkippedObject(Object.resource, identity: try? ObjectIdentity(from: decoder), error))
        }
    }
}

/// Enough of an object to name it.
struct ObjectIdentity: Decodable {
    var metadata: Metadata?

    struct Metadata: Decodable {
        var name: String?
        var namespace: String?
        var resourceVersion: String?
    }
}

/// An object that is not what its resource type says, and was passed over.
package struct SkippedObject: Error, Sendable, Hashable, CustomStringConvertible {
    package let kind: String
    /// Namespace and name as far as they could be read.
    package let key: ObjectKey
    package let message: String

    init(_ type: ResourceType, identity: ObjectIdentity?, _ error: any Error) {
        kind = type.kind
        key = ObjectKey(namespace: identity?.metadata?.namespace, name: identity?.metadata?.name ?? "?")
        message = Self.describe(error)
    }

    package var description: String { "\(kind) \(key) is skipped: \(message)" }

    private static func describe(_ error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        }
        return switch error as? DecodingError {
        case .typeMismatch(let type, let context)?: "\(path(context)) is no \(type)"
        case .valueNotFound(_, let context)?: "\(path(context)) is null"
        case .keyNotFound(let key, let context)?: "\(path(context)).\(key.stringValue) is missing"
        case .dataCorrupted(let context)?: "\(path(context)): \(context.debugDescription)"
        default: "\(error)"
        }
    }
}

/// One page of a list.
struct ListPage<Object: KubernetesObject>: Decodable {
    var metadata: ListMeta?
    var items: [LossyItem<Object>]?
}

/// A list as the API server answered it, all pages together.
package struct ObjectList<Object: KubernetesObject>: Sendable {
    package var items: [Object] = []
    /// Where a watch continues from.
    package var resourceVersion = ""
    /// Objects that could not be decoded.
    package var skipped: [SkippedObject] = []
}

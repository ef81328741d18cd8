import FoundationEssentials
import KubernetesModel

/// One line of a watch (`metav1.WatchEvent`).
enum WatchLine<Object: KubernetesObject>: Sendable {
    case applied(Object)
    case deleted(Object)
    case bookmark(resourceVersion: String?)
    case failure(APIError)
    /// An object that cannot be decoded.
    case skipped(SkippedObject, resourceVersion: String?, isDeletion: Bool)
    /// An event type of a later Kubernetes.
    case unknown(String)

    /// - Returns: nil when the bytes are no watch event at all.
    init?(_ bytes: Data) {
        guard let event = try? JSONDecoder().decode(WatchEvent<Object>.self, from: bytes) else { return nil }
        self = event.line
    }
}

private struct WatchEvent<Object: KubernetesObject>: Decodable {
    let line: WatchLine<Object>

    enum CodingKeys: String, CodingKey { case type, object }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let type = try container.decode(String.self, forKey: .type)
        switch type {
        case "ADDED", "MODIFIED", "DELETED":
            do {
                let object = try container.decode(Object.self, forKey: .object)
                line = type == "DELETED" ? .deleted(object) : .applied(object)
            } catch {
                let identity = try? container.decode(ObjectIdentity.self, forKey: .object)
                line = .skipped(
                    SkippedObject(Object.resource, identity: identity, error),
                    resourceVersion: identity?.metadata?.resourceVersion, isDeletion: type == "DELETED")
            }
        case "BOOKMARK":
            let identity = try? container.decode(ObjectIdentity.self, forKey: .object)
            line = .bookmark(resourceVersion: identity?.metadata?.resourceVersion)
        case "ERROR":
            let status = try? container.decode(Status.self, forKey: .object)
            line = .failure(APIError(status: status?.code ?? 500, body: status))
        default: line = .unknown(type)
        }
    }
}

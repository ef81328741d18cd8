import Crypto
import FoundationEssentials
import KubernetesModel
import ObjectStore
import Synchronization

/// Signs and verifies ServiceAccount tokens: RFC 7519 with ES256, the claims that Kubernetes uses.
final class TokenAuthority: Sendable {
    struct Claims: Sendable, Hashable {
        var namespace: String
        var serviceAccount: String
        var uid: String
        var expires: Int64
    }

    static let issuer = "https://kubernetes.default.svc"
    static let audience = "https://kubernetes.default.svc"
    /// A signature check costs a tenth of a millisecond, a look-up nothing; cleared when full.
    private static let cacheLimit = 1024

    private let key: P256.Signing.PrivateKey
    private let verified = Mutex<[String: Claims]>([:])

    init(key: P256.Signing.PrivateKey) { self.key = key }

    func issue(_ claims: Claims, now: Int64) -> String? {
        let payload: JSONValue = [
            "iss": .string(Self.issuer), "aud": [.string(Self.audience)], "iat": .integer(now), "nbf": .integer(now),
            "exp": .integer(claims.expires), "jti": .string(UUID().uuidString.lowercased()),
            "sub": .string("system:serviceaccount:\(claims.namespace):\(claims.serviceAccount)"),
            "kubernetes.io": [
                "namespace": .string(claims.namespace),
                "serviceaccount": ["name": .string(claims.serviceAccount), "uid": .string(claims.uid)],
            ],
        ]
        let text = Self.encode(Data(#"{"alg":"ES256","typ":"JWT"}"#.utf8)) + "." + Self.encode(Data(payload.jsonBytes))
        guard let signature = try? key.signature(for: Data(text.utf8)) else { return nil }
        return text + "." + Self.encode(signature.rawRepresentation)
    }

    /// The claims of a token of ours that is valid now.
    func verify(_ token: String, now: Int64) -> Claims? {
        if let claims = verified.withLock({ $0[token] }) { return claims.expires > now ? claims : nil }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let raw = Self.decode(parts[2]),
            let signature = try? P256.Signing.ECDSASignature(rawRepresentation: raw),
            key.publicKey.isValidSignature(signature, for: Data("\(parts[0]).\(parts[1])".utf8)),
            let body = Self.decode(parts[1]), let payload = try? JSONParser.parse(Array(body)),
            payload["iss"]?.string == Self.issuer, let expires = payload["exp"]?.integer, expires > now,
            let namespace = payload.at("kubernetes.io", "namespace")?.string,
            let name = payload.at("kubernetes.io", "serviceaccount", "name")?.string,
            let uid = payload.at("kubernetes.io", "serviceaccount", "uid")?.string
        else { return nil }
        let claims = Claims(namespace: namespace, serviceAccount: name, uid: uid, expires: expires)
        verified.withLock { cache in
            if cache.count >= Self.cacheLimit { cache.removeAll() }
            cache[token] = claims
        }
        return claims
    }

    private static func encode(_ data: some DataProtocol) -> String {
        Data(data).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func decode(_ text: Substring) -> Data? {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: String(text).replacing("-", with: "+").replacing("_", with: "/") + padding)
    }
}

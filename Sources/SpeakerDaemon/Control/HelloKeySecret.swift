import FoundationEssentials
package import KubernetesModel
package import Wire

/// The key of Hello frames, as the Secret tells it. A key once loaded is never lost: an API outage, or somebody who
/// deletes the Secret, must not silence the speakers.
package struct HelloKeySecret: Sendable, Hashable {
    private var keyring = HelloKeyring()
    package var keys: HelloKeys? { keyring.keys }
    /// Shorter keys are refused: HMAC-SHA-256 wants 32 bytes (RFC 2104 §3).
    static let shortestKey = 16

    package init() {}

    /// What became of a change, for the log.
    package enum Outcome: Sendable, Hashable {
        case loaded
        case unchanged
        /// Gone, or unusable: the loaded key stays in use; the text says what is wrong.
        case unusable(String)
    }

    package mutating func take(_ change: ObjectChange<Secret>) -> Outcome {
        switch change {
        case .replaced(let all, _):
            all.first { $0.metadata.name == HeraldObjects.helloKeySecret }.map { take($0) } ?? absent
        case .applied(let secret):
            secret.metadata.name == HeraldObjects.helloKeySecret ? take(secret) : .unchanged
        case .deleted(let secret): secret.metadata.name == HeraldObjects.helloKeySecret ? absent : .unchanged
        }
    }

    private var absent: Outcome {
        .unusable("Secret \(HeraldObjects.helloKeySecret) is absent; the controller makes it")
    }

    private mutating func take(_ secret: Secret) -> Outcome {
        guard let current = Self.key(secret.data?[HeraldObjects.helloKeyCurrent]) else {
            return .unusable(
                "Secret \(HeraldObjects.helloKeySecret) has no usable key in data.\(HeraldObjects.helloKeyCurrent); "
                    + "delete it, and the controller makes a new one")
        }
        let new = HelloKeys(current: current, previous: Self.key(secret.data?[HeraldObjects.helloKeyPrevious]))
        return keyring.publish(new) ? .loaded : .unchanged
    }

    private static func key(_ base64: String?) -> [UInt8]? {
        guard let base64, let data = Data(base64Encoded: base64), data.count >= shortestKey else { return nil }
        return Array(data)
    }
}

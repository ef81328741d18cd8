import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging

/// Makes the Secret that speakers sign their frames with, when there is none. An existing one is never changed.
struct HelloKeyMaker: Sendable {
    let client: APIClient
    let namespace: String
    let logger: Logger

    static let keyLength = 32

    /// Looks again every few minutes: somebody may delete it.
    func run() async {
        while !Task.isCancelled {
            let pause: Duration
            do {
                try await makeIfAbsent()
                pause = .seconds(300)
            } catch {
                if Task.isCancelled { return }
                logger.warning(
                    "cannot make sure that the speakers' key exists; trying again",
                    metadata: ["secret": "\(namespace)/\(HeraldObjects.helloKeySecret)", "error": "\(error)"])
                pause = .seconds(5)
            }
            try? await Task.sleep(for: pause)
        }
    }

    private func makeIfAbsent() async throws(APIError) {
        do {
            _ = try await client.get(Secret.self, name: HeraldObjects.helloKeySecret, namespace: namespace)
            return
        } catch { guard error.isNotFound else { throw error } }
        var random = SystemRandomNumberGenerator()
        let key = Data((0..<Self.keyLength).map { _ in UInt8.random(in: 0...255, using: &random) })
        let secret = Secret(
            metadata: ObjectMeta(name: HeraldObjects.helloKeySecret, namespace: namespace), type: "Opaque",
            data: [HeraldObjects.helloKeyCurrent: key.base64EncodedString()])
        do {
            _ = try await client.create(secret)
            logger.notice("made the key that speakers sign their frames with")
        } catch { guard error.isAlreadyExists else { throw error } }
    }
}

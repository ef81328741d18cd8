import Hummingbird
import Logging

/// The page behind every Service of the lab: says which node served it.
package struct LabBackend: Sendable {
    let node: String
    let port: Int

    package init(node: String, port: Int) { (self.node, self.port) = (node, port) }

    /// Serves both families until cancelled.
    package func run() async throws {
        let router = Router()
        let node = node
        router.get("**") { request, _ in "\(request.head.authority ?? "?") served by \(node)\n" }
        router.get("/") { request, _ in "\(request.head.authority ?? "?") served by \(node)\n" }
        let application = Application(
            router: router, configuration: .init(address: .hostname("::", port: port), serverName: nil),
            logger: Logger(label: "backend"))
        try await application.run()
    }
}

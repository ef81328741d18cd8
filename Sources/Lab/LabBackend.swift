import Hummingbird
import Logging

/// The page behind every Service of the lab: says which node served it.
package struct LabBackend: Sendable {
    let node: String
    let port: Int
    /// Whether the node has IPv6 at all.
    let hasIPv6: Bool

    package init(node: String, port: Int, hasIPv6: Bool) {
        (self.node, self.port, self.hasIPv6) = (node, port, hasIPv6)
    }

    /// Serves until cancelled; where there is IPv6, one socket for both families.
    package func run() async throws {
        let router = Router()
        let node = node
        // `**` is one component or more.
        for path: RouterPath in ["/", "**"] {
            router.get(path) { request, _ in "\(request.head.authority ?? "?") served by \(node)\n" }
        }
        let application = Application(
            router: router,
            configuration: .init(address: .hostname(hasIPv6 ? "::" : "0.0.0.0", port: port), serverName: nil),
            logger: Logger(label: "backend"))
        try await application.run()
    }
}

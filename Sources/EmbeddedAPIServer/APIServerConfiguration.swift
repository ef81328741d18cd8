package import Logging

/// How an ``EmbeddedAPIServer`` runs.
package struct APIServerConfiguration: Sendable {
    /// Address to listen on.
    package var host: String
    /// Port to listen on; 0 for any free one.
    package var port: Int
    /// Further names and addresses by which clients reach the server; they go into its certificate.
    package var advertisedHosts: [String] = []
    /// Where objects, keys and the kubeconfig are kept; `nil` keeps everything in memory.
    package var dataDirectory: String?
    /// Whether Role, ClusterRole and binding objects decide what a ServiceAccount may do. Otherwise every
    /// authenticated request is allowed.
    package var enforcesRBAC = false
    /// How often a quiet watch is told that it is alive. A real server takes a minute.
    package var bookmarkInterval: Duration = .seconds(60)
    /// Changes remembered per kind of object; a watch that falls further behind gets 410.
    package var historyLimit = 8192
    /// Cluster addresses of Services: one range, or one per family; the first is the default.
    package var serviceRanges = ["10.96.0.0/16", "fd00:10:96::/112"]
    package var logger: Logger

    package init(host: String = "127.0.0.1", port: Int = 0) {
        (self.host, self.port) = (host, port)
        logger = Logger(label: "api-server")
        logger.logLevel = .error
    }
}

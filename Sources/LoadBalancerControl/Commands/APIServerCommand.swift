import ArgumentParser
import EmbeddedAPIServer
import Foundation
import Logging
import NetworkAddresses
import ServiceLifecycle
import UnixSignals

/// `lbctl api-server`: a Kubernetes API server without a cluster, for trying out and for the lab.
struct APIServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api-server",
        abstract: "Serves the Kubernetes API for the objects that Herald uses, until SIGTERM.",
        discussion: """
            HTTPS with a certificate authority of its own. The data directory keeps the objects, the keys, and a \
            kubeconfig for kubectl: `export KUBECONFIG=DIR/kubeconfig`.
            """)

    @Option(help: "Address and port to listen on; port 0 takes any free one.")
    var listen = "127.0.0.1:6443"
    @Option(help: "Folder for objects, keys and the kubeconfig; made when it is missing.", completion: .directory)
    var dataDir: String
    @Option(help: "A further name or address by which clients reach the server; may be repeated.")
    var advertise: [String] = []
    @Flag(inversion: .prefixedNo, help: "Let Role and ClusterRole objects decide what ServiceAccounts may do.")
    var rbac = true
    @Option(help: "Seconds between the signs of life on a quiet watch.")
    var bookmarkInterval = 60

    private static func endpoint(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host.isEmpty { host = "0.0.0.0" }
        return IPAddress(host) != nil || host == "localhost" ? (host, port) : nil
    }

    func validate() throws {
        guard Self.endpoint(listen) != nil else {
            throw ValidationError("--listen must be ADDRESS:PORT, such as 127.0.0.1:6443; got \"\(listen)\"")
        }
        guard bookmarkInterval > 0 else { throw ValidationError("--bookmark-interval must be 1 or more") }
    }

    func run() async throws {
        guard let endpoint = Self.endpoint(listen) else { return }
        var configuration = APIServerConfiguration(host: endpoint.host, port: endpoint.port)
        configuration.advertisedHosts = advertise
        configuration.dataDirectory = dataDir
        configuration.enforcesRBAC = rbac
        configuration.bookmarkInterval = .seconds(bookmarkInterval)
        let server: EmbeddedAPIServer
        do {
            server = try EmbeddedAPIServer(configuration)
        } catch {
            throw Complaint("cannot use the data directory \(dataDir): \(error.localizedDescription)")
        }
        var logger = Logger(label: "lbctl")
        logger.logLevel = .critical
        let path = "\(dataDir)/kubeconfig"
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [server, Announcement(server: server, kubeconfig: path)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch {
            throw Complaint("cannot serve on \(listen): \(error); choose another address with --listen")
        }
    }

    /// Writes the kubeconfig once the server answers, and says where.
    private struct Announcement: ServiceLifecycle.Service {
        let server: EmbeddedAPIServer
        let kubeconfig: String

        func run() async throws {
            do {
                try await server.untilListening()
                try server.writeKubeconfig(kubeconfig)
                Console.line("serving \(server.url); export KUBECONFIG=\(kubeconfig)")
            } catch is CancellationError {
                return
            }
            try? await gracefulShutdown()
        }
    }
}

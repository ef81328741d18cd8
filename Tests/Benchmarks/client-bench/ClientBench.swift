import Foundation
import KubernetesClient

/// `client-bench serve DIRECTORY COUNT`: an API server with COUNT Services of 2 kB, and a source of watch events.
/// `client-bench idle|list|burst|outage TRANSPORT SECONDS`: one measurement of a client of it; `scripts/bench-client` runs all.
///
/// Client and server are processes of their own, so that what is measured is the client alone.
@main
enum ClientBench {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let command = arguments.first else { throw Usage() }
        if command == "serve", arguments.count == 3, let count = Int(arguments[2]) {
            return try await BenchServer.run(directory: arguments[1], count: count)
        }
        guard arguments.count == 4, let kind = TransportSelection.Kind(rawValue: arguments[1]),
            let seconds = Int(arguments[3])
        else { throw Usage() }
        let bench = try Measurement(kind: kind, directory: arguments[2], seconds: seconds)
        switch command {
        case "idle": try await bench.idle()
        case "list": try await bench.list()
        case "burst": try await bench.burst()
        case "outage": try await bench.outage()
        default: throw Usage()
        }
        await bench.client.shutdown()
    }

    struct Usage: Error, CustomStringConvertible {
        let description = """
            usage: client-bench serve DIRECTORY COUNT
                   client-bench idle|list|burst|outage urlsession|async-http-client DIRECTORY SECONDS
            """
    }
}

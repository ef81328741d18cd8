import ArgumentParser
import Foundation
import Lab

/// What the lab runs on its machines, so that nothing else need be installed. Not for people.
struct LabToolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab-tool", abstract: "Parts of the lab.", shouldDisplay: false,
        subcommands: [Backend.self, Fetch.self, Watch.self, Sync.self])

    struct Backend: AsyncParsableCommand {
        @Argument var node: String
        @Option var port = 80
        @Flag(inversion: .prefixedNo) var ipv6 = true

        func run() async throws { try await LabBackend(node: node, port: port, hasIPv6: ipv6).run() }
    }

    struct Fetch: AsyncParsableCommand {
        @Argument var host: String
        @Option var address: String?

        func run() async throws {
            Console.write(try await LabProber(host: host, address: address, patience: .seconds(2)).fetch())
        }
    }

    struct Watch: AsyncParsableCommand {
        @Argument var host: String
        @Option var address: String?
        @Option var seconds = 20
        /// A file that is made when the first page has come.
        @Option var begun: String?

        func run() async throws {
            let report = await LabProber(host: host, address: address).watch(for: .seconds(seconds)) {
                if let begun { _ = FileManager.default.createFile(atPath: begun, contents: nil) }
            }
            Console.write(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
        }
    }

    /// Syncs a file over and over, so that a test can kill it in the middle.
    struct Sync: AsyncParsableCommand {
        @Argument var file: String

        func run() async throws {
            let file = HostsFile(path: file)
            for round in 0..<1_000_000 {
                _ = try file.sync((0..<(round % 2 == 0 ? 2000 : 1000)).map { "192.168.57.200 host\($0).cluster.home" })
                if round == 0 { Console.line("syncing") }
            }
        }
    }
}

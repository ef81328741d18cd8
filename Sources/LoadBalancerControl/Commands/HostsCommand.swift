import ArgumentParser
import Foundation
import KubernetesClient
import KubernetesModel
import Lab

/// `lbctl hosts`: names for the load balancer IPs, for a resolver that is no part of the cluster.
struct HostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts", abstract: "Prints hostnames and their addresses, or keeps them in a file.",
        discussion: """
            Names come from Ingress rules, from the annotations lb.cluster.home/hostnames and \
            external-dns.alpha.kubernetes.io/hostname, and from HTTPRoutes where the Gateway API is installed. For \
            dnsmasq, sync its hosts file: it reads that again on SIGHUP (`--reload 'pkill -HUP dnsmasq'`).
            """)

    @Option(help: "hosts, dnsmasq or json.")
    var format = HostTable.Format.hosts
    @Option(help: "Write names of this domain without it as well.")
    var domain: String?
    @Option(help: "Keep one marked block of this file up to date, and nothing else in it.")
    var sync: String?
    @Flag(help: "Go on until interrupted: print or sync again after every change.")
    var watch = false
    @Option(help: "Run this shell command after the file has changed.")
    var reload: String?
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        if reload != nil, sync == nil { throw ValidationError("--reload needs --sync FILE") }
        if sync != nil, format == .json { throw ValidationError("--sync takes --format hosts or dnsmasq") }
    }

    func run() async throws {
        try await cluster.withReader { reader in
            try await put(HostTable(try await reader.hostObjects()))
            guard watch else { return }
            try await HostsFollower(reader).follow { table in
                do {
                    try await put(table)
                    return true
                } catch {
                    Console.complain("\(error); trying again")
                    return false
                }
            }
        }
    }

    func put(_ table: HostTable) async throws {
        for line in table.skipped { Console.complain("left out: \(line)") }
        if format == .hosts, !table.wildcards.isEmpty {
            Console.complain(
                "left out: \(table.wildcards.joined(separator: ", ")), which a hosts file cannot say; use --format dnsmasq"
            )
        }
        let lines = table.lines(format, domain: domain)
        guard let sync else {
            if !lines.isEmpty { Console.line(lines.joined(separator: "\n")) }
            return
        }
        let file = HostsFile(path: sync)
        guard try file.sync(lines) else { return }
        Console.line("\(file.path): \(table.entries.count) names")
        guard let reload else { return }
        let result = try await Program(["sh", "-c", reload]).run()
        guard result.isSuccess else {
            let output = result.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let text = "`\(reload)` ended with status \(result.status)\(output.isEmpty ? "" : ": \(output)")"
            // The file is right; the resolver may be restarting, and reads it then.
            guard watch else { throw Complaint(text) }
            Console.complain("warning: \(text)")
            return
        }
    }
}

import ArgumentParser

/// `lbctl hosts`: names for the load balancer IPs, for a resolver that is no part of the cluster.
struct HostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts", abstract: "Prints hostnames and their addresses, or keeps them in a file.",
        discussion: """
            Names come from Ingress rules, from the annotations lb.cluster.home/hostnames and \
            external-dns.alpha.kubernetes.io/hostname, and from HTTPRoutes where the Gateway API is installed. For \
            dnsmasq, sync its hosts file: it reads that again on SIGHUP (`--reload 'pkill -HUP dnsmasq'`).

            Whoever may write such an object chooses its names, so not every name is taken: none that is dotless, an \
            address or localhost, and only those in the domains of --domain-filter.
            """)

    @Option(help: "hosts, dnsmasq or json.")
    var format = HostTable.Format.hosts
    @Option(help: "Write names of this domain without it as well.", transform: Self.domain)
    var domain: String?
    @Option(
        help: ArgumentHelp(
            "Take only names in this domain; may be repeated. Default: the one of --domain, else \(NameFilter.privateUse.joined(separator: ", ")).",
            valueName: "domain"),
        transform: Self.domain)
    var domainFilter: [String] = []
    @Option(help: "Keep one marked block of this file up to date, and nothing else in it.", completion: .file())
    var sync: String?
    @Flag(help: "Go on until interrupted: print or sync again after every change.")
    var watch = false
    @Option(
        help:
            "Run this shell command after the file has changed; with --watch also at the start, and again until it succeeds."
    )
    var reload: String?
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        if reload != nil, sync == nil { throw ValidationError("--reload needs --sync FILE") }
        if sync != nil, format == .json { throw ValidationError("--sync takes --format hosts or dnsmasq") }
    }

    func run() async throws {
        try await cluster.withReader { reader in
            let isChanged = try put(table(try await reader.hostObjects()))
            let reload = reload.map { ReloadCommand(command: $0) }
            guard watch else {
                if isChanged { try await reload?.run() }
                return
            }
            try await follow(HostsFollower(reader), reload)
        }
    }

    private static func domain(_ text: String) throws -> String {
        guard let domain = HostTable.canonical(text), !domain.hasPrefix("*") else {
            throw ValidationError("\"\(text)\" is no domain")
        }
        return domain
    }

    func table(_ objects: HostObjects) -> HostTable {
        let domains = domainFilter.isEmpty ? domain.map { [$0] } : domainFilter
        return HostTable(objects, filter: domains.map { NameFilter(domains: $0) } ?? NameFilter())
    }

    /// Goes on until cancelled. A slow or failing reload holds up no change of the file.
    private func follow(_ follower: HostsFollower, _ reload: ReloadCommand?) async throws {
        let (requests, request) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        // Also at the start: the file may have changed just before an earlier run ended.
        request.yield()
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let reload {
                group.addTask {
                    try await Reloader(
                        attempt: { try await reload.run() }, pause: { try await Task.sleep(for: $0) },
                        complain: Console.complain
                    ).run(requests)
                }
            }
            try await follower.follow(table) { table in
                do {
                    if try put(table) { request.yield() }
                    return true
                } catch {
                    Console.complain("\(error); trying again")
                    return false
                }
            }
            group.cancelAll()
        }
    }

    /// Prints the table, or puts it into the file.
    ///
    /// - Returns: whether the file changed.
    func put(_ table: HostTable) throws -> Bool {
        for line in table.skipped { Console.complain("left out: \(line)") }
        if format == .hosts, !table.wildcards.isEmpty {
            Console.complain(
                "left out: \(table.wildcards.joined(separator: ", ")), which a hosts file cannot say; use --format dnsmasq"
            )
        }
        let lines = table.lines(format, domain: domain)
        guard let sync else {
            Console.lines(lines)
            return false
        }
        let file = HostsFile(path: sync)
        guard try file.sync(lines) else { return false }
        Console.line("\(file.path): \(table.entries.count) names")
        return true
    }
}

import ArgumentParser
import KubernetesClient
import KubernetesModel
import Netlink
import NetworkAddresses
import Reconciliation

/// `lbctl check`: reads, never writes.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Looks for what will hurt, in the cluster and on this host.",
        discussion: """
            Ends with status 0 when there is nothing but notes, 1 with warnings, 2 with errors. With --wire it also \
            asks the LANs of this host who answers for each announced address, which needs root or CAP_NET_RAW, and \
            compares that with who is recorded to announce it. Pools are compared \
            with the ranges of the DHCP server on this host (dnsmasq, ISC dhcpd, Kea), and with those of --dhcp-range \
            and --dhcp-config.
            """)

    @Flag(help: "Leave this host out: it is no node.")
    var noHost = false
    @Flag(help: "Probe every announced address on the LAN.")
    var wire = false
    @Option(help: "Addresses that a DHCP server gives to hosts, FIRST-LAST or a CIDR; may be repeated.")
    var dhcpRange: [String] = []
    @Option(
        help: "A DHCP server's configuration, or dnsmasq's leases, copied from another host; may be repeated.",
        completion: .file())
    var dhcpConfig: [String] = []
    @Option(help: "The controllers' Lease: their --leader-elect-resource-name.")
    var controllerLease = HeraldObjects.controllerLease
    @Option(name: [.customShort("o"), .customLong("output")], help: "table, json or yaml.")
    var format = OutputOptions.Format.table
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let dhcp = try dhcpRanges()
        var (snapshot, surroundings, clock) = try await cluster.withReader { reader in
            (try await reader.snapshot(), await reader.surroundings(), await reader.clock())
        }
        surroundings.dhcp = dhcp
        surroundings.controllerLease = controllerLease
        var findings = ClusterCheck(snapshot: snapshot, surroundings: surroundings, now: clock.now).findings
        if !noHost { findings += try HostCheck.here(snapshot).findings }
        if wire { findings += try await Self.wire(snapshot) }
        findings.sort()
        if format.isDocument {
            Console.text(OutputOptions.text(["items": .array(findings.map(\.object))], format))
        } else {
            Console.lines(findings.map(\.line))
            if findings.isEmpty { Console.line("nothing found") }
        }
        switch findings.map(\.severity).min() {
        case .error: throw ExitCode(2)
        case .warning: throw ExitCode(1)
        case .note, nil: return
        }
    }

    func dhcpRanges() throws -> DHCPRanges {
        var ranges = noHost ? DHCPRanges() : .here()
        for text in dhcpRange {
            do { ranges.add(try IPRange(parsing: text), from: "--dhcp-range") } catch {
                throw ValidationError("--dhcp-range \"\(text)\" \(error.reason)")
            }
        }
        for file in dhcpConfig {
            guard let text = try InputFile.text(file) else {
                throw Complaint("\(file) is no text in UTF-8; name a DHCP server's configuration")
            }
            var found = DHCPRanges()
            found.add(text, from: file)
            guard !found.ranges.isEmpty else {
                throw Complaint("\(file) names no DHCP range; say it with --dhcp-range FIRST-LAST")
            }
            ranges.add(found)
        }
        return ranges
    }

    /// Asks the LANs that this host is in for every announced address.
    private static func wire(_ snapshot: ClusterSnapshot) async throws -> [Finding] {
        let (check, state) = (WireCheck(snapshot), try LinkMonitor.snapshot())
        var findings: [Finding] = []
        var elsewhere: [IPAddress] = []
        for address in check.addresses {
            guard let interface = AddressProbe.link(of: address, in: state) else {
                elsewhere.append(address)
                continue
            }
            let probe = try AddressProbe(address, interface: interface.name)
            let answers = Set(try await probe.run().keys)
            let link = WireCheck.Link(name: interface.name, hardwareAddress: probe.hardwareAddress)
            findings += [check.finding(address, answers, on: link)].compactMap { $0 }
        }
        return findings + [WireCheck.note(elsewhere)].compactMap { $0 }
    }
}

extension ClusterReader {
    /// What else matters; what may not be read is left out.
    func surroundings() async -> ClusterCheck.Surroundings {
        var result = ClusterCheck.Surroundings()
        result.heraldNamespace = heraldNamespace
        result.serverVersion = (try? await client.raw(.get, "/version")).flatMap(ServerVersion.init)
        let proxy = try? await client.raw(.get, "/api/v1/namespaces/kube-system/configmaps/kube-proxy")
        result.kubeProxy = proxy?["data"]?["config.conf"]?.string
        let pools = try? await client.raw(.get, "/apis/metallb.io/v1beta1/ipaddresspools")
        result.metalLBPools = pools?["items"]?.array?.count
        return result
    }
}

import ArgumentParser
import Foundation
import KubernetesClient
import KubernetesModel
import NetworkAddresses
import Testing

@testable import LoadBalancerControl

@Suite("hosts")
struct HostsTests {
    static func table() -> HostTable {
        var objects = HostObjects()
        objects.services = [
            Service(
                metadata: ObjectMeta(
                    name: "grafana", namespace: "default",
                    annotations: [
                        "lb.cluster.home/hostnames": "Grafana.cluster.home, bad_label-.cluster.home",
                        "external-dns.alpha.kubernetes.io/hostname": "prometheus.cluster.home",
                    ]), spec: Service.Spec(type: "LoadBalancer"),
                status: Service.Status(
                    loadBalancer: Service.LoadBalancer(ingress: [
                        Service.Ingress(ip: "192.168.57.200"), Service.Ingress(ip: "fd00::200"),
                    ])))
        ]
        objects.ingresses = [
            Ingress(
                metadata: ObjectMeta(name: "sites", namespace: "web"),
                spec: Ingress.Spec(rules: [
                    Ingress.Rule(host: "*.apps.cluster.home"), Ingress.Rule(host: "wiki.other.org"),
                ]),
                status: Service.Status(
                    loadBalancer: Service.LoadBalancer(ingress: [Service.Ingress(ip: "192.168.57.201")]))),
            Ingress(
                metadata: ObjectMeta(name: "later", namespace: "web"),
                spec: Ingress.Spec(rules: [Ingress.Rule(host: "later.cluster.home")])),
        ]
        objects.routes = [
            HostObjects.Route([
                "metadata": ["namespace": "web", "name": "route"],
                "spec": [
                    "hostnames": ["gw.cluster.home"], "parentRefs": [["name": "gate", "namespace": "infra"]],
                ], "status": ["parents": [parent(accepted: "True")]],
            ])
        ]
        objects.addGateway([
            "metadata": ["namespace": "infra", "name": "gate"],
            "status": ["addresses": [["type": "IPAddress", "value": "192.168.57.202"]]],
        ])
        return HostTable(objects, filter: NameFilter(domains: ["cluster.home", "other.org"]))
    }

    /// What a gateway controller writes to a route's status.
    static func parent(accepted: String, reason: String = "Accepted") -> JSONValue {
        [
            "parentRef": ["name": "gate", "namespace": "infra", "sectionName": "web"], "controllerName": "x.org/y",
            "conditions": [
                ["type": "ResolvedRefs", "status": "True"],
                ["type": "Accepted", "status": .string(accepted), "reason": .string(reason)],
            ],
        ]
    }

    /// The lines of `lbctl hosts OPTIONS` for a Service with these names, and what is left out of them.
    static func listed(_ names: String, _ options: [String]) throws -> (lines: [String], skipped: [String]) {
        var objects = HostObjects()
        objects.services = [
            Service(
                metadata: ObjectMeta(name: "s", namespace: "a", annotations: ["lb.cluster.home/hostnames": names]),
                spec: Service.Spec(type: "LoadBalancer"),
                status: Service.Status(loadBalancer: Service.LoadBalancer(ingress: [Service.Ingress(ip: "10.0.0.1")])))
        ]
        let command = try HostsCommand.parse(options)
        let table = command.table(objects)
        return (table.lines(.dnsmasq, domain: command.domain), table.skipped)
    }

    @Test(
        "no object has a name that is every machine's own, an address, without a domain, or outside of the domains",
        arguments: [
            ("localhost", [], "is every machine's name for itself"),
            ("LocalHost.", [], "is every machine's name for itself"),
            ("a.localhost", [], "is every machine's name for itself"),
            ("*.localhost", ["--domain-filter", "localhost"], "is every machine's name for itself"),
            ("192.168.57.1", [], "is an address, no name"), ("1.2", [], "is an address, no name"),
            ("gateway", [], "has no domain"), ("*.home", [], "has no domain"),
            ("home", ["--domain-filter", "home"], "has no domain"),
            ("login.example.com", [], "is not in corp, home, home.arpa, internal, intranet, lan, private; say with"),
            ("a.other.home", ["--domain", "cluster.home"], "is not in cluster.home; say with --domain-filter"),
            ("a.home", ["--domain-filter", "b.home", "--domain-filter", "lan"], "is not in b.home, lan"),
            ("evilcluster.home", ["--domain-filter", "cluster.home"], "is not in cluster.home"),
            ("a.cluster.home", ["--domain", "cluster.home", "--domain-filter", "lan"], "is not in lan"),
        ] as [(String, [String], String)])
    func refusedNames(_ name: String, _ options: [String], _ reason: String) throws {
        let (lines, skipped) = try Self.listed(name, options)
        #expect(lines.isEmpty, "\(lines)")
        #expect(skipped.count == 1 && skipped[0].hasPrefix("Service a/s: ") && skipped[0].contains(reason))
    }

    @Test(
        "names in a domain of the filter are listed",
        arguments: [
            ("grafana.cluster.home", []), ("a.b.Cluster.Home", ["--domain-filter", "CLUSTER.home."]),
            ("wiki.example.com", ["--domain-filter", "lan", "--domain-filter", "example.com"]),
            ("*.cluster.home", ["--domain-filter", "cluster.home"]),
        ] as [(String, [String])])
    func acceptedNames(_ name: String, _ options: [String]) throws {
        let (lines, skipped) = try Self.listed(name, options)
        #expect(lines.count == 1 && skipped.isEmpty, "\(lines) \(skipped)")
    }

    @Test(
        "a short name is one label that is no machine's own and no address",
        arguments: [
            ("grafana.cluster.home", "grafana"), ("localhost.cluster.home", nil),
            ("login.example.com.cluster.home", nil),
            ("10.cluster.home", nil), ("192.168.57.1.cluster.home", nil), ("cluster.home", nil),
        ] as [(String, String?)])
    func shortNames(_ name: String, _ short: String?) throws {
        let (lines, _) = try Self.listed(name, ["--domain", "cluster.home"])
        #expect(lines == ["host-record=\(([name] + [short].compactMap { $0 }).joined(separator: ",")),10.0.0.1"])
    }

    @Test("a domain that is none is refused")
    func badDomain() {
        #expect(throws: (any Error).self) { try HostsCommand.parse(["--domain-filter", "a b"]) }
        #expect(throws: (any Error).self) { try HostsCommand.parse(["--domain", "*.home"]) }
    }

    @Test(
        "an HTTPRoute has the addresses of a Gateway that has accepted it, and of no other",
        arguments: [
            ([parent(accepted: "True")], nil),
            ([parent(accepted: "False", reason: "NotAllowedByListeners"), parent(accepted: "True")], nil),
            ([parent(accepted: "False", reason: "NotAllowedByListeners")], " (NotAllowedByListeners)"),
            ([parent(accepted: "Unknown", reason: "Pending")], " (Pending)"), ([], ""),
        ] as [([JSONValue], String?)])
    func acceptance(_ parents: [JSONValue], _ refusal: String?) {
        var objects = HostObjects()
        objects.routes = [
            HostObjects.Route([
                "metadata": ["namespace": "web", "name": "route"],
                "spec": [
                    "hostnames": ["gw.cluster.home"],
                    "parentRefs": [
                        ["name": "gate", "namespace": "infra", "sectionName": "web"],
                        ["name": "gate", "namespace": "infra", "sectionName": "tls"],
                    ],
                ], "status": ["parents": .array(parents)],
            ])
        ]
        objects.addGateway([
            "metadata": ["namespace": "infra", "name": "gate"], "status": ["addresses": [["value": "10.0.0.1"]]],
        ])
        let table = HostTable(objects)
        #expect(table.entries.isEmpty == (refusal != nil))
        #expect(
            table.skipped
                == (refusal.map { ["HTTPRoute web/route: Gateway infra/gate has not accepted it\($0)"] } ?? []))
    }

    @Test(
        "what was read once and cannot be read any more stays, and is told; what never could be read is told if forbidden"
    )
    func unread() throws {
        let route = HostObjects.Route(["spec": ["hostnames": ["a.home"], "parentRefs": [["name": "gate"]]]])
        let gone = APIError(code: .status(404), message: "gone")
        let forbidden = APIError(code: .status(403), message: "forbidden")
        var first = HostObjects()
        first.routes = [route]
        _ = first.take("httproutes", .success([]))
        _ = first.take("gateways", .success([]))
        first.gateways = [ObjectKey(name: "gate"): []]
        for error in [gone, forbidden] {
            var second = HostObjects()
            _ = second.take("httproutes", .failure(error))
            #expect(second.keep(first) == error)
            #expect(second.routes.count == 1 && second.gateways.count == 1 && second.forbidden.isEmpty)
            var third = HostObjects()
            third.routes = [route, route]
            _ = third.take("httproutes", .success([]))
            _ = third.take("gateways", .failure(error))
            #expect(third.keep(second) == error)
            #expect(third.routes.count == 2 && third.gateways.count == 1)
        }
        var never = HostObjects()
        _ = never.take("httproutes", .failure(gone))
        #expect(never.keep(HostObjects()) == nil && never.forbidden.isEmpty)
        _ = never.take("httproutes", .failure(forbidden))
        #expect(HostTable(never).skipped == ["forbidden (403)"])
    }

    @Test("names come from annotations, Ingress rules and HTTPRoutes")
    func sources() {
        let table = Self.table()
        #expect(
            table.lines(.hosts, domain: "cluster.home") == [
                "192.168.57.200 grafana.cluster.home grafana prometheus.cluster.home prometheus",
                "192.168.57.201 wiki.other.org", "192.168.57.202 gw.cluster.home gw",
                "fd00::200 grafana.cluster.home grafana prometheus.cluster.home prometheus",
            ])
        #expect(table.wildcards == ["*.apps.cluster.home"])
        #expect(
            table.skipped == [
                "Service default/grafana: \"bad_label-.cluster.home\" is no hostname",
                "Ingress web/later: later.cluster.home has no address yet",
            ])
    }

    @Test("a name of two objects has the addresses of both in dnsmasq's notation, a line for each further one")
    func twoObjects() {
        var objects = HostObjects()
        objects.services = [("a", ["10.0.0.2", "fd00::2"]), ("b", ["10.0.0.1"]), ("c", ["10.0.0.3"])].map {
            name, addresses in
            Service(
                metadata: ObjectMeta(name: name, namespace: "x", annotations: ["lb.cluster.home/hostnames": "n.lan"]),
                spec: Service.Spec(type: "LoadBalancer"),
                status: Service.Status(
                    loadBalancer: Service.LoadBalancer(ingress: addresses.map { Service.Ingress(ip: $0) })))
        }
        #expect(
            HostTable(objects).lines(.dnsmasq, domain: "lan") == [
                "host-record=n.lan,n,10.0.0.1,fd00::2", "host-record=n.lan,n,10.0.0.2", "host-record=n.lan,n,10.0.0.3",
            ])
    }

    @Test("dnsmasq's notation has both families in one record, and wildcards")
    func dnsmasq() {
        #expect(
            Self.table().lines(.dnsmasq) == [
                "address=/apps.cluster.home/192.168.57.201",
                "host-record=grafana.cluster.home,192.168.57.200,fd00::200",
                "host-record=gw.cluster.home,192.168.57.202",
                "host-record=prometheus.cluster.home,192.168.57.200,fd00::200",
                "host-record=wiki.other.org,192.168.57.201",
            ])
    }

    @Test(
        "a name that could harm a hosts file is refused",
        arguments: [
            "", "a b", "a\nb", "#x", "a..b", "-a", "a-", "*", "*.", "ä.home", "a/b", String(repeating: "a", count: 64),
        ])
    func badNames(_ name: String) { #expect(HostTable.canonical(name) == nil) }

    @Test("a file is changed once, and is then as it should be")
    func put() throws {
        try Scratch.with { folder in
            try "".write(toFile: "\(folder)/hosts", atomically: true, encoding: .utf8)
            let command = try HostsCommand.parse(["--sync", "\(folder)/hosts"])
            #expect(try command.put(Self.table()))
            let text = try String(contentsOfFile: "\(folder)/hosts", encoding: .utf8)
            #expect(text.contains("192.168.57.200 grafana.cluster.home"))
            #expect(try command.put(Self.table()) == false)
        }
    }

    static let block = Array("\(HostsBlock.begin)\n1.2.3.4 a\n\(HostsBlock.end)\n".utf8)

    @Test(
        "the block is added at the end, and replaced where it is; all else stays",
        arguments: [
            ([], []), (Array("127.0.0.1 localhost\n".utf8), []), (Array("a\r\nb\r\n".utf8), Array("c".utf8)),
            ([0xFF, 0xFE, 10], [0, 10]), (Array("\n\n".utf8), Array("\n# END of file".utf8)),
        ] as [([UInt8], [UInt8])])
    func block(_ before: [UInt8], _ after: [UInt8]) throws {
        let first = try HostsBlock.put(["9.9.9.9 old"], into: before)
        #expect(Array(first.prefix(before.count)) == before)
        let whole = first + after
        #expect(try HostsBlock.put(["1.2.3.4 a"], into: whole) == before + Self.block + after)
    }

    @Test("a file without a last line feed gets one before the block")
    func unterminated() throws {
        #expect(try HostsBlock.put(["1.2.3.4 a"], into: Array("x".utf8)) == Array("x\n".utf8) + Self.block)
    }

    @Test(
        "a damaged block is left alone",
        arguments: [
            (HostsBlock.begin + "\n", HostsBlock.Damage.beginWithoutEnd), (HostsBlock.end, .endWithoutBegin),
            ("\(HostsBlock.end)\n\(HostsBlock.begin)\n", .endWithoutBegin),
            ("\(HostsBlock.begin)\n\(HostsBlock.begin)\n\(HostsBlock.end)", .twoBlocks),
        ] as [(String, HostsBlock.Damage)])
    func damage(_ text: String, _ expected: HostsBlock.Damage) {
        #expect(throws: expected) { try HostsBlock.put([], into: Array(text.utf8)) }
    }

    @Test("mode and owner stay, links are followed, and an unchanged file is not touched")
    func file() throws {
        try Scratch.with { folder in
            let path = "\(folder)/hosts"
            try "127.0.0.1 localhost\n".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: path)
            let file = HostsFile(path: "\(folder)/link")
            // Where the file system has them.
            let extended = ["user.lbctl": Data("x".utf8)]
            try? FileManager.default.setAttributes([HostsFile.extendedAttributes: extended], ofItemAtPath: path)
            let before = try FileManager.default.attributesOfItem(atPath: path)[HostsFile.extendedAttributes]
            #expect(try file.sync(["1.2.3.4 a"]))
            let after = try FileManager.default.attributesOfItem(atPath: path)[HostsFile.extendedAttributes]
            #expect(after as? [String: Data] == before as? [String: Data])
            #expect(try file.sync(["1.2.3.4 a"]) == false)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o640)
            #expect(attributes[.type] as? FileAttributeType == .typeRegular)
            #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("127.0.0.1 localhost\n"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["hosts", "link"])
        }
    }
}

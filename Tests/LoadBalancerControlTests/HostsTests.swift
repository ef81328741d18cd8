import ArgumentParser
import Foundation
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
                ],
            ])
        ]
        objects.addGateway([
            "metadata": ["namespace": "infra", "name": "gate"],
            "status": ["addresses": [["type": "IPAddress", "value": "192.168.57.202"]]],
        ])
        return HostTable(objects)
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
            #expect(try file.sync(["1.2.3.4 a"]))
            #expect(try file.sync(["1.2.3.4 a"]) == false)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o640)
            #expect(attributes[.type] as? FileAttributeType == .typeRegular)
            #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("127.0.0.1 localhost\n"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["hosts", "link"])
        }
    }
}

import ArgumentParser
import Foundation
import NetworkAddresses
import Testing

@testable import LoadBalancerControl

@Suite("check: DHCP")
struct DHCPTests {
    @Test(
        "the ranges of dnsmasq, ISC dhcpd and Kea, and dnsmasq's leases",
        arguments: [
            ("dhcp-range=192.168.57.100,192.168.57.199,12h", ["192.168.57.100-192.168.57.199"]),
            (
                " dhcp-range = set:lan, 192.168.57.100, 192.168.57.199, 255.255.255.0, 12h # the house",
                [
                    "192.168.57.100-192.168.57.199"
                ]
            ),
            ("dhcp-range=fd00::1000,fd00::1fff,64,12h", ["fd00::1000-fd00::1fff"]),
            ("dhcp-range=::1000,::1fff,constructor:eth0,12h", []), ("dhcp-range=192.168.57.0,static", []),
            ("dhcp-range=192.168.57.0,proxy,255.255.255.0", []), ("#dhcp-range=192.168.57.100,192.168.57.199", []),
            ("dhcp-host=02:00:c0:a8:39:c8,192.168.57.200", []),
            (
                "subnet 192.168.57.0 netmask 255.255.255.0 {\n  range 192.168.57.100 192.168.57.199;\n  range 192.168.57.5;\n}",
                [
                    "192.168.57.100-192.168.57.199", "192.168.57.5-192.168.57.5",
                ]
            ),
            ("  range6 fd00::1000 fd00::1fff;", ["fd00::1000-fd00::1fff"]),
            (
                #"{ "pools": [ { "pool": "192.168.57.100 - 192.168.57.199" }, { "pool": "10.0.0.0/30" } ] }"#,
                [
                    "192.168.57.100-192.168.57.199", "10.0.0.0-10.0.0.3",
                ]
            ),
            ("1795000000 02:00:c0:a8:39:c8 192.168.57.200 laptop *", ["192.168.57.200-192.168.57.200"]),
            ("range dynamic-bootp 192.168.57.100 192.168.57.199;", ["192.168.57.100-192.168.57.199"]),
            ("range6 fd00::1000/126 temporary;", ["fd00::1000-fd00::1003"]),
            ("{ \"pool\":  # ours\n    \"192.168.57.100 - 192.168.57.199\" }", ["192.168.57.100-192.168.57.199"]),
            ("duid 00:01:00:01", []), ("range", []), ("range 1.2.3.4 fd00::1;", []),
        ] as [(String, [String])])
    func parse(_ text: String, _ ranges: [String]) {
        var found = DHCPRanges()
        found.add(text, from: "file")
        #expect(found.ranges.map(\.range.description) == ranges)
    }

    private static func findings(_ dhcp: DHCPRanges) throws -> [String] {
        let world = try World(World.pool)
        var surroundings = ClusterCheck.Surroundings()
        surroundings.dhcp = dhcp
        return ClusterCheck(snapshot: world.snapshot, surroundings: surroundings, now: World.now).findings
            .filter { $0.evidence.contains("DHCP") }.map(\.line)
    }

    @Test("a pool that overlaps a DHCP range is an error, told once with the addresses that both would give away")
    func overlap() throws {
        var dhcp = DHCPRanges()
        dhcp.add("dhcp-range=192.168.57.100,192.168.57.200", from: "/etc/dnsmasq.conf")
        dhcp.add("1795000000 02:00:c0:a8:39:c8 192.168.57.200 laptop *", from: "leases")
        dhcp.add("1795000000 02:00:c0:a8:39:c9 192.168.57.201 phone *", from: "leases")
        #expect(
            try Self.findings(dhcp)
                == [
                    "192.168.57.200, which a DHCP server gives to hosts (/etc/dnsmasq.conf)",
                    "192.168.57.201, which a DHCP server gives to hosts (leases)",
                ].map {
                    "error    IPAddressPool lan: contains \($0) → take it out of the pool or out of the DHCP server's range:"
                        + " two hosts would have one address"
                })
    }

    @Test("what is beside the pool is no finding; a lease inside an overlapping range is not told again")
    func beside() throws {
        var dhcp = DHCPRanges()
        dhcp.add("dhcp-range=192.168.57.100,192.168.57.199", from: "file")
        #expect(try Self.findings(dhcp).isEmpty)
        dhcp.add("dhcp-range=192.168.57.150,192.168.57.254", from: "file")
        dhcp.add("1795000000 02:00:c0:a8:39:c8 192.168.57.200 laptop *", from: "leases")
        #expect(try Self.findings(dhcp).map { $0.contains("192.168.57.200-192.168.57.201") } == [true])
    }

    @Test("--dhcp-range and --dhcp-config, and what is wrong with them")
    func options() throws {
        try Scratch.with { folder in
            try "dhcp-range=10.0.0.1,10.0.0.9\n".write(
                toFile: "\(folder)/dnsmasq.conf", atomically: true, encoding: .utf8)
            try "nothing\n".write(toFile: "\(folder)/empty", atomically: true, encoding: .utf8)
            func ranges(_ arguments: String...) throws -> [String] {
                try CheckCommand.parse(["--no-host"] + arguments).dhcpRanges().ranges.map { "\($0.range) \($0.source)" }
            }
            let file = "\(folder)/dnsmasq.conf"
            #expect(
                try ranges("--dhcp-range", "192.168.57.0/31", "--dhcp-config", file) == [
                    "192.168.57.0-192.168.57.1 --dhcp-range", "10.0.0.1-10.0.0.9 \(file)",
                ])
            #expect(throws: (any Error).self) { try ranges("--dhcp-range", "192.168.57.9-192.168.57.1") }
            #expect(throws: Complaint.self) { try ranges("--dhcp-config", "\(folder)/empty") }
            #expect(throws: Complaint.self) { try ranges("--dhcp-config", "\(folder)/none") }
        }
    }
}

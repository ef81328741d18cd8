import Netlink
import NetworkAddresses
import Testing

@testable import LoadBalancerControl

@Suite("check --wire")
struct WireCheckTests {
    static let address = IPAddress.v4(IPv4Address(192, 168, 57, 200))
    static func mac(_ number: UInt64) -> MACAddress { MACAddress(rawValue: 0x0200_0000_0000 + number) }

    /// n1 announces the address; n2 announces another one. This host's link has the MAC that a row says.
    static let records = World.join(
        """
        kind: ServiceL2Status
        metadata: {name: default.web, namespace: herald-system}
        status:
          serviceNamespace: default
          serviceName: web
          addresses: [{address: 192.168.57.200, interface: eth0, node: n1, hardwareAddress: "02:00:00:00:00:01"}]
        """,
        """
        kind: ServiceL2Status
        metadata: {name: default.api, namespace: herald-system}
        status:
          serviceNamespace: default
          serviceName: api
          addresses: [{address: 192.168.57.201, interface: eth0, node: n2, hardwareAddress: "02:00:00:00:00:02"}]
        """)

    struct Row: Sendable, CustomTestStringConvertible {
        let what: String
        let answers: Set<MACAddress>
        let host: MACAddress
        let severity: Finding.Severity?
        let says: String
        var testDescription: String { what }
    }

    static let rows = [
        Row(what: "the announcer answers", answers: [mac(1)], host: mac(9), severity: nil, says: ""),
        Row(
            what: "this host is the announcer, and does not hear itself", answers: [], host: mac(1), severity: nil,
            says: ""),
        Row(
            what: "nobody answers", answers: [], host: mac(9), severity: .error,
            says: "nobody answers for it on eth0; recorded: eth0 of n1 (02:00:00:00:00:01)"),
        Row(
            what: "a stranger answers alone", answers: [mac(7)], host: mac(9), severity: .error,
            says: "02:00:00:00:00:07 answers for it on eth0, and nobody is recorded to announce with that"),
        Row(
            what: "a stranger answers beside this host", answers: [mac(7)], host: mac(1), severity: .error,
            says: "2 machines answer for it on eth0: 02:00:00:00:00:01 (n1), 02:00:00:00:00:07; recorded: eth0 of n1"),
        Row(
            what: "another node answers beside the announcer", answers: [mac(1), mac(2)], host: mac(9),
            severity: .error, says: "2 machines answer for it on eth0: 02:00:00:00:00:01 (n1), 02:00:00:00:00:02 (n2)"),
        Row(
            what: "another speaker answers", answers: [mac(2)], host: mac(9), severity: .warning,
            says: "node n2 (02:00:00:00:00:02) answers"),
    ]

    @Test("answers are compared with the records, and this host answers for its own", arguments: rows)
    func finding(_ row: Row) throws {
        let check = WireCheck(try World(Self.records).snapshot)
        #expect(check.addresses.count == 2)
        let finding = check.finding(
            Self.address, row.answers, on: WireCheck.Link(name: "eth0", hardwareAddress: row.host))
        #expect(finding?.severity == row.severity)
        #expect(finding?.evidence.contains(row.says) ?? true, "\(finding?.line ?? "")")
    }

    @Test("two recorded machines on one LAN are one too many")
    func two() throws {
        let second = Self.records.replacing("192.168.57.201", with: "192.168.57.200")
        let check = WireCheck(try World(second).snapshot)
        let link = WireCheck.Link(name: "eth0", hardwareAddress: Self.mac(1))
        #expect(check.finding(Self.address, [Self.mac(2)], on: link)?.severity == .error)
        #expect(check.finding(Self.address, [], on: link) == nil)
    }

    @Test("an address is asked for on the link with its network, and on no other")
    func links() throws {
        var state = NetworkState()
        for (index, name) in [(Int32(2), "eth0"), (3, "eth1"), (4, "down")] {
            var interface = NetworkInterface(index: index, name: name)
            interface.hardwareAddress = Self.mac(UInt64(index))
            (interface.isUp, interface.hasCarrier, interface.isEthernet) = (true, name != "down", true)
            let network: IPv4Address =
                name == "down" ? IPv4Address(172, 16, 0, 1) : IPv4Address(192, 168, UInt8(index), 1)
            interface.addresses = [InterfaceAddress(address: .v4(network), prefixLength: 24)]
            state.interfaces[index] = interface
        }
        func link(_ address: IPv4Address) -> String? { AddressProbe.link(of: .v4(address), in: state)?.name }
        #expect(link(IPv4Address(192, 168, 3, 200)) == "eth1")
        #expect(link(IPv4Address(172, 16, 0, 9)) == nil)
        #expect(link(IPv4Address(10, 0, 0, 1)) == nil)
        #expect(WireCheck.note([])?.severity == nil)
        #expect(WireCheck.note([Self.address])?.severity == .note)
    }
}

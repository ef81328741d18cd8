import Foundation
import Netlink
import NetworkAddresses
import Testing

@Suite struct NetlinkMessageTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fuzzing/Corpus/netlink")

    private static func state(after names: String...) throws -> NetworkState {
        var state = NetworkState()
        try apply(names, to: &state)
        return state
    }

    private static func gateways(after names: String...) throws -> Set<Gateway> {
        var routes = DefaultRoutes()
        try apply(names, to: &routes)
        return routes.gateways
    }

    private static func apply(_ names: [String], to state: inout some NetlinkState) throws {
        for name in names {
            let datagram = Array(try Data(contentsOf: folder.appending(path: name)))
            NetlinkMessage.forEach(in: datagram.span) { state.apply($0) }
        }
    }

    @Test("an interface is read with its name, addresses, carrier and kind")
    func interface() throws {
        let state = try Self.state(after: "new-link", "new-address", "new-address6", "default-route")
        let interface = try #require(state.interfaces[2])
        #expect(interface.name == "eth0" && interface.kind == "veth" && interface.isUsable)
        #expect(interface.hardwareAddress == MACAddress(2, 0, 0, 0, 0, 0x1F))
        #expect(interface.maximumTransmissionUnit == 1500)
        #expect(
            interface.addresses == [
                InterfaceAddress(address: .v4(IPv4Address(192, 168, 57, 31)), prefixLength: 24),
                InterfaceAddress(address: .v6(.loopback), prefixLength: 64),
            ])
        let gateways = try Self.gateways(after: "new-link", "new-address", "new-address6", "default-route")
        #expect(gateways == [Gateway(interfaceIndex: 2, address: .v4(IPv4Address(192, 168, 57, 30)))])
    }

    @Test("a loss of IPv6 is remembered when it is over, once")
    func lossesOfIPv6() throws {
        var state = NetworkState()
        var link = NetworkInterface(index: 2, name: "eth0")
        func apply(_ message: NetlinkMessage) -> Int? {
            state.apply(message)
            state.apply(message)
            return state.interfaces[2]?.ipv6Losses
        }
        func setMTU(_ octets: Int) -> Int? {
            link.maximumTransmissionUnit = octets
            return apply(.link(link))
        }
        let addresses = (1...2 as ClosedRange<UInt64>).map {
            InterfaceAddress(address: .v6(IPv6Address(high: 0xFE80_0000_0000_0000, low: $0)), prefixLength: 64)
        }
        let other = InterfaceAddress(address: .v4(IPv4Address(192, 168, 57, 31)), prefixLength: 24)
        #expect([1500, 1280, 1279, 1500, 68].map { setMTU($0) } == [0, 0, 1, 1, 2])
        #expect(([other] + addresses).map { apply(.address(index: 2, $0)) } == [2, 2, 2])
        #expect([addresses[0], other, addresses[1]].map { apply(.addressGone(index: 2, $0)) } == [2, 2, 3])
        // All in one read, as after a pause: what there is is as before, but for the groups.
        #expect(setMTU(1500) == 3)
        #expect(apply(.address(index: 2, addresses[0])) == 3)
        let before = try #require(state.interfaces[2])
        #expect(!before.hasIPv6Again(since: before))
        _ = (apply(.addressGone(index: 2, addresses[0])), setMTU(1200), setMTU(1500))
        #expect(state.interfaces[2]?.hasIPv6Again(since: before) == false, "not before it has an address")
        _ = apply(.address(index: 2, addresses[0]))
        #expect(state.interfaces[2]?.hasIPv6Again(since: before) == true)
    }

    @Test("a deleted interface takes its gateway along")
    func deleted() throws {
        #expect(try Self.state(after: "new-link", "default-route", "del-link") == NetworkState())
        #expect(try Self.gateways(after: "new-link", "default-route", "del-link") == [])
    }

    @Test("all next hops of a default route are read, also an IPv6 router of IPv4")
    func nextHops() throws {
        let gateways = try Self.gateways(after: "new-link", "multipath-route", "route-via6")
        let routers: [Gateway] = [
            Gateway(interfaceIndex: 2, address: .v4(IPv4Address(192, 168, 57, 30))),
            Gateway(interfaceIndex: 3, address: .v4(IPv4Address(10, 1, 1, 2))),
            Gateway(interfaceIndex: 2, address: .v6(IPv6Address(high: 0xFE80_0000_0000_0000, low: 1))),
        ]
        #expect(gateways == Set(routers))
    }

    @Test("an interrupted dump is repeated until a whole one came, five times at most, and keeps what any of them told")
    func interrupted() throws {
        func row(_ name: String, isInterrupted: Bool) throws -> [UInt8] {
            var bytes = Array(try Data(contentsOf: Self.folder.appending(path: name)))
            // NLM_F_DUMP_INTR
            if isInterrupted { bytes[6] |= 0x10 }
            return bytes
        }
        let whole = try Self.state(after: "new-link", "new-address", "default-route")
        let answers = [
            ["new-link", "default-route", "done"], ["new-link", "new-address", "done"],
            ["new-link", "new-address", "default-route", "done"],
        ]
        for (interruptions, expected) in [(0, 1), (1, 2), (2, 3), (9, 5)] {
            var state = NetworkState()
            var asked = 0
            try NetlinkDump.read(into: &state) { (dump) throws(NetlinkError) in
                let names = answers[min(asked, interruptions, answers.count - 1)]
                for name in interruptions == 0 ? answers[2] : names {
                    // In the middle, as the kernel does.
                    let isLast = name == "done"
                    guard let bytes = try? row(name, isInterrupted: asked < interruptions && !isLast) else { return }
                    dump.take(bytes.span)
                }
                #expect(dump.isDone)
                asked += 1
            }
            #expect(asked == expected)
            #expect(state == whole, "\(interruptions) interruptions")
        }
    }

    @Test("an interface that leaves a bridge is not gone, though the bridge says that its port is")
    func bridgePort() throws {
        #expect(try Self.state(after: "new-link", "bridge-port").interfaces[2] != nil)
    }

    @Test("a wireless event, which has the interface's name and index only, leaves the interface as it is")
    func wirelessEvent() throws {
        // RTM_NEWLINK for index 2 with IFLA_IFNAME "wlan0" and IFLA_WIRELESS: an association (SIOCGIWAP).
        let event: [UInt8] = [
            0x48, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0,
            0x0A, 0, 3, 0, 0x77, 0x6C, 0x61, 0x6E, 0x30, 0, 0, 0, 0x1C, 0, 0x0B, 0, 0x18, 0, 0x15, 0x8B, 0, 0, 0, 0,
            1, 0, 2, 0, 0, 0, 0, 0xAA, 0, 0, 0, 0, 0, 0, 0, 0,
        ]
        #expect(try Array(Data(contentsOf: Self.folder.appending(path: "wireless-event"))) == event)
        var messages: [NetlinkMessage] = []
        NetlinkMessage.forEach(in: event.span) { messages.append($0) }
        #expect(messages == [.ignored])
        let before = try Self.state(after: "new-link", "new-address", "default-route")
        #expect(before.interfaces[2]?.isUsable == true)
        #expect(try Self.state(after: "new-link", "new-address", "default-route", "wireless-event") == before)
        #expect(try Self.state(after: "wireless-event") == NetworkState(), "no interface is made of it")
    }

    @Test("a repeated interface message keeps the addresses")
    func repeated() throws {
        #expect(try Self.state(after: "new-link", "new-address", "new-link").interfaces[2]?.addresses.count == 1)
    }

    @Test("no row of the corpus traps, and the second time it changes nothing more")
    func corpus() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted() {
            #expect(try Self.state(after: name) == Self.state(after: name, name), "\(name)")
            #expect(try Self.gateways(after: name) == Self.gateways(after: name, name), "\(name)")
        }
    }
}

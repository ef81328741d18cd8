import ChildProcess
import Foundation
import Netlink
import NetworkAddresses
import PacketSocket
import SpeakerDaemon
import Testing
import Wire

@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(2)))
struct LinkMonitorTests {
    @Test("interfaces, addresses, gateways and names are told as they change; a bridge's port is not mistaken for gone")
    func changes() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        func interface(_ name: String) -> NetworkInterface? {
            harness.network?.interfaces.values.first { $0.name == name }
        }
        try await harness.run {
            try await harness.wait(for: "eth0") { interface("eth0")?.isUsable == true }
            #expect(interface("eth0")?.hardwareAddress == Segment.nodeHardware)
            #expect(interface("eth0")?.kind == "veth")
            #expect(interface("lo")?.isUsable == false)

            try await segment.onNode("ip addr add 192.168.57.31/24 dev eth0; ip route add default via 192.168.57.30")
            let own = InterfaceAddress(address: .v4(IPv4Address(192, 168, 57, 31)), prefixLength: 24)
            try await harness.wait(for: "the address") { interface("eth0")?.addresses.contains(own) == true }
            try await harness.wait(for: "the gateway") {
                harness.gateways == [.v4(IPv4Address(192, 168, 57, 30))]
            }
            try await segment.onNode("ip addr del 192.168.57.31/24 dev eth0")
            try await harness.wait(for: "no address") { interface("eth0")?.addresses.contains(own) == false }

            try await segment.onNode("ip link add br0 type bridge; ip link set eth0 master br0")
            try await harness.wait(for: "the master") { interface("eth0")?.master == interface("br0")?.index }
            #expect(interface("eth0")?.isUsable == false)
            try await segment.onNode("ip link set eth0 nomaster")
            try await harness.wait(for: "no master") { interface("eth0")?.isUsable == true }

            try await segment.onNode("ip link set eth0 down; ip link set eth0 name lan; ip link set lan up")
            try await harness.wait(for: "the new name") {
                interface("lan")?.isUsable == true && interface("eth0") == nil
            }
            try await segment.onNode("ip link del lan")
            try await harness.wait(for: "the end") { interface("lan") == nil }
        }
    }

    @Test("an interface that is not selected is followed, and nobody is told of it until it has a name that is")
    func others() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        func selected(_ state: NetworkState) -> [NetworkInterface] {
            state.interfaces.values.filter { LinkSelection().selects($0.name) }.sorted { $0.index < $1.index }
        }
        try await harness.run {
            try await segment.onNode(
                """
                for i in 1 2 3 4 5; do
                    ip link add veth$i type veth peer name vethpeer$i; ip link set veth$i up; ip link del veth$i
                done
                ip link add veth9 type veth peer name vethpeer9; ip addr add 10.9.0.1/24 dev veth9
                ip link set veth9 name lan9
                """)
            try await harness.wait(for: "the interface that is selected") {
                harness.network?.interfaces.values.first { $0.name == "lan9" }?.addresses.isEmpty == false
            }
            let told = harness.networks.map(selected)
            #expect(zip(told, told.dropFirst()).allSatisfy { $0 != $1 }, "\(told.count)")
            try await segment.onNode("ip link set lan9 name veth9")
            try await harness.wait(for: "its end") {
                harness.network.map(selected)?.contains { $0.name == "lan9" } == false
            }
        }
    }

    @Test("sockets on an interface that was replaced by an equal one with its index know it; down and up is no matter")
    func replaced() async throws {
        let segment = try await Segment.make()
        let twin = "link add twin index 77 address 02:00:00:00:00:77 type veth peer name other"
        let node = segment.node
        let (isEqual, attached) = try await segment.insideNode {
            try Segment.batch(in: node, [twin])
            var monitor = try LinkMonitor()
            let before = monitor.state.interfaces[77]
            let socket = try PacketSocket(etherType: .arp, interfaceIndex: 77, filter: .none)
            var attached = [socket.isAttached]
            try Segment.batch(in: node, ["link set twin up", "link set twin down", "link set twin name win"])
            attached.append(socket.isAttached)
            try Segment.batch(in: node, ["link del win", twin])
            attached.append(socket.isAttached)
            _ = try monitor.update()
            return (before == monitor.state.interfaces[77], attached)
        }
        #expect(isEqual)
        #expect(attached == [true, true, false])
    }

    @Test("an interface that is replaced within one moment gets new sockets, and is answered on")
    func reopened() async throws {
        let segment = try await Segment.make()
        let harness = try await PacketLoopHarness.start(on: segment)
        let address = IPv4Address(192, 168, 57, 200)
        func answers() async throws -> Bool {
            try await segment.tryOnHost("arping -c1 -w1 -I eth0 \(address)").isSuccess
        }
        try await harness.run {
            try await harness.configure([.v4(address)])
            try await harness.wait(for: "an answer") { try await answers() }
            let index = try await segment.interfaceIndex()
            let again = "link add eth0 index \(index) address \(Segment.nodeHardware) type veth "
            let peer = "peer name eth0 address \(Segment.hostHardware) netns \(segment.host)"
            try Segment.batch(in: segment.node, ["link del eth0", again + peer, "link set eth0 up"])
            try await segment.onHost("ip link set eth0 up; ip addr add \(Segment.hostAddress)/24 dev eth0")
            try await harness.wait(for: "an answer on the new interface") {
                // As the control plane does when it was told of the moment without the interface.
                try await harness.configure([.v4(address)])
                return try await answers()
            }
        }
    }

    @Test(
        "gateways are those of the routes that there are, also where the kernel says nothing of a route's end",
        arguments: [
            (["route add default via 10.1.0.2", "route replace default via 10.1.0.3"], ["10.1.0.3"]),
            (["route add default via 10.1.0.2", "link set one down", "link set one up"], []),
            (["route add default via 10.1.0.2", "addr flush dev one"], []),
            (
                ["route add default via 10.1.0.2", "route add default via 10.1.0.2 metric 9", "route del default"],
                ["10.1.0.2"]
            ),
            (["route add default nexthop via 10.1.0.2 nexthop via 10.2.0.2"], ["10.1.0.2", "10.2.0.2"]),
            (
                [
                    "route add default nexthop via 10.1.0.2 nexthop via 10.2.0.2", "link set one down",
                    "link set one up",
                ],
                ["10.1.0.2", "10.2.0.2"]
            ),
            (
                ["route add default nexthop via 10.1.0.2 nexthop via 10.2.0.2", "route replace default via 10.2.0.2"],
                ["10.2.0.2"]
            ),
            (["route add 0.0.0.0/0 via inet6 fe80::1 dev one"], ["fe80::1"]),
            (["route add 0.0.0.0/0 via inet6 fe80::1 dev one", "link set one down"], []),
        ])
    func silentRoutes(commands: [String], expected: [String]) async throws {
        let segment = try await Segment.make()
        let node = segment.node
        let (gateways, fresh) = try await segment.insideNode {
            try Segment.batch(
                in: node,
                ["one", "two"].enumerated().flatMap { number, name in
                    [
                        "link add \(name) type veth peer name peer\(number)", "link set peer\(number) up",
                        "link set \(name) up", "addr add 10.\(number + 1).0.1/24 dev \(name)",
                    ]
                })
            var monitor = try RouteMonitor()
            // Each is told by itself: what a batch adds up to must not hide what one change does.
            for command in commands {
                try Segment.batch(in: node, [command])
                try monitor.update()
            }
            return (monitor.gateways, try RouteMonitor().gateways)
        }
        #expect(Set(gateways.map(\.address)) == Set(expected.compactMap { IPAddress($0) }))
        #expect(gateways == fresh)
    }

    @Test(
        "what the kernel could not tell is found by reading all again, and what it told before does not undo that",
        arguments: [
            // Told, then lost.
            (["link set twin down"], ["link set twin up"]),
            (["link add short type veth peer name other2"], ["link del short"]),
            (["addr add 10.8.0.1/32 dev twin"], ["addr del 10.8.0.1/32 dev twin"]),
            ([], ["link set twin mtu 1400"]),
        ])
    func overrun(told: [String], lost: [String]) async throws {
        let segment = try await Segment.make()
        let node = segment.node
        // Link-local addresses come and go by themselves.
        try await segment.onNode("for i in all default; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done")
        let flood = (1...250).map { "addr add 10.9.0.\($0)/32 dev eth0" }
        let (state, fresh, counts) = try await segment.insideNode {
            try Segment.batch(
                in: node,
                ["link add twin type veth peer name other", "link set other up", "link set twin up"])
            var monitor = try LinkMonitor(receiveBuffer: 16384)
            try Segment.batch(in: node, told + flood + lost)
            _ = try monitor.update()
            var counts = [monitor.resynchronisations]
            // From here on everything is told again.
            try Segment.batch(in: node, ["addr add 10.7.0.1/32 dev twin"])
            let changes = try monitor.update()
            counts += [monitor.resynchronisations, changes.count]
            return (monitor.state, try LinkMonitor.snapshot(), counts)
        }
        #expect(counts == [1, 1, 1])
        #expect(state == fresh)
        #expect(state.interfaces.values.first { $0.name == "eth0" }?.addresses.count ?? 0 >= 250)
    }

    @Test("a loss is made up for at once, however many notifications wait before it")
    func overrunOfAnySize() async throws {
        let segment = try await Segment.make()
        let node = segment.node
        try await segment.onNode("for i in all default; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done")
        // Each has room for about one notification more than the last, 40 to 80 in all.
        let wrong = try await segment.insideNode {
            var wrong: [Int] = []
            for (round, receiveBuffer) in stride(from: 14_000, to: 32_000, by: 300).enumerated() {
                var monitor = try LinkMonitor(receiveBuffer: receiveBuffer)
                let verb = round % 2 == 0 ? "add" : "del"
                try Segment.batch(in: node, (1...120).map { "addr \(verb) 10.9.0.\($0)/32 dev eth0" })
                var waiting = PollSet()
                waiting.add(monitor.descriptor)
                repeat {
                    _ = try monitor.update()
                    waiting.wait(nanoseconds: 0)
                } while waiting.isReady(0)
                if monitor.state != (try LinkMonitor.snapshot()) { wrong.append(receiveBuffer) }
            }
            return wrong
        }
        #expect(wrong.isEmpty)
    }
}

extension Segment {
    /// Changes links and addresses in the namespace of a process, all by one program, so that it is a matter of
    /// milliseconds. Blocks.
    static func batch(in pid: Int32, _ commands: [String]) throws {
        let shell = Process()
        shell.executableURL = URL(filePath: "/usr/bin/nsenter")
        let lines = commands.map { "echo \($0)" }.joined(separator: "; ")
        shell.arguments = ["-t", "\(pid)", "-n", "sh", "-c", "{ \(lines); } | ip -batch -"]
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
    }
}

import Membership
import MonotonicTime
import NetworkAddresses
import Wire

/// One speaker's membership, and frames from peers made by hand.
struct Segment {
    var membership: Membership
    var now = Instant(nanoseconds: 0)
    var sequences: [String: UInt64] = [:]
    /// What the last Hello asked for.
    var directives: [Membership.Directive] = []
    static let gateway = IPAddress.v4(IPv4Address(192, 168, 57, 30))

    init(name: String = "me", known: [String] = ["b", "c"]) {
        membership = Membership(me: NodeID(name: name), incarnation: 100, timing: MembershipTiming(), now: now)
        var environment = Membership.Environment()
        environment.gateways = [Self.gateway]
        environment.known = known.map {
            .init(id: NodeID(name: $0), name: $0, addresses: [Self.address($0)])
        }
        environment.hasSnapshot = true
        environment.hasKey = true
        environment.families = [.ipv4]
        membership.configure(environment, timing: MembershipTiming(), at: now)
    }

    static func address(_ name: String) -> IPAddress {
        .v4(IPv4Address(192, 168, 57, name.utf8.first ?? 0))
    }
    static func hardware(_ name: String) -> MACAddress {
        MACAddress(rawValue: 0x0200_0000_0000 + UInt64(name.utf8.first ?? 0))
    }

    func state(_ name: String) -> Peer.State? { membership.peers[NodeID(name: name)]?.state }

    @discardableResult
    mutating func hello(
        _ name: String, _ phase: HelloPhase = .ready, incarnation: UInt64 = 1, hears: [String] = ["me"]
    ) -> Membership.Verdict {
        sequences["\(name)\(incarnation)", default: 0] += 1
        let sender = HelloSender(name: name, interfaceName: "eth0", addresses: [Self.address(name)])
        let header = HelloHeader(
            cluster: ClusterID(rawValue: 1), node: NodeID(name: name), incarnation: incarnation,
            sequence: sequences["\(name)\(incarnation)", default: 0], hardwareAddress: Self.hardware(name),
            phase: phase, isStale: false, details: 1)
        let (verdict, directives) = membership.receive(header, details: { sender }, at: now)
        self.directives = directives
        if verdict == .accepted {
            membership.receiveHeard(hears.map { NodeID(name: $0) }, from: NodeID(name: name))
        }
        return verdict
    }

    mutating func claims(_ name: String) { _ = membership.receivedAllClaims(from: NodeID(name: name), at: now) }

    /// Lets time go by in steps of 10 ms; these peers greet every 100 ms, these kernels answer when asked.
    @discardableResult
    mutating func pass(
        _ milliseconds: Int, greeting: [String] = [], hears: [String] = ["me"], answering: [String] = [],
        gatewayAnswers: Bool = true
    ) -> [Membership.Directive] {
        var all: [Membership.Directive] = []
        for step in 0..<milliseconds / 10 {
            now = now + .milliseconds(10)
            if step % 10 == 0 { for name in greeting { hello(name, hears: hears) } }
            guard membership.nextDeadline <= now else { continue }
            let directives = membership.poll(at: now)
            all += directives
            for case .ask(let address, _) in directives {
                if address == Self.gateway, gatewayAnswers {
                    _ = membership.heardKernel(address, MACAddress(2, 0, 0, 0, 1, 30), at: now)
                }
                for name in answering where address == Self.address(name) {
                    _ = membership.heardKernel(address, Self.hardware(name), at: now)
                }
            }
        }
        return all
    }

    /// Ready, with these peers ready, too.
    mutating func becomeReady(with names: [String]) {
        for name in names { hello(name) }
        for name in names { claims(name) }
        pass(1000, greeting: names)
    }
}

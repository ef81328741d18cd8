import Link
import NetworkAddresses
import SeededRandom

/// Nodes with an interface on each of two segments: links share nothing but the API.
extension Scenario {
    private static func twoWires(
        _ name: String, _ properties: Set<Property>, script: @escaping @Sendable (Simulation) -> Double
    ) -> Scenario {
        Scenario(
            name, properties, nodes: [3, 4, 5], prepare: { $0.addSecondWire() },
            judge: { s in
                s.addresses.indices.compactMap { address in
                    let macs = s.answers(to: address, onWire: 1)
                    return macs.count == 1 ? nil : "P1: \(macs.count) announcers of \(address) on the second wire"
                }
            }, script: script)
    }

    /// A cable of the second wire is pulled: its addresses move there, within the time of a failover, and nothing else.
    package static let secondWireCut = twoWires("second_wire_cut", [.nothingMoves]) { s in
        let owner = s.announcer(of: 0, onWire: 1)
        s.setCarrier(owner, false, isSeen: s.random.chance(0.5))
        s.after(0.8) { s in
            for address in s.addresses.indices where s.answers(to: address, onWire: 1).count != 1 {
                s.problems.append("P3: \(address) is unanswered on the second wire 0.8 s after the cut")
            }
        }
        s.after(4) { $0.setCarrier(owner, true) }
        return 8
    }

    /// The other way round: the second wire does not notice.
    package static let firstWireCut = twoWires("first_wire_cut", [.deathsCovered]) { s in
        s.keepSecondWire(for: 8)
        s.setCarrier(s.owner(), false, isSeen: s.random.chance(0.5))
        return 8
    }

    /// A process ends on both wires at once, and is helped on both.
    package static let twoWiresRestart = twoWires("two_wires_restart", [.nothingMoves]) { s in
        s.keepSecondWire(for: 8)
        let name = s.owner().name
        let graceful = s.random.chance(0.5)
        for node in s.nodes where node.name == name {
            s.kill(node, graceful: graceful)
            s.after(3) { $0.boot(node) }
        }
        s.after(2) { s in
            for address in s.addresses.indices where s.answers(to: address, onWire: 1).count != 1 {
                s.problems.append("\(address) is not helped with on the second wire")
            }
        }
        return 9
    }

    package static let twoWiresPowerOff = twoWires("two_wires_poweroff", [.deathsCovered]) { s in
        let name = s.owner().name
        for node in s.nodes where node.name == name { s.powerOff(node) }
        s.after(0.8) { s in
            for address in s.addresses.indices where s.answers(to: address, onWire: 1).count != 1 {
                s.problems.append("P3: \(address) is unanswered on the second wire 0.8 s after the death")
            }
        }
        return 3
    }
}

extension Simulation {
    /// A second interface for every node, on a segment of its own.
    func addSecondWire() {
        for first in nodes {
            let second = addNode(name: first.name, isIPv6Only: first.addresses.count == 1, wire: 1)
            second.interfaceName = "eth1"
            first.siblings = [
                SiblingLink(interfaceName: "eth1", hardwareAddress: second.hardwareAddress, goesFirst: false)
            ]
            second.siblings = [
                SiblingLink(interfaceName: "eth0", hardwareAddress: first.hardwareAddress, goesFirst: true)
            ]
            after(random.uniform(0, 0.3)) { $0.boot(second) }
        }
    }

    /// The hardware addresses that are given for an address on a wire.
    func answers(to address: Int, onWire wire: Int) -> Set<MACAddress> {
        Set(
            nodes.filter { $0.wire == wire && $0.isRunning && $0.port.hasCarrier }.compactMap { $0.answers[address] })
    }

    func announcer(of address: Int, onWire wire: Int) -> VirtualNode {
        let macs = answers(to: address, onWire: wire)
        return nodes.first { macs.contains($0.hardwareAddress) } ?? nodes[0]
    }

    /// From now on, nothing may move on the second wire.
    func keepSecondWire(for seconds: Double) {
        let before = addresses.indices.map { answers(to: $0, onWire: 1) }
        after(seconds) { s in
            for address in s.addresses.indices where s.answers(to: address, onWire: 1) != before[address] {
                s.problems.append("P4: \(address) has moved on the second wire")
            }
        }
    }
}

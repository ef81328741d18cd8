package import NetworkAddresses

/// The lab's LAN as a value: the first network of the site it is modelled on, 192.168.57.0/24 behind one switch.
///
/// Every name, address and MAC follows from the number of workers, so that two runs look the same.
package struct LabTopology: Sendable, Hashable {
    /// A machine on the LAN: a network namespace with one interface, `eth0`.
    package struct Machine: Sendable, Hashable {
        package enum Role: Sendable { case gateway, controlPlane, worker }

        package let name: String
        package let role: Role
        /// The last octet of its address, and the number of its switch port.
        package let number: UInt8

        package var address: IPv4Address { IPv4Address(192, 168, 57, number) }
        /// The decimal digits of ``number`` as the last group, as people like to number IPv6 hosts.
        package var address6: IPv6Address? { IPv6Address("\(LabTopology.prefix6)\(number)") }
        package var hardwareAddress: MACAddress { MACAddress(0x02, 0, 192, 168, 57, number) }
        package var port: String { "port\(number)" }
        package var isNode: Bool { role != .gateway }
    }

    /// The site has at most ten nodes, one of them the control plane's.
    package static let workerLimits = 2...9
    package static let domain = "cluster.home"
    package static let interface = "eth0"
    package static let `switch` = "switch0"
    /// Where the lab itself stands on the LAN, to be the operator: the switch's own address.
    package static let switchAddress = IPv4Address(192, 168, 57, 1)
    static let prefix6 = "fd00:192:168:57::"
    package static let pool = "192.168.57.200-192.168.57.254"
    package static let pool6 = "fd00:192:168:57::200-fd00:192:168:57::2ff"

    package let hasIPv6: Bool
    package let gateway: Machine
    package let controlPlane: Machine
    package let workers: [Machine]

    package init(workers count: Int = 3, hasIPv6: Bool = true) {
        self.hasIPv6 = hasIPv6
        gateway = Machine(name: "gateway", role: .gateway, number: 30)
        controlPlane = Machine(name: "k8s-control-plane-node", role: .controlPlane, number: 31)
        let range = Self.workerLimits
        workers = (0..<min(max(count, range.lowerBound), range.upperBound)).map {
            Machine(name: "k8s-node\($0 + 2)", role: .worker, number: UInt8(32 + $0))
        }
    }

    package var nodes: [Machine] { [controlPlane] + workers }
    package var machines: [Machine] { [gateway] + nodes }

    /// The machine that has `hardwareAddress`.
    package func machine(at hardwareAddress: MACAddress) -> Machine? {
        machines.first { $0.hardwareAddress == hardwareAddress }
    }
}

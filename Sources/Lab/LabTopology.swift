public import NetworkAddresses

/// The lab's LAN as a value: the first network of the site it is modelled on, 192.168.57.0/24 behind one switch.
///
/// Every name, address and MAC follows from the number of workers, so that two runs look the same.
public struct LabTopology: Sendable, Hashable {
    /// A machine on the LAN: a network namespace with one interface, `eth0`.
    public struct Machine: Sendable, Hashable {
        public enum Role: Sendable { case gateway, controlPlane, worker }

        public let name: String
        public let role: Role
        /// The last octet of its address, and the number of its switch port.
        public let number: UInt8

        public var address: IPv4Address { IPv4Address(192, 168, 57, number) }
        /// The decimal digits of ``number`` as the last group, as people like to number IPv6 hosts.
        public var address6: IPv6Address? { IPv6Address("\(LabTopology.prefix6)\(number)") }
        public var hardwareAddress: MACAddress { MACAddress(0x02, 0, 192, 168, 57, number) }
        public var port: String { "port\(number)" }
        public var isNode: Bool { role != .gateway }
    }

    /// The site has at most ten nodes, one of them the control plane's.
    public static let workerLimits = 2...9
    public static let domain = "cluster.home"
    public static let interface = "eth0"
    public static let `switch` = "switch0"
    /// Where the lab itself stands on the LAN, to be the operator: the switch's own address.
    public static let switchAddress = IPv4Address(192, 168, 57, 1)
    static let prefix6 = "fd00:192:168:57::"
    public static let pool = "192.168.57.200-192.168.57.254"
    public static let pool6 = "fd00:192:168:57::200-fd00:192:168:57::2ff"

    public let hasIPv6: Bool
    public let gateway: Machine
    public let controlPlane: Machine
    public let workers: [Machine]

    public init(workers count: Int = 3, hasIPv6: Bool = true) {
        self.hasIPv6 = hasIPv6
        gateway = Machine(name: "gateway", role: .gateway, number: 30)
        controlPlane = Machine(name: "k8s-control-plane-node", role: .controlPlane, number: 31)
        let range = Self.workerLimits
        workers = (0..<min(max(count, range.lowerBound), range.upperBound)).map {
            Machine(name: "k8s-node\($0 + 2)", role: .worker, number: UInt8(32 + $0))
        }
    }

    public var nodes: [Machine] { [controlPlane] + workers }
    public var machines: [Machine] { [gateway] + nodes }

    /// The machine that has `hardwareAddress`.
    public func machine(at hardwareAddress: MACAddress) -> Machine? {
        machines.first { $0.hardwareAddress == hardwareAddress }
    }
}

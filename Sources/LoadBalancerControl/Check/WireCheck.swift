import KubernetesModel
import NetworkAddresses
import Reconciliation

/// Who answers for the announced addresses, against who is recorded to announce them: pure, from what was read and heard.
struct WireCheck {
    private let announced: [IPAddress: [ServiceL2Status.Announced]]
    /// The nodes by the hardware addresses that they announce with.
    private let nodes: [MACAddress: String]

    /// Where an address was asked for. What this host announces there with its own hardware address it cannot hear.
    struct Link: Sendable, Hashable {
        let name: String
        let hardwareAddress: MACAddress
    }

    init(_ snapshot: ClusterSnapshot) {
        let entries = ServiceView.entries(in: snapshot).values.flatMap { $0 }.filter(\.isAnnouncing)
        announced = entries.reduce(into: [:]) { announced, entry in
            if let address = IPAddress(entry.address) { announced[address, default: []].append(entry) }
        }
        nodes = Dictionary(entries.compactMap { entry in Self.hardwareAddress(entry).map { ($0, entry.node) } }) { $1 }
    }

    var addresses: [IPAddress] { announced.keys.sorted() }

    /// - Parameter answers: the hardware addresses that others gave.
    func finding(_ address: IPAddress, _ answers: Set<MACAddress>, on link: Link) -> Finding? {
        let entries = announced[address] ?? []
        let recorded = Set(entries.compactMap(Self.hardwareAddress))
        let all = answers.union(recorded.intersection([link.hardwareAddress]))
        let said = "recorded: " + entries.map(Self.place).uniqued().joined(separator: ", ")
        let remedy = "\(ProgramName.current) probe \(address) --interface \(link.name)"
        guard all.count <= 1 else {
            let machines = all.sorted().map { mac in nodes[mac].map { "\(mac) (\($0))" } ?? "\(mac)" }
            return Finding(
                .error, "\(address)",
                "\(all.count) machines answer for it on \(link.name): \(machines.joined(separator: ", ")); \(said)",
                "if it lasts, see on each of them who has it: ip address, kube-proxy's strictARP, another load balancer; \(remedy)"
            )
        }
        let isComplete = entries.allSatisfy { Self.hardwareAddress($0) != nil }
        if isComplete, let stranger = all.subtracting(recorded).min() {
            if let node = nodes[stranger] {
                return Finding(
                    .warning, "\(address)", "node \(node) (\(stranger)) answers for it on \(link.name); \(said)",
                    "it may have moved just now; if this lasts: \(remedy)")
            }
            return Finding(
                .error, "\(address)",
                "\(stranger) answers for it on \(link.name), and nobody is recorded to announce with that hardware address; \(said)",
                "find that host, and take the address from it; on a node, `ip address` shows whether the kernel has it")
        }
        return all.isEmpty
            ? Finding(.error, "\(address)", "nobody answers for it on \(link.name); \(said)", remedy) : nil
    }

    /// - Parameter addresses: those of no network that this host is in.
    static func note(_ addresses: [IPAddress]) -> Finding? {
        guard !addresses.isEmpty else { return nil }
        return Finding(
            .note, "wire",
            "no interface of this host is in the network of \(addresses.map(\.description).joined(separator: ", ")): not asked for",
            "run it on a machine of that LAN")
    }

    private static func hardwareAddress(_ entry: ServiceL2Status.Announced) -> MACAddress? {
        entry.hardwareAddress.flatMap { MACAddress($0) }
    }

    private static func place(_ entry: ServiceL2Status.Announced) -> String {
        "\(entry.interface) of \(entry.node)\(entry.hardwareAddress.map { " (\($0))" } ?? "")"
    }
}

import Netlink
import NetworkAddresses
import PacketSocket
import Wire

/// Asks a LAN who answers for an address, without touching anybody's ARP table: probes of RFC 5227 §2.1.1 and
/// RFC 4862 §5.4.2.
struct AddressProbe {
    let address: IPAddress
    let interface: NetworkInterface
    let hardwareAddress: MACAddress

    /// - Parameter name: an interface; else the one whose subnet has the address.
    init(_ address: IPAddress, interface name: String?) throws {
        let state = try LinkMonitor.snapshot()
        let usable = state.interfaces.values.filter { $0.isEthernet && !$0.isLoopback }.sorted { $0.index < $1.index }
        let chosen = name.map { name in usable.first { $0.name == name } } ?? Self.link(of: address, in: state)
        guard let interface = chosen, let hardwareAddress = interface.hardwareAddress else {
            let names = usable.map(\.name).joined(separator: ", ")
            throw Complaint(
                name.map {
                    "there is no Ethernet interface \($0); there \(names.isEmpty ? "is none" : "are: \(names)")"
                }
                    ?? "no interface has a subnet with \(address); name one with --interface (\(names))")
        }
        guard interface.isUp, interface.hasCarrier else {
            throw Complaint("interface \(interface.name) is down; name another with --interface")
        }
        (self.address, self.interface, self.hardwareAddress) = (address, interface, hardwareAddress)
    }

    /// The usable interface with the smallest subnet that has the address. A router would not pass a probe on.
    static func link(of address: IPAddress, in state: NetworkState) -> NetworkInterface? {
        let links = state.interfaces.values.filter(\.isUsable).compactMap { interface in
            interface.addresses.compactMap(\.prefix).filter { $0.contains(address) }.map(\.length).max()
                .map { (interface, $0) }
        }
        return links.max { ($0.1, $1.0.index) < ($1.1, $0.0.index) }?.0
    }

    /// Probes three times, 250 ms apart, and listens for half a second more.
    ///
    /// - Returns: the hardware addresses that answered, and how often. This host itself is not heard: what it sends is no
    ///   frame that it receives.
    func run() async throws -> [MACAddress: Int] {
        let socket = try PacketSocket(
            etherType: address.family == .ipv4 ? .arp : .ipv6, interfaceIndex: interface.index, filter: .all)
        var batch = FrameBatch(capacity: 64, frameSize: 256)
        var answers: [MACAddress: Int] = [:]
        for round in 0..<5 {
            if round < 3 {
                _ = batch.fill(0) { [frame] in frame.store(into: &$0, source: hardwareAddress) }
                let (refused, errorNumber) = batch.send(count: 1, to: socket.descriptor)
                guard refused == 0 else { throw Complaint("cannot send on \(interface.name): error \(errorNumber)") }
            }
            try await Task.sleep(for: .milliseconds(250))
            while batch.receive(from: socket) == 0, batch.count > 0 {
                for index in 0..<batch.count {
                    guard let answer = batch.withFrame(index, answer) else { continue }
                    answers[answer, default: 0] += 1
                }
            }
        }
        return answers
    }

    private var frame: OutgoingFrame {
        switch address {
        case .v4(let address): .arp(.probe(for: address, from: hardwareAddress), destination: .broadcast)
        case .v6(let address):
            .solicitation(.probe(for: address), destination: MACAddress(multicast: address.solicitedNode))
        }
    }

    /// The hardware address that a frame gives for the probed address.
    private func answer(_ octets: Span<UInt8>) -> MACAddress? {
        guard let frame = try? LinkFrame(parsing: octets), frame.ethernet.source != hardwareAddress else { return nil }
        switch (frame, address) {
        case (.arp(_, let packet), .v4(let address)): return packet.sender == address ? packet.senderHardware : nil
        case (.advertisement(let ethernet, let message), .v6(let address)):
            return message.target == address ? message.targetLinkLayer ?? ethernet.source : nil
        default: return nil
        }
    }
}

import ArgumentParser
import KubernetesModel
import Netlink
import NetworkAddresses

/// `lbctl probe ADDRESS`: run on any machine of the LAN.
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Asks the LAN who answers for an address: one machine, two, or none.",
        discussion: """
            Needs root or CAP_NET_RAW. The probe changes nobody's ARP table. Ends with status 0 when one machine \
            answers, 1 when none does, 2 when several do. The host that it runs on is not heard: for what that one \
            announces itself, run it on another, or see `\(ProgramName.current) check --wire`.
            """)

    @Argument(help: "An IPv4 or IPv6 address.")
    var address: String
    @Option(name: [.short, .long], help: "The interface to ask on; else the one whose subnet has the address.")
    var interface: String?
    @Option(name: [.customShort("o"), .customLong("output")], help: "table or json.")
    var format = OutputOptions.Format.table

    func run() async throws {
        guard let address = IPAddress(address) else { throw ValidationError("\"\(address)\" is no IP address") }
        let probe = try AddressProbe(address, interface: interface)
        let answers = try await Console.progress("probing \(address)") { try await probe.run() }
        let machines = answers.keys.sorted()
        if format.isDocument {
            Console.text(
                OutputOptions.text(
                    [
                        "address": .string("\(address)"), "interface": .string(probe.interface.name),
                        "answers": .array(machines.map { .string("\($0)") }),
                    ], format))
        } else {
            Console.line(Self.sentence(address, machines, on: probe.interface.name))
        }
        guard machines.count == 1 else { throw ExitCode(machines.isEmpty ? 1 : 2) }
    }

    static func sentence(_ address: IPAddress, _ machines: [MACAddress], on interface: String) -> String {
        switch machines.count {
        case 0: "nobody answers for \(address) on \(interface) (this host itself is not heard)"
        case 1: "\(address) is at \(machines[0]) on \(interface)"
        default:
            "\(machines.count) machines answer for \(address) on \(interface): "
                + machines.map(\.description).joined(separator: ", ") + "; one of them must give the address up"
        }
    }
}

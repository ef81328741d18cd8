import ChildProcess

/// The lab's switch, cables and machines, as batches for ip(8). Must run inside the lab's own namespaces.
struct LabNetwork {
    let topology: LabTopology

    func build() async throws {
        try await Program(["ip", "-batch", "-"], input: switchBatch).check()
        for machine in topology.machines {
            try await inside(machine, ["sh", "-c", kernelSettings(machine)]).check()
            try await Program(["ip", "-n", machine.name, "-batch", "-"], input: machineBatch(machine)).check()
        }
    }

    /// Takes the machine's cable out of the switch, or puts it back.
    func setCable(of machine: LabTopology.Machine, isIn: Bool) async throws {
        try await Program(["ip", "link", "set", machine.port, isIn ? "up" : "down"]).check()
    }

    /// `arguments` run on `machine`: in its network namespace.
    func inside(_ machine: LabTopology.Machine, _ arguments: [String]) -> Program {
        Program(["ip", "netns", "exec", machine.name] + arguments)
    }

    var switchBatch: String {
        var lines = [
            "link set lo up",
            "link add \(LabTopology.switch) type bridge forward_delay 0",
            "link set \(LabTopology.switch) up",
            "addr add \(LabTopology.switchAddress)/24 dev \(LabTopology.switch)",
        ]
        for machine in topology.machines {
            lines += [
                "netns add \(machine.name)",
                "link add \(machine.port) type veth peer name \(LabTopology.interface) "
                    + "address \(machine.hardwareAddress) netns \(machine.name)",
                "link set \(machine.port) master \(LabTopology.switch) up",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    func machineBatch(_ machine: LabTopology.Machine) -> String {
        let interface = LabTopology.interface
        var lines = ["link set lo up", "addr add \(machine.address)/24 dev \(interface)"]
        if topology.hasIPv6, let address = machine.address6 {
            lines.append("addr add \(address)/64 dev \(interface) nodad")
        }
        lines.append("link set \(interface) up")
        if machine.isNode { lines.append("route add default via \(topology.gateway.address)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What kube-proxy sets with strictARP: the kernel answers only for addresses of the interface that was asked.
    private func kernelSettings(_ machine: LabTopology.Machine) -> String {
        var settings = ["net/ipv6/conf/all/accept_dad": "0", "net/ipv6/conf/\(LabTopology.interface)/accept_dad": "0"]
        settings["net/ipv6/conf/all/disable_ipv6"] = topology.hasIPv6 ? "0" : "1"
        if machine.isNode {
            settings["net/ipv4/conf/all/arp_ignore"] = "1"
            settings["net/ipv4/conf/all/arp_announce"] = "2"
        }
        let writes = settings.sorted { $0.key < $1.key }.map {
            "[ ! -e /proc/sys/\($0.key) ] || echo \($0.value) > /proc/sys/\($0.key)"
        }
        return writes.joined(separator: "; ")
    }
}

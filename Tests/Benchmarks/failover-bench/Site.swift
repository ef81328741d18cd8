import Foundation

/// A LAN of namespaces to break: one switch, nodes with two cables each (the LAN, and a network of their own for the
/// API server, so that a fault of the one is not a fault of the other), and a client.
///
/// Must be built inside the wall of `unshare`: nothing here has to be taken down.
struct Site: Sendable {
    struct Node: Sendable, Hashable {
        let index: Int
        var name: String { "node-\(index)" }
        var address: String { "192.168.57.\(30 + index)" }
        var address6: String { "fd00:57::\(30 + index)" }
        var hardwareAddress: String { "02:00:00:00:57:\(hex(30 + index))" }
        /// The switch's end of its LAN cable.
        var port: String { "lan\(index)" }
        var managementAddress: String { "10.77.\(index >> 8).\(index & 0xFF)" }
    }

    static let client = "client"
    static let clientAddress = "192.168.57.30"
    /// The second witness asks with an address of its own.
    static let secondClientAddress = "192.168.57.29"
    static let clientAddress6 = "fd00:57::30"
    static let apiAddress = "10.77.255.1"

    let nodes: [Node]
    /// Load balancer IPs, each on the loopback of every node, as kube-proxy makes a node accept them.
    let addresses: [String]

    init(nodes count: Int, addresses: [String]) {
        nodes = (1...count).map(Node.init)
        self.addresses = addresses
    }

    func build() throws {
        try shell(
            """
            mount -t tmpfs tmpfs /run; mkdir -p /run/netns
            ip link set lo up
            ip link add lan0 type bridge forward_delay 0; ip link set lan0 up
            ip link add api0 type bridge forward_delay 0; ip link set api0 up
            ip addr add \(Self.apiAddress)/16 dev api0
            sysctl -qw net.ipv6.conf.lan0.disable_ipv6=1 net.ipv6.conf.api0.disable_ipv6=1
            ip netns add \(Self.client)
            ip link add client0 type veth peer name eth0 address 02:00:00:00:57:1e netns \(Self.client)
            ip link set client0 master lan0 up
            \(inside(Self.client, """
                sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.eth0.disable_ipv6=0
                ip link set lo up; ip link set eth0 up; ip addr add \(Self.clientAddress)/24 dev eth0
                ip addr add \(Self.secondClientAddress)/24 dev eth0
                ip addr add \(Self.clientAddress6)/64 dev eth0 nodad
                """))
            """)
        for node in nodes {
            try shell("ip netns add \(node.name)")
            try plug(node)
            try shell(
                """
                ip link add api\(node.index) type veth peer name api0 netns \(node.name)
                ip link set api\(node.index) master api0 up
                \(inside(node.name, """
                    ip link set lo up; ip link set api0 up; ip addr add \(node.managementAddress)/16 dev api0
                    """))
                """)
            try take(addresses, on: node)
        }
    }

    /// Lays a node's LAN cable.
    func plug(_ node: Node) throws {
        try shell(
            """
            ip link add \(node.port) type veth peer name eth0 address \(node.hardwareAddress) netns \(node.name)
            ip link set \(node.port) master lan0 up
            \(inside(node.name, """
                sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
                sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.eth0.disable_ipv6=0
                ip link set eth0 up; ip addr add \(node.address)/24 dev eth0
                ip addr add \(node.address6)/64 dev eth0 nodad
                ip route add default via \(Self.clientAddress)
                """))
            """)
    }

    private func take(_ addresses: [String], on node: Node) throws {
        let batch = addresses.map { "addr add \($0)/\($0.contains(":") ? 128 : 32) dev lo" }.joined(separator: "\n")
        try shell("ip -n \(node.name) -batch - <<'BATCH'\n\(batch)\nBATCH")
    }

    /// Drops a share of all frames that cross the switch, in a hundredth of a percent.
    func lose(perMyriad: Int) throws {
        try shell("nft delete table bridge loss 2>/dev/null || true")
        guard perMyriad > 0 else { return }
        try shell(
            """
            nft -f - <<'RULES'
            table bridge loss {
              chain forward {
                type filter hook forward priority 0;
                numgen random mod 10000 < \(perMyriad) drop
              }
            }
            RULES
            """)
    }

    private func inside(_ namespace: String, _ script: String) -> String {
        "ip netns exec \(namespace) sh -ec '\(script)'"
    }
}

private func hex(_ value: Int) -> String {
    let digits = String(value, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
}

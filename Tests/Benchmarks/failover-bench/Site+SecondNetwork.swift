extension Site {
    /// The address that belongs to the second network only.
    static let secondAddress = "192.168.58.200"

    /// Gives every node and the client a second interface, `eth1`, on a switch of its own: 192.168.58.0/24.
    func addSecondNetwork() throws {
        try shell(
            """
            ip link add second0 type bridge forward_delay 0; ip link set second0 up
            sysctl -qw net.ipv6.conf.second0.disable_ipv6=1
            ip link add client1 type veth peer name eth1 netns \(Self.client)
            ip link set client1 master second0 up
            ip -n \(Self.client) link set eth1 up; ip -n \(Self.client) addr add 192.168.58.30/24 dev eth1
            """)
        for node in nodes {
            try shell(
                """
                ip link add second\(node.index) type veth peer name eth1 netns \(node.name)
                ip link set second\(node.index) master second0 up
                ip -n \(node.name) link set eth1 up
                ip -n \(node.name) addr add 192.168.58.\(30 + node.index)/24 dev eth1
                ip -n \(node.name) addr add \(Self.secondAddress)/32 dev lo
                """)
        }
    }
}

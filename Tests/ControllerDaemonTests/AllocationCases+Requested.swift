import KubernetesModel

extension AllocationCase {
    /// An address or a pool is asked for.
    static let requested: [AllocationCase] = [
        .init(
            "An address is asked for",
            [lan, .service("a", [addresses: "192.168.57.202"]), .expect("a", .has("192.168.57.202", from: "lan"))]),
        .init(
            "In MetalLB's spelling",
            [
                lan, .service("a", ["metallb.io/loadBalancerIPs": "192.168.57.202"]),
                .expect("a", .has("192.168.57.202", from: "lan")),
            ]),
        .init(
            "In MetalLB's old spelling",
            [
                lan, .service("a", ["metallb.universe.tf/loadBalancerIPs": "192.168.57.202"]),
                .expect("a", .has("192.168.57.202", from: "lan")),
            ]),
        .init(
            "By spec.loadBalancerIP",
            [
                lan, .service("a") { $0.spec?.loadBalancerIP = "192.168.57.202" },
                .expect("a", .has("192.168.57.202", from: "lan")),
            ]),
        .init(
            "By two spellings that say the same", metallb: "annotation and spec.loadBalancerIP together are refused",
            [
                lan,
                .service("a", [addresses: "192.168.57.202"]) { $0.spec?.loadBalancerIP = "192.168.57.202" },
                .expect("a", .has("192.168.57.202", from: "lan")),
            ]),
        .init(
            "By two spellings of two addresses, with other blanks, order and letters",
            metallb: "annotation and spec.loadBalancerIP together are refused",
            [
                both,
                .service(
                    "a",
                    [
                        addresses: "192.168.57.203,fd00:57::20a",
                        "metallb.io/loadBalancerIPs": "FD00:57:0::20A, 192.168.57.203",
                    ], families: ["IPv4", "IPv6"], policy: requireDual),
                .pool("both", "192.168.57.200-192.168.57.203", "fd00:57::200-fd00:57::20f"),
                .expect("a", .has("192.168.57.203", "fd00:57::20a", from: "both")),
            ]),
        .init(
            "By two spellings that differ",
            metallb: "of two annotations the newer spelling wins silently: a leftover line decides",
            [
                lan, .service("a", [addresses: "192.168.57.202", "metallb.io/loadBalancerIPs": "192.168.57.203"]),
                .expect("a", .none("ContradictingRequests")),
            ]),
        .init(
            "The text is no address",
            [lan, .service("a", [addresses: "192.168.57.2xx"]), .expect("a", .none("InvalidAddress"))]),
        .init(
            "The address is in no pool",
            [lan, .service("a", [addresses: "192.168.57.99"]), .expect("a", .none("AddressOutsidePools"))]),
        .init(
            "The address is in use",
            [lan, .service("a"), .service("b", [addresses: "192.168.57.200"]), .expect("b", .none("AddressInUse"))]),
        .init(
            "The address has the wrong family",
            [both, .service("a", [addresses: "fd00:57::200"]), .expect("a", .none("WrongFamily"))]),
        .init(
            "The address ends in .0 and the pool avoids that",
            [
                .pool("lan", "10.0.0.0/24", avoidBuggy: true), .service("a", [addresses: "10.0.0.0"]),
                .expect("a", .none("AddressAvoided")),
            ]),
        .init(
            "The address is a node's own", metallb: "assigned, and the node becomes unreachable",
            [
                lan, .node("worker-1", "192.168.57.200"), .service("a"),
                .service("b", [addresses: "192.168.57.200"]),
                .expect("a", .has("192.168.57.201", from: "lan")), .expect("b", .none("AddressReserved")),
            ]),
        .init(
            "The address is in a node's Pod range", metallb: "assigned",
            [
                .pool("lan", "10.244.0.0/16"), .node("worker-1", "192.168.57.11", podCIDRs: ["10.244.0.0/24"]),
                .service("a"), .expect("a", .has("10.244.1.0", from: "lan")),
            ]),
        .init(
            "A pool is asked for by name, even with autoAssign: false",
            [
                lan, .pool("spare", "10.9.0.0/30", auto: false), .service("a", [pool: "spare"]),
                .expect("a", .has("10.9.0.0", from: "spare")),
            ]),
        .init(
            "A pool that does not exist is asked for",
            [lan, .service("a", [pool: "lann"]), .expect("a", .none("UnknownPool"))]),
        .init(
            "Pool and address are asked for, and do not fit",
            [
                lan, .pool("spare", "10.9.0.0/30"), .service("a", [pool: "spare", addresses: "192.168.57.200"]),
                .expect("a", .none("AddressInOtherPool")),
            ]),
        .init(
            "An address of a pool that is reserved for others",
            [
                .pool("red", "10.1.0.0/30", allocation: .init(namespaces: ["red"])),
                .service("a", [addresses: "10.1.0.0"]), .expect("a", .none("PoolNotForService")),
            ]),
        .init(
            "The same, while the pool's namespaceSelectors match no namespace",
            metallb: "the pool is open to everybody then",
            [
                .pool(
                    "red", "10.1.0.0/30",
                    allocation: .init(namespaceSelectors: [.init(matchLabels: ["team": "red"])])),
                .service("a", [addresses: "10.1.0.0"]), .expect("a", .none("PoolNotForService")),
            ]),
        .init(
            "A changed request that can't be met keeps the working address",
            metallb: "the working address is dropped first",
            [
                lan, .service("a"), .service("b"), .service("b", [addresses: "192.168.57.200"]),
                .expect("b", .keeps("192.168.57.201", from: "lan", reason: "AddressInUse")),
            ]),
        .init(
            "A changed request that can be met moves the Service",
            [
                lan, .service("a"), .service("a", [addresses: "192.168.57.203"]),
                .expect("a", .has("192.168.57.203", from: "lan")),
            ]),
        .init(
            "A withdrawn request keeps the address",
            [
                lan, .service("a", [addresses: "192.168.57.203"]), .service("a"),
                .expect("a", .has("192.168.57.203", from: "lan")),
            ]),
    ]
}

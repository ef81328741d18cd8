import KubernetesModel

extension AllocationCase {
    /// IPv4, IPv6 and both.
    static let families: [AllocationCase] = [
        .init(
            "IPv6 only",
            [both, .service("a", families: ["IPv6"]), .expect("a", .has("fd00:57::200", from: "both"))]),
        .init(
            "IPv6 from a pool that has none",
            [lan, .service("a", families: ["IPv6"]), .expect("a", .none("PoolLacksFamily"))]),
        .init(
            "RequireDualStack: both from one pool, in the order of ipFamilies",
            [
                both, .service("a", families: ["IPv6", "IPv4"], policy: requireDual),
                .expect("a", .has("fd00:57::200", "192.168.57.200", from: "both")),
            ]),
        .init(
            "RequireDualStack, and the two families are in two pools",
            [
                lan, .pool("six", "fd00:57::200-fd00:57::203"),
                .service("a", families: ["IPv4", "IPv6"], policy: requireDual), .expect("a", .none("PoolLacksFamily")),
            ]),
        .init(
            "RequireDualStack, one address asked for",
            [
                both,
                .service("a", [addresses: "192.168.57.201"], families: ["IPv4", "IPv6"], policy: requireDual),
                .expect("a", .none("FamilyMissing")),
            ]),
        .init(
            "An address of each family is asked for",
            [
                both,
                .service(
                    "a", [addresses: "fd00:57::203, 192.168.57.203"], families: ["IPv4", "IPv6"],
                    policy: requireDual),
                .expect("a", .has("192.168.57.203", "fd00:57::203", from: "both")),
            ]),
        .init(
            "Two addresses of one family are asked for",
            [
                both,
                .service(
                    "a", [addresses: "192.168.57.202,192.168.57.203"], families: ["IPv4", "IPv6"],
                    policy: preferDual), .expect("a", .none("TwoOfOneFamily")),
            ]),
        .init(
            "PreferDualStack: a pool with both comes first",
            [
                .pool("a4", "10.1.0.0/30"), both, .service("a", families: ["IPv4", "IPv6"], policy: preferDual),
                .expect("a", .has("192.168.57.200", "fd00:57::200", from: "both")),
            ]),
        .init(
            "PreferDualStack without such a pool: the first family",
            [
                lan, .service("a", families: ["IPv6", "IPv4"], policy: preferDual),
                .expect("a", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "PreferDualStack, and the pool gets the other family later: it is added, the first stays",
            [
                lan, .service("a", families: ["IPv4", "IPv6"], policy: preferDual),
                .pool("lan", "192.168.57.200-192.168.57.203", "fd00:57::/126"),
                .expect("a", .has("192.168.57.200", "fd00:57::1", from: "lan")),
            ]),
        .init(
            "PreferDualStack on a single-stack Service",
            metallb: "with a dual-stack pool the status flaps at watch speed between one address and two",
            isSingleStack: true,
            [
                both, .service("a", families: ["IPv4"], policy: preferDual),
                .expect("a", .has("192.168.57.200", from: "both")),
            ]),
        .init(
            "PreferDualStack, and the pool loses one family: the other address stays",
            metallb: "both are dropped",
            [
                both, .service("a", families: ["IPv4", "IPv6"], policy: preferDual),
                .pool("both", "192.168.57.200-192.168.57.203"), .expect("a", .has("192.168.57.200", from: "both")),
            ]),
        .init(
            "PreferDualStack, one address asked for: that one",
            metallb: "refused: the number of addresses must be that of the families",
            [
                both, .service("a", [addresses: "192.168.57.202"], families: ["IPv4", "IPv6"], policy: preferDual),
                .expect("a", .has("192.168.57.202", from: "both")),
            ]),
        .init(
            "RequireDualStack, and one family is used up: nothing is taken of the other",
            [
                .pool("both", "192.168.57.200/32", "fd00:57::200/126"), .service("a"),
                .service("b", families: ["IPv4", "IPv6"], policy: requireDual),
                .service("c", families: ["IPv6"]), .expect("b", .none("PoolExhausted")),
                .expect("c", .has("fd00:57::200", from: "both")),
            ]),
        .init(
            "RequireDualStack, and the family that was used up has an address again",
            [
                .pool("both", "192.168.57.200/32", "fd00:57::200/126"), .service("a"),
                .service("b", families: ["IPv4", "IPv6"], policy: requireDual), .delete("a"),
                .expect("b", .has("192.168.57.200", "fd00:57::200", from: "both")),
            ]),
        .init(
            "RequireDualStack, and one family of the first pool is used up: both from the next one",
            [
                .pool("a", "10.1.0.0/32", "fd00:1::/126"), .pool("b", "10.2.0.0/30", "fd00:2::/126"), .service("a"),
                .service("b", families: ["IPv4", "IPv6"], policy: requireDual),
                .expect("a", .has("10.1.0.0", from: "a")), .expect("b", .has("10.2.0.0", "fd00:2::1", from: "b")),
            ]),
        .init(
            "RequireDualStack, and the pool loses one family: the other address is kept, also over a restart",
            metallb: "both are dropped",
            [
                both, .service("a", families: ["IPv4", "IPv6"], policy: requireDual),
                .pool("both", "192.168.57.200-192.168.57.203"), .restart,
                .expect("a", .keeps("192.168.57.200", from: "both", reason: "PoolLacksFamily")),
            ]),
        .init(
            "SingleStack becomes RequireDualStack, and the second family is used up: the first address is kept, until both can be had",
            metallb: "it is dropped",
            [
                .pool("both", "192.168.57.200-192.168.57.203", "fd00:57::200/128"), .service("x", families: ["IPv6"]),
                .service("a"), .service("a", families: ["IPv4", "IPv6"], policy: requireDual),
                .expect("a", .keeps("192.168.57.200", from: "both", reason: "PoolExhausted")), .delete("x"),
                .expect("a", .has("192.168.57.200", "fd00:57::200", from: "both")),
            ]),
        .init(
            "RequireDualStack, and a foreign host uses the IPv6 address, the only one: both stay",
            metallb: "not noticed",
            [
                .pool("both", "192.168.57.200-192.168.57.203", "fd00:57::200/128"), .node("worker-1", "192.168.57.11"),
                .service("a", families: ["IPv4", "IPv6"], policy: requireDual),
                .conflict("a", "fd00:57::200", hardwareAddress: "02:00:00:00:00:99"),
                .expect("a", .keeps("192.168.57.200", "fd00:57::200", from: "both", reason: "AddressConflict")),
            ]),
        .init(
            "The first address of an IPv6 subnet is its routers' (anycast): passed over, but given to who asks for it",
            metallb: "assigned, and every node answers for it",
            [
                .pool("lan", "fd00:57::/127"), .service("a", families: ["IPv6"]), .service("b", families: ["IPv6"]),
                .service("c", [addresses: "fd00:57::"], families: ["IPv6"]),
                .expect("a", .has("fd00:57::1", from: "lan")), .expect("b", .none("PoolExhausted")),
                .expect("c", .has("fd00:57::", from: "lan")),
            ]),
        .init(
            "A Service becomes dual-stack: the second family is added",
            [
                both, .service("a"), .service("a", families: ["IPv4", "IPv6"], policy: requireDual),
                .expect("a", .has("192.168.57.200", "fd00:57::200", from: "both")),
            ]),
        .init(
            "A Service becomes single-stack: the second family is given back",
            [
                both, .service("a", families: ["IPv4", "IPv6"], policy: requireDual), .service("a"),
                .expect("a", .has("192.168.57.200", from: "both")),
            ]),
    ]
}

import KubernetesModel

extension AllocationCase {
    /// Every row of docs/allocation.md. The order is that of the page.
    static let all: [AllocationCase] = automatic + requested + families + shared + pools + life

    private static let lan = Step.pool("lan", "192.168.57.200-192.168.57.203")
    private static let both = Step.pool("both", "192.168.57.200-192.168.57.203", "fd00:57::200-fd00:57::203")
    private static let addresses = "lb.cluster.home/addresses"
    private static let pool = "lb.cluster.home/pool"
    private static let key = "lb.cluster.home/sharing-key"
    private static let requireDual = "RequireDualStack"
    private static let preferDual = "PreferDualStack"

    private static let automatic: [AllocationCase] = [
        .init("No pool exists", [.service("a"), .expect("a", .none("NoPools"))]),
        .init(
            "Nothing is asked for: the lowest free address",
            [
                lan, .service("a"), .service("b"), .expect("a", .has("192.168.57.200", from: "lan")),
                .expect("b", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "Two unrestricted pools: the first by name", metallb: "any of the two (Go map order): not repeatable",
            [
                .pool("zeta", "10.1.0.0/30"), .pool("alpha", "10.2.0.0/30"), .service("a"),
                .expect("a", .has("10.2.0.0", from: "alpha")),
            ]),
        .init(
            "The pool is full",
            [
                .pool("lan", "192.168.57.200/32"), .service("a"), .service("b"),
                .expect("b", .none("PoolExhausted")),
            ]),
        .init(
            "A full pool, and a Service is deleted: the one that waits gets its address",
            [
                .pool("lan", "192.168.57.200/32"), .service("a"), .service("b"), .delete("a"),
                .expect("b", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "An address that was released less than a minute ago is passed over",
            metallb: "reused at once: neighbors and connections of the old Service still point at it",
            [lan, .service("a"), .delete("a"), .service("b"), .expect("b", .has("192.168.57.201", from: "lan"))]),
        .init(
            "autoAssign: false, nothing asked for",
            [.pool("lan", "192.168.57.200/32", auto: false), .service("a"), .expect("a", .none("NoPoolForService"))]),
        .init(
            "avoidBuggyIPs passes over .0 and .255",
            [
                .pool("lan", "10.0.0.255-10.0.1.1", avoidBuggy: true), .service("a"), .service("b"),
                .expect("a", .has("10.0.1.1", from: "lan")), .expect("b", .none("PoolExhausted")),
            ]),
        .init(
            "Another loadBalancerClass is left alone",
            [lan, .service("a") { $0.spec?.loadBalancerClass = "example.com/other" }, .expect("a", .none(""))]),
        .init(
            "A pool for the namespace comes before an unrestricted one, the lower priority first, 0 last",
            [
                .pool("any", "10.0.0.0/30"),
                .pool("late", "10.1.0.0/30", allocation: .init(priority: 0, namespaces: ["default"])),
                .pool("second", "10.2.0.0/30", allocation: .init(priority: 20, namespaces: ["default"])),
                .pool("first", "10.3.0.0/32", allocation: .init(priority: 10, namespaces: ["default"])),
                .service("a"), .service("b"), .expect("a", .has("10.3.0.0", from: "first")),
                .expect("b", .has("10.2.0.0", from: "second")),
            ]),
        .init(
            "A pool for labelled Services of labelled namespaces",
            [
                .namespace("default", ["team": "red"]),
                .pool(
                    "red", "10.1.0.0/30",
                    allocation: .init(
                        namespaceSelectors: [.init(matchLabels: ["team": "red"])],
                        serviceSelectors: [.init(matchLabels: ["tier": "web"])])),
                .service("a") { $0.metadata.labels = ["tier": "web"] }, .service("b"),
                .expect("a", .has("10.1.0.0", from: "red")), .expect("b", .none("NoPoolForService")),
            ]),
    ]

    private static let requested: [AllocationCase] = [
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

    private static let families: [AllocationCase] = [
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
                .expect("a", .has("192.168.57.200", "fd00:57::", from: "lan")),
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
    ]

    private static let shared: [AllocationCase] = [
        .init(
            "Equal keys, different ports: one address",
            [
                lan, .service("a", [key: "k"], ports: [80]), .service("b", [key: "k"], ports: [443]),
                .expect("a", .has("192.168.57.200", from: "lan")), .expect("b", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "The key joins wherever the others are, not only if theirs is the lowest address",
            metallb: "the first address that is free or shareable: the two may end up apart",
            [
                lan, .service("x"), .service("a", [key: "k"], ports: [80]), .delete("x"),
                .service("b", [key: "k"], ports: [443]), .expect("b", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "Equal keys, the same port: two addresses",
            [
                lan, .service("a", [key: "k"]), .service("b", [key: "k"]),
                .expect("b", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "A shared address is asked for without the key",
            [
                lan, .service("a", [key: "k"]), .service("b", [addresses: "192.168.57.200"], ports: [443]),
                .expect("b", .none("AddressInUse")),
            ]),
        .init(
            "Policy Local shares only with Services that have the same pods",
            metallb: "the namespace is forgotten: equal selectors in two namespaces share, and one of them is dark",
            [
                lan,
                .service("a", [key: "k"], ports: [80]) {
                    $0.spec?.externalTrafficPolicy = "Local"
                    $0.spec?.selector = ["app": "web"]
                },
                .service("b", [key: "k"], ports: [443]) {
                    $0.spec?.externalTrafficPolicy = "Local"
                    $0.spec?.selector = ["app": "web"]
                },
                .service("c", [key: "k"], namespace: "other", ports: [8080]) {
                    $0.spec?.externalTrafficPolicy = "Local"
                    $0.spec?.selector = ["app": "web"]
                },
                .expect("b", .has("192.168.57.200", from: "lan")),
                .expect("other/c", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "A Service whose own change breaks the sharing leaves; the others keep the address",
            [
                lan, .service("a", [key: "k"], ports: [80]), .service("b", [key: "k"], ports: [443]),
                .service("a", [key: "k"], ports: [443]), .expect("b", .has("192.168.57.200", from: "lan")),
                .expect("a", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "The only holder may change its key",
            [
                lan, .service("a", [key: "k"]), .service("a", [key: "other"]),
                .expect("a", .has("192.168.57.200", from: "lan")),
            ]),
    ]

    private static let pools: [AllocationCase] = [
        .init(
            "The pool grows: who waits is served",
            [
                .pool("lan", "192.168.57.200/32"), .service("a"), .service("b"),
                .pool("lan", "192.168.57.200/31"), .expect("b", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "The pool shrinks: addresses outside are replaced",
            [
                lan, .service("a"), .service("b"), .pool("lan", "192.168.57.201-192.168.57.203"),
                .expect("b", .has("192.168.57.201", from: "lan")), .expect("a", .has("192.168.57.202", from: "lan")),
            ]),
        .init(
            "The pool is renamed: addresses stay",
            [
                lan, .service("a"), .deletePool("lan"), .pool("home", "192.168.57.200-192.168.57.203"),
                .expect("a", .has("192.168.57.200", from: "home")),
            ]),
        .init("The pool is removed", [lan, .service("a"), .deletePool("lan"), .expect("a", .none("NoPools"))]),
        .init(
            "autoAssign is turned off: addresses stay",
            [
                lan, .service("a"), .pool("lan", "192.168.57.200-192.168.57.203", auto: false),
                .expect("a", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "avoidBuggyIPs is turned on: such addresses are replaced",
            [
                .pool("lan", "10.0.0.0/24"), .service("a"), .pool("lan", "10.0.0.0/24", avoidBuggy: true),
                .expect("a", .has("10.0.0.1", from: "lan")),
            ]),
        .init(
            "A pool that overlaps an older one assigns nothing; the older one goes on",
            metallb: "the webhook refuses it, or without webhook the whole configuration stays stale",
            [
                lan, .pool("new", "192.168.57.203-192.168.57.210"), .service("a"),
                .service("b", [pool: "new"]), .expect("a", .has("192.168.57.200", from: "lan")),
                .expect("b", .none("PoolNotReady")),
            ]),
        .init(
            "Entries of one pool that overlap count once", metallb: "refused",
            [
                .pool("lan", "192.168.57.200/31", "192.168.57.201-192.168.57.202"), .service("a"),
                .expect("a", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "An IPv6 range that runs backward is ignored, the rest of the pool is used",
            metallb: "the object is refused by the webhook",
            [
                .pool("lan", "fd00::9-fd00::1", "192.168.57.200/32"), .service("a"),
                .expect("a", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "The pool becomes restricted to other namespaces: the address is replaced",
            [
                .pool("any", "10.9.0.0/30"), .pool("a-lan", "10.0.0.0/30"), .service("a"),
                .pool("a-lan", "10.0.0.0/30", allocation: .init(namespaces: ["other"])),
                .expect("a", .has("10.9.0.0", from: "any")),
            ]),
    ]

    private static let life: [AllocationCase] = [
        .init(
            "The controller restarts: nothing moves",
            [
                lan, .service("x"), .service("a"), .delete("x"), .restart,
                .expect("a", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "The Service becomes ClusterIP: the address is released, and every trace removed",
            [lan, .service("a"), .service("a") { $0.spec?.type = "ClusterIP" }, .expect("a", .none(""))]),
        .init(
            "The status is wiped by somebody: the same address is written again",
            metallb: "the allocation is dropped, and another address may follow",
            [
                lan, .service("x"), .service("a"), .delete("x"), .status("a", []),
                .expect("a", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "The status has an address of no pool",
            [lan, .service("a"), .status("a", ["203.0.113.7"]), .expect("a", .has("192.168.57.200", from: "lan"))]),
        .init(
            "Two Services have one address in their status: the younger one gets another",
            [
                lan, .service("a"), .service("b"), .status("a", ["192.168.57.201"]),
                .expect("a", .has("192.168.57.201", from: "lan")), .expect("b", .has("192.168.57.202", from: "lan")),
            ]),
        .init(
            "A foreign host uses an automatic address: another one",
            metallb: "not noticed: both hosts answer",
            [
                lan, .node("worker-1", "192.168.57.11"), .service("a"),
                .conflict("a", "192.168.57.200", hardwareAddress: "02:00:00:00:00:99"),
                .expect("a", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "A foreign host uses a requested address: it stays, and Announced says why not",
            metallb: "not noticed",
            [
                lan, .node("worker-1", "192.168.57.11"), .service("a", [addresses: "192.168.57.200"]),
                .conflict("a", "192.168.57.200", hardwareAddress: "02:00:00:00:00:99"),
                .expect("a", .has("192.168.57.200", from: "lan")),
            ]),
    ]
}

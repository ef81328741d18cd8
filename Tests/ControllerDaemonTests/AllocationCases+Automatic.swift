import KubernetesModel

extension AllocationCase {
    /// Nothing is asked for.
    static let automatic: [AllocationCase] = [
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
        .init(
            "An address of the cluster's Service range is passed over", metallb: "assigned",
            [
                .serviceRange("extra", "10.97.0.0/30"), .pool("careless", "10.97.0.2-10.97.0.9"), .service("a"),
                .service("b", [addresses: "10.97.0.3"]), .expect("a", .has("10.97.0.4", from: "careless")),
                .expect("b", .none("AddressReserved")),
            ]),
        .init(
            "A Service range is added, and an address is in it: the address is replaced", metallb: "it stays",
            [
                .pool("careless", "10.97.0.2-10.97.0.9"), .service("a"), .serviceRange("extra", "10.97.0.0/30"),
                .expect("a", .has("10.97.0.4", from: "careless")),
            ]),
    ]
}

import KubernetesModel

extension AllocationCase {
    /// Pools that come, go and change.
    static let pools: [AllocationCase] = [
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
            "The pool is deleted and created anew: who has nothing meanwhile has its own address back, before others",
            metallb: "addresses are chosen anew, and may be exchanged",
            [
                lan, .service("a", [addresses: "192.168.57.202"]), .service("b", [addresses: "192.168.57.201"]),
                .service("a"), .service("b"), .deletePool("lan"), .service("c"), .expect("a", .none("NoPools")), lan,
                .expect("a", .has("192.168.57.202", from: "lan")), .expect("b", .has("192.168.57.201", from: "lan")),
                .expect("c", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "An address that was released with its pool is passed over for a minute, too",
            metallb: "reused at once",
            [
                lan, .service("a"), .deletePool("lan"), .delete("a"), lan, .service("b"),
                .expect("b", .has("192.168.57.201", from: "lan")),
            ]),
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
            "The older pool is made to overlap the younger: who has an address of the younger keeps it, new ones come from the older",
            metallb: "the webhook refuses it, or without webhook the whole configuration stays stale",
            [
                lan, .pool("new", "192.168.57.210/31", "192.168.57.230/31"),
                .service("a", [addresses: "192.168.57.210"]), .service("b", [addresses: "192.168.57.231"]),
                .service("c", [pool: "new"]), .pool("lan", "192.168.57.200-192.168.57.220"), .service("d"), .restart,
                .service("e", [pool: "new"]),
                .expect("a", .has("192.168.57.210", from: "lan")), .expect("b", .has("192.168.57.231", from: "new")),
                .expect("c", .keeps("192.168.57.211", from: "lan", reason: "PoolNotReady")),
                .expect("d", .has("192.168.57.200", from: "lan")), .expect("e", .none("PoolNotReady")),
                .pool("lan", "192.168.57.200-192.168.57.203"),
                .expect("a", .has("192.168.57.210", from: "new")), .expect("b", .has("192.168.57.231", from: "new")),
                .expect("c", .has("192.168.57.211", from: "new")), .expect("e", .has("192.168.57.230", from: "new")),
            ]),
        .init(
            "The same, where the older pool overlaps one family only, or is not open to the Service: it keeps all that it has",
            metallb: "as above",
            [
                lan, .pool("new", "192.168.57.210/31", "fd00:57::/126"),
                .service("a", [pool: "new"], families: ["IPv4", "IPv6"], policy: preferDual),
                .pool("lan", "192.168.57.200-192.168.57.220", allocation: .init(namespaces: ["other"])), .restart,
                .service("a", families: ["IPv4", "IPv6"], policy: preferDual),
                .expect("a", .has("192.168.57.210", "fd00:57::1", from: "new")),
            ]),
        .init(
            "The older pool shrinks, so that a second is accepted that a third overlaps: who has an address of the third keeps it",
            metallb: "as above",
            [
                lan, .pool("second", "192.168.57.203-192.168.57.220"), .pool("third", "192.168.57.210-192.168.57.230"),
                .service("a", [addresses: "192.168.57.210"]), .service("b", [addresses: "192.168.57.230"]),
                .pool("lan", "192.168.57.200-192.168.57.202"),
                .expect("a", .has("192.168.57.210", from: "second")),
                .expect("b", .has("192.168.57.230", from: "third")),
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
}

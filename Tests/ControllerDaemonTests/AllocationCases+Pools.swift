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
}

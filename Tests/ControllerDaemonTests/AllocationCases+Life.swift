import KubernetesModel

extension AllocationCase {
    /// What happens to a Service and to the controller.
    static let life: [AllocationCase] = [
        .init(
            "The controller restarts: nothing moves",
            [
                lan, .service("x"), .service("a"), .delete("x"), .restart,
                .expect("a", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "The controller restarts for another loadBalancerClass: every address stays, only Herald's own marks go; and back",
            [
                lan, .service("x"), .service("a"), .delete("x"), .restart(loadBalancerClass: "herald.invalid"),
                .expect("a", .init(addresses: ["192.168.57.201"], pool: nil, reason: "")), .restart,
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
            "A foreign host has an automatic address already: another one",
            metallb: "not noticed: both hosts answer",
            [
                lan, .node("worker-1", "192.168.57.11"), .service("a"),
                .conflict("a", "192.168.57.200", hardwareAddress: "02:00:00:00:00:99"),
                .expect("a", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "A foreign host claims an address that is announced: it stays, and Announced says so",
            metallb: "not noticed: both hosts answer",
            [
                lan, .node("worker-1", "192.168.57.11"), .service("a"),
                .conflict("a", "192.168.57.200", hardwareAddress: "02:00:00:00:00:99", isAnnounced: true), .restart,
                .expect("a", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "A foreign host uses a requested address: it stays, and Announced says why not",
            metallb: "not noticed",
            [
                lan, .node("worker-1", "192.168.57.11"), .service("a", [addresses: "192.168.57.200"]),
                .conflict("a", "192.168.57.200", hardwareAddress: "02:00:00:00:00:99"),
                .expect("a", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "A foreign host uses the only address: it stays, and is replaced once there is another",
            metallb: "not noticed",
            [
                .pool("lan", "192.168.57.200/32"), .node("worker-1", "192.168.57.11"), .service("a"),
                .conflict("a", "192.168.57.200", hardwareAddress: "02:00:00:00:00:99"), .service("b"), .restart,
                .expect("a", .keeps("192.168.57.200", from: "lan", reason: "AddressConflict")),
                .expect("b", .none("PoolExhausted")), .delete("b"), .pool("lan", "192.168.57.200/31"),
                .expect("a", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "One host answers for every address: the third one stays, and the reason is told",
            metallb: "not noticed",
            [
                lan, .node("worker-1", "192.168.57.11"), .service("a"),
                .conflict("a", "192.168.57.200", hardwareAddress: "02:00:00:00:00:99"),
                .conflict("a", "192.168.57.201", hardwareAddress: "02:00:00:00:00:99"),
                .conflict("a", "192.168.57.202", hardwareAddress: "02:00:00:00:00:99"),
                .expect("a", .keeps("192.168.57.202", from: "lan", reason: "AddressConflict")),
            ]),
        .init(
            "A Service that waits is being deleted, held by a finalizer: it gets nothing any more",
            metallb: "assigned, while others wait",
            [
                .service("a") { $0.metadata.finalizers = ["example.com/wait"] }, .delete("a"),
                .pool("lan", "192.168.57.200/32"), .service("b"), .expect("a", .none("BeingDeleted")),
                .expect("b", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "A Service that has an address is being deleted, held by a finalizer: it keeps it to the end",
            [
                lan, .service("a") { $0.metadata.finalizers = ["example.com/wait"] }, .delete("a"), .service("b"),
                .expect("a", .has("192.168.57.200", from: "lan")), .expect("b", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "A Service that is being deleted loses its address with the pool: it gets no other",
            metallb: "another one is assigned",
            [
                lan, .pool("more", "10.9.0.0/30"),
                .service("a") { $0.metadata.finalizers = ["example.com/wait"] }, .delete("a"),
                .deletePool("lan"), .expect("a", .none("BeingDeleted")),
            ]),
        .init(
            "Somebody else's host name in the status stays beside the address",
            metallb: "it is overwritten",
            [
                lan, .service("a"), .status("a", ["lb.example.com"]),
                .expect("a", .has("192.168.57.200", "lb.example.com", from: "lan")),
            ]),
        .init(
            "Somebody writes two addresses of one family into the status: the first counts",
            metallb: "both are dropped, and another address may follow",
            [
                lan, .service("a"), .status("a", ["192.168.57.202", "192.168.57.203"]),
                .expect("a", .has("192.168.57.202", from: "lan")),
            ]),
        .init(
            "Somebody writes the address of an older Service into the status: it goes back",
            [
                lan, .service("a"), .service("b"), .status("b", ["192.168.57.200"]),
                .expect("a", .has("192.168.57.200", from: "lan")), .expect("b", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "Somebody writes a younger Service's address into the status of one that has what it asks for: both keep theirs",
            [
                lan, .service("a", ["lb.cluster.home/addresses": "192.168.57.202"]), .service("b"),
                .status("a", ["192.168.57.200"]),
                .expect("a", .has("192.168.57.202", from: "lan")), .expect("b", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "The loadBalancerClass becomes another's (by way of ClusterIP): released, and no trace is left",
            [
                lan, .service("a"), .service("a") { $0.spec?.type = "ClusterIP" },
                .service("a") { $0.spec?.loadBalancerClass = "example.com/other" }, .service("b"),
                .expect("a", .none("")), .expect("b", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "What another class's controller has written is not ours to remove",
            [
                lan, .service("a") { $0.spec?.loadBalancerClass = "example.com/other" },
                .status("a", ["203.0.113.7"]),
                .expect("a", .init(addresses: ["203.0.113.7"], pool: nil, reason: "")),
            ]),
        .init(
            "The loadBalancerClass of another becomes ours (by way of ClusterIP): an address of ours",
            [
                lan, .service("a") { $0.spec?.loadBalancerClass = "example.com/other" },
                .status("a", ["203.0.113.7"]), .service("a") { $0.spec?.type = "ClusterIP" }, .service("a"),
                .expect("a", .has("192.168.57.200", from: "lan")),
            ]),
    ]
}

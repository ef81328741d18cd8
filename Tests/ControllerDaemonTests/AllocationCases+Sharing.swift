import KubernetesModel

extension AllocationCase {
    /// Several Services on one address.
    static let shared: [AllocationCase] = [
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
            "Policy Local without a selector shares with nobody: the endpoints are kept by hand",
            metallb: "two empty selectors are equal: they share, and one of them may be dark",
            [
                lan,
                .service("a", [key: "k"], ports: [80]) {
                    $0.spec?.externalTrafficPolicy = "Local"
                    $0.spec?.selector = nil
                },
                .service("b", [key: "k"], ports: [443]) {
                    $0.spec?.externalTrafficPolicy = "Local"
                    $0.spec?.selector = nil
                },
                .expect("a", .has("192.168.57.200", from: "lan")), .expect("b", .has("192.168.57.201", from: "lan")),
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
        .init(
            "Equal keys and port numbers, but TCP and UDP: one address",
            [
                lan, .service("a", [key: "dns"], ports: [53]),
                .service("b", [key: "dns"], ports: [53]) { $0.spec?.ports?[0].protocol = "UDP" },
                .expect("b", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "Equal keys, one of several ports in common: two addresses",
            [
                lan, .service("a", [key: "k"], ports: [80, 443]), .service("b", [key: "k"], ports: [8080, 443]),
                .expect("b", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "Equal keys, policy Cluster and policy Local: two addresses",
            [
                lan, .service("a", [key: "k"], ports: [80]),
                .service("b", [key: "k"], ports: [443]) { $0.spec?.externalTrafficPolicy = "Local" },
                .expect("b", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "Who turns from Cluster to Local while it shares leaves; the other keeps the address",
            [
                lan, .service("a", [key: "k"], ports: [80]), .service("b", [key: "k"], ports: [443]),
                .service("a", [key: "k"], ports: [80]) { $0.spec?.externalTrafficPolicy = "Local" },
                .expect("a", .has("192.168.57.201", from: "lan")), .expect("b", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "Who changes its key while it shares leaves; the other keeps the address",
            [
                lan, .service("a", [key: "k"], ports: [80]), .service("b", [key: "k"], ports: [443]),
                .service("a", [key: "other"], ports: [80]), .expect("a", .has("192.168.57.201", from: "lan")),
                .expect("b", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "Who takes on the key of others keeps the address that it has",
            [
                lan, .service("a", [key: "k"], ports: [80]), .service("b", ports: [443]),
                .service("b", [key: "k"], ports: [443]), .expect("b", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "One of those who share is deleted: the address stays with the others, and takes in the next",
            [
                lan, .service("a", [key: "k"], ports: [80]), .service("b", [key: "k"], ports: [443]), .delete("a"),
                .service("c", [key: "k"], ports: [80]), .expect("b", .has("192.168.57.200", from: "lan")),
                .expect("c", .has("192.168.57.200", from: "lan")),
            ]),
        .init(
            "The last of those who share is deleted: the address rests for a minute",
            [
                lan, .service("a", [key: "k"], ports: [80]), .service("b", [key: "k"], ports: [443]), .delete("a"),
                .delete("b"), .service("c", [key: "k"]), .expect("c", .has("192.168.57.201", from: "lan")),
            ]),
        .init(
            "A full pool: who has the key still gets in",
            [
                .pool("lan", "192.168.57.200/32"), .service("a", [key: "k"], ports: [80]),
                .service("b", [key: "k"], ports: [443]), .service("c", [key: "other"], ports: [8080]),
                .expect("b", .has("192.168.57.200", from: "lan")), .expect("c", .none("PoolExhausted")),
            ]),
    ]
}

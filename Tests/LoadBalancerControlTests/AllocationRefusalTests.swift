import AddressPools
import NetworkAddresses
import Testing

/// Explain has a row for every refusal of the allocator: what a Service must be like to get it, and what it is told.
@Suite("explain a refused allocation")
struct AllocationRefusalTests {
    typealias Row = ExplainTests.Row

    static func pool(_ spec: String, name: String = "lan", more: String = "") -> String {
        "kind: IPAddressPool\nmetadata: {name: \(name)}\nspec: {\(spec)}\(more)"
    }

    /// As a pool's status remembers it.
    static let conflict =
        "{address: 192.168.57.200, hardwareAddress: '02:00:00:00:00:99', seen: '2026-11-21T11:59:00Z'}"

    static let range = "addresses: [192.168.57.200-192.168.57.201]"

    static func asking(_ addresses: String, families: String = "ipFamilies: [IPv4]") -> String {
        service("lb.cluster.home/addresses: \"\(addresses)\"", families: families)
    }

    static func service(_ annotations: String, families: String = "ipFamilies: [IPv4]") -> String {
        World.service("web", address: nil, annotations: annotations).replacing("ipFamilies: [IPv4]", with: families)
    }

    static let rows: [Row] = [
        Row(reason: "noPools", yaml: service(""), says: "There is no IPAddressPool yet."),
        Row(
            reason: "noPoolForService", yaml: World.join(pool("\(range), autoAssign: false"), service("")),
            says: "Every IPAddressPool is reserved for other Services"),
        Row(
            reason: "unknownPool", yaml: World.join(pool(range), service("lb.cluster.home/pool: wan")),
            says: "There is no IPAddressPool \"wan\"."),
        Row(
            reason: "poolNotReady",
            yaml: World.join(
                pool("addresses: [10.0.0.0/30]", name: "a"), pool("addresses: [nonsense]"),
                service("lb.cluster.home/pool: lan")),
            says: "IPAddressPool \"lan\" is not ready."),
        Row(
            reason: "poolNotForService",
            yaml: World.join(
                pool("\(range), serviceAllocation: {namespaces: [other]}"), service("lb.cluster.home/pool: lan")),
            says: "IPAddressPool \"lan\" is reserved for other Services."),
        Row(
            reason: "poolLacksFamily", yaml: World.join(pool(range), service("", families: "ipFamilies: [IPv6]")),
            says: "IPAddressPool \"lan\" has no IPv6 addresses."),
        Row(
            reason: "poolExhausted",
            yaml: World.join(
                pool(range), World.service("a"), World.service("b", address: "192.168.57.201"), service("")),
            says: "IPAddressPool \"lan\" has no free IPv4 address left."),
        Row(
            reason: "poolExhausted",
            yaml: World.join(
                pool("addresses: [10.244.0.0/28]"), World.node("n1", more: "spec: {podCIDRs: [10.244.0.0/24]}"),
                service("")),
            says: "IPAddressPool \"lan\" has no free IPv4 address left."),
        Row(
            reason: "addressOutsidePools", yaml: World.join(pool(range), asking("10.9.9.9")),
            says: "10.9.9.9 is in no IPAddressPool."),
        Row(
            reason: "addressReserved",
            yaml: World.join(
                pool(range), asking("192.168.57.200"),
                World.node("n1", more: "status: {addresses: [{type: InternalIP, address: 192.168.57.200}]}")),
            says: "192.168.57.200 is the address of node n1"),
        Row(
            reason: "addressAvoided",
            yaml: World.join(pool("addresses: [192.168.57.0/24], avoidBuggyIPs: true"), asking("192.168.57.255")),
            says: "192.168.57.255 ends in .0 or .255"),
        Row(
            reason: "addressInUse", yaml: World.join(pool(range), World.service("a"), asking("192.168.57.200")),
            says: "192.168.57.200 is in use by Service default/a."),
        Row(
            reason: "poolExhausted",
            yaml: World.join(
                pool("addresses: [192.168.57.200/32]", more: "\nstatus: {conflicts: [\(conflict)]}"), service("")),
            says: "no free IPv4 address left; foreign hosts use 192.168.57.200 (02:00:00:00:00:99)."),
        Row(
            reason: "addressConflict",
            yaml: World.join(
                pool(range, more: "\nstatus: {conflicts: [\(conflict)]}"), World.service("web"),
                """
                kind: ServiceL2Status
                metadata: {name: default.web, namespace: herald-system}
                status:
                  serviceNamespace: default
                  serviceName: web
                  addresses:
                  - {address: 192.168.57.200, interface: eth0, node: n1, conflict: '02:00:00:00:00:99'}
                """),
            says: "192.168.57.200 is used by a foreign host (02:00:00:00:00:99)."),
        Row(
            reason: "wrongFamily", yaml: World.join(pool("addresses: [fd00::1-fd00::9]"), asking("fd00::1")),
            says: "fd00::1 is requested, but the Service is IPv4."),
        Row(
            reason: "twoOfOneFamily",
            yaml: World.join(
                pool(range),
                asking(
                    "192.168.57.200,192.168.57.201",
                    families: "ipFamilies: [IPv4, IPv6], ipFamilyPolicy: PreferDualStack")),
            says: "192.168.57.200 and 192.168.57.201 are of one family."),
        Row(
            reason: "tooManyAddresses",
            yaml: World.join(
                pool(range),
                asking(
                    "192.168.57.200,192.168.57.201,fd00::1",
                    families: "ipFamilies: [IPv4, IPv6], ipFamilyPolicy: PreferDualStack")),
            says: "3 addresses are requested."),
        Row(
            reason: "familyMissing",
            yaml: World.join(
                pool(range),
                asking("192.168.57.200", families: "ipFamilies: [IPv4, IPv6], ipFamilyPolicy: RequireDualStack")),
            says: "no IPv6 address is requested."),
        Row(
            reason: "addressesInTwoPools",
            yaml: World.join(
                pool(range), pool("addresses: [fd00::1-fd00::9]", name: "six"),
                asking(
                    "192.168.57.200,fd00::1", families: "ipFamilies: [IPv4, IPv6], ipFamilyPolicy: RequireDualStack")),
            says: "The requested addresses are in two pools"),
        Row(
            reason: "addressInOtherPool",
            yaml: World.join(
                pool(range), pool("addresses: [10.0.0.0/30]", name: "a"),
                service("lb.cluster.home/pool: a, lb.cluster.home/addresses: 192.168.57.200")),
            says: "192.168.57.200 is in IPAddressPool \"lan\", but pool \"a\" is requested too."),
    ]

    @Test("says why, and what to do", arguments: rows)
    func reason(_ row: Row) throws {
        let lines = try World(row.yaml).explain("web")
        let text = lines.joined(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("  → ") && $0.contains(row.says) }, "\(text)")
        let advice = lines.drop { $0 != "What to do" }.dropFirst()
        #expect(advice.contains { $0.contains(row.says) }, "\(text)")
    }

    @Test("has a row for every refusal", arguments: samples)
    func coverage(_ refusal: Refusal) {
        #expect(Self.rows.contains { $0.reason == Self.name(refusal) })
    }

    static let four = IPAddress.v4(IPv4Address(192, 168, 57, 200))
    static let samples: [Refusal] = [
        .noPools, .noPoolForService, .unknownPool("x"), .poolNotReady("x"), .poolNotForService("x"),
        .poolLacksFamily(pools: ["x"], families: [.ipv4]), .poolExhausted(pools: ["x"], families: [.ipv4]),
        .addressOutsidePools(four), .addressReserved(four, .notUnicast), .addressAvoided(four, pool: "x"),
        .addressInUse(four, by: Holder(namespace: "a", name: "b"), .noKey),
        .addressConflict(four, hardwareAddress: "02:00:00:00:00:01"), .wrongFamily(four, wanted: [.ipv6]),
        .twoOfOneFamily(four, four), .tooManyAddresses(3), .familyMissing(.ipv6), .addressesInTwoPools("x", "y"),
        .addressInOtherPool(four, pool: "x", wanted: "y"),
    ]

    /// No default: a new refusal does not compile until it has a name. Give it a sample, too: then it needs a row.
    static func name(_ refusal: Refusal) -> String {
        switch refusal {
        case .noPools: "noPools"
        case .noPoolForService: "noPoolForService"
        case .unknownPool: "unknownPool"
        case .poolNotReady: "poolNotReady"
        case .poolNotForService: "poolNotForService"
        case .poolLacksFamily: "poolLacksFamily"
        case .poolExhausted: "poolExhausted"
        case .addressOutsidePools: "addressOutsidePools"
        case .addressReserved: "addressReserved"
        case .addressAvoided: "addressAvoided"
        case .addressInUse: "addressInUse"
        case .addressConflict: "addressConflict"
        case .wrongFamily: "wrongFamily"
        case .twoOfOneFamily: "twoOfOneFamily"
        case .tooManyAddresses: "tooManyAddresses"
        case .familyMissing: "familyMissing"
        case .addressesInTwoPools: "addressesInTwoPools"
        case .addressInOtherPool: "addressInOtherPool"
        }
    }
}

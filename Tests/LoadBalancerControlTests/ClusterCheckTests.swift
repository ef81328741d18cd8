import KubernetesClient
import KubernetesModel
import Testing

@testable import LoadBalancerControl

@Suite("check")
struct ClusterCheckTests {
    private static func findings(_ yaml: String, _ subject: String) throws -> [Finding] {
        var surroundings = ClusterCheck.Surroundings()
        surroundings.heraldNamespace = "lb"
        return ClusterCheck(snapshot: try World(yaml).snapshot, surroundings: surroundings, now: World.now).findings
            .filter { $0.subject == subject }
    }

    @Test(
        "the controllers' Lease is known by its name, and its age by the API server's clock",
        arguments: [
            (World.lease("herald-controller"), nil, ""),
            // A Lease of somebody else's in the same namespace.
            (World.lease("aaa"), .error, "has ever led with Lease herald-controller"),
            (
                World.join(
                    World.lease("aaa"), World.lease("herald-controller", renewed: "2026-11-21T11:59:00.000000Z")),
                .error, "holder was silent for 60 s by its node's clock"
            ),
            (
                World.lease("herald-controller", renewed: "2026-11-21T12:00:30.000000Z"), .warning,
                "the clock of holder is 30 s ahead"
            ),
            (World.lease("herald-controller", renewed: "2026-11-21T12:00:03.000000Z"), nil, ""),
        ] as [(String, Finding.Severity?, String)])
    func controller(_ yaml: String, _ severity: Finding.Severity?, _ says: String) throws {
        let findings = try Self.findings(yaml, "controller")
        #expect(findings.map(\.severity) == (severity.map { [$0] } ?? []))
        #expect(findings.allSatisfy { $0.evidence.contains(says) }, "\(findings.map(\.line))")
        #expect(findings.allSatisfy { $0.severity != .error || $0.remedy.contains("-n lb ") })
    }

    @Test(
        "what of a pool lies in the ranges of Pods or Services, or is a node's, is never given",
        arguments: [
            (
                "kind: ServiceCIDR\nmetadata: {name: s}\nspec: {cidrs: [10.96.0.0/24]}",
                "10.96.0.200-10.96.0.255, of the range"
            ),
            (
                World.node("n1", more: "spec: {podCIDRs: [10.96.1.0/28]}"),
                "10.96.1.0-10.96.1.15, of the range of the Pods on node n1"
            ),
            (
                World.node("n1", more: "status: {addresses: [{type: InternalIP, address: 10.96.0.201}]}"),
                "10.96.0.201, the address of node n1"
            ), (World.node("n1", more: "spec: {podCIDRs: [10.97.0.0/16]}"), nil),
        ] as [(String, String?)])
    func ranges(_ yaml: String, _ says: String?) throws {
        let pool = "kind: IPAddressPool\nmetadata: {name: p}\nspec: {addresses: [10.96.0.200-10.96.1.200]}"
        let findings = try Self.findings(World.join(pool, yaml), "IPAddressPool p")
        #expect(findings.map(\.severity) == (says.map { _ in [.warning] } ?? []))
        #expect(findings.allSatisfy { $0.evidence.hasPrefix("contains \(says ?? "?")") }, "\(findings.map(\.line))")
    }

    @Test(
        "an API server that lacks what Herald needs is an error, one of an unknown version is none",
        arguments: [("30", "v1.30.4", "is Kubernetes v1.30.4"), ("31+", "v1.31.1-eks", nil), ("", "", nil)]
            as [(String, String, String?)])
    func version(_ minor: String, _ git: String, _ says: String?) throws {
        var surroundings = ClusterCheck.Surroundings()
        surroundings.serverVersion = ServerVersion(["major": "1", "minor": .string(minor), "gitVersion": .string(git)])
        let check = ClusterCheck(snapshot: try World(World.pool).snapshot, surroundings: surroundings, now: World.now)
        #expect(check.findings.filter { $0.subject == "API server" }.map(\.evidence) == (says.map { [$0] } ?? []))
    }

    @Test(
        "a speaker is silent, or its clock is ahead, or it runs",
        arguments: [
            (World.lease("speaker-n1"), nil), (World.lease("speaker-n2"), .warning),
            (World.lease("speaker-n1", renewed: "2026-11-21T11:59:44.000000Z"), .error),
            (World.lease("speaker-n1", renewed: "2026-11-21T12:05:00.000000Z"), .warning),
        ] as [(String, Finding.Severity?)])
    func speaker(_ lease: String, _ severity: Finding.Severity?) throws {
        let findings = try Self.findings(World.join(World.node("n1"), lease), "node n1")
        #expect(findings.map(\.severity) == (severity.map { [$0] } ?? []))
        #expect(findings.allSatisfy { !$0.remedy.contains("herald-system") })
    }

    @Test(
        "the clock of whoever looks does not matter beyond what whole seconds can say",
        arguments: [(-3600, -3600), (-20, -20), (-2, 0), (0, 0), (1, 0), (20, 20)] as [(Int64, Int64)])
    func clock(_ lead: Int64, _ corrected: Int64) {
        let local = Timestamp(microseconds: 1_795_000_000_500_000)
        let clock = ServerClock(server: Timestamp(seconds: 1_795_000_000 + lead), local: local)
        #expect(clock.time(at: local).microseconds - local.microseconds == corrected * 1_000_000)
        #expect(ServerClock(server: nil, local: local).time(at: local) == local)
    }
}

import KubernetesModel
import MonotonicTime
import NetworkAddresses
import Reconciliation
import Testing

@testable import SpeakerDaemon

@Suite struct AnnouncementRecordsTests {
    static let start = Instant(nanoseconds: 1_000_000_000_000)
    static let hardware = MACAddress(0x02, 0, 0, 0, 0, 1)
    static let address = IPAddress.v4(IPv4Address(192, 168, 57, 200))
    static let since = Timestamp(seconds: 1000)

    /// A plan in which Services `a` and `b` share 192.168.57.200.
    static var plan: SpeakerPlan { plan(["a", "b"]) }

    static func plan(_ services: [String], _ statuses: [ServiceL2Status] = []) -> SpeakerPlan {
        var snapshot = ClusterSnapshot()
        snapshot.apply(
            .pool(
                .applied(
                    IPAddressPool(
                        metadata: ObjectMeta(name: "home"), spec: .init(addresses: ["192.168.57.200-192.168.57.209"]))))
        )
        snapshot.apply(.announcement(.replaced(statuses)))
        for name in services {
            snapshot.apply(
                .service(
                    .applied(
                        Service(
                            metadata: ObjectMeta(name: name, namespace: "default", uid: name),
                            spec: .init(type: "LoadBalancer"),
                            status: .init(loadBalancer: .init(ingress: [.init(ip: "192.168.57.200")]))))))
        }
        return SpeakerPlan(for: snapshot, node: "node-a")
    }

    static func entry(_ node: String = "node-a", since: Timestamp? = since) -> ServiceL2Status.Announced {
        .init(
            address: "192.168.57.200", interface: "eth0", node: node, hardwareAddress: "02:00:00:00:00:01", since: since
        )
    }

    static func status(_ service: String, _ entries: [ServiceL2Status.Announced]) -> ServiceL2Status {
        ServiceL2Status(
            metadata: ObjectMeta(
                name: ServiceL2Status.objectName(namespace: "default", name: service), namespace: "herald-system"),
            status: .init(serviceNamespace: "default", serviceName: service, addresses: entries))
    }

    @Test("an address that was taken is recorded at once, for each Service that shares it, and only once")
    func taken() {
        var records = AnnouncementRecords(node: "node-a")
        records.saw(.replaced([]), at: Self.start)
        records.took(Self.address, on: "eth0", hardwareAddress: Self.hardware, since: Self.since)
        let writes = records.due(at: Self.start, plan: Self.plan)
        #expect(writes.map(\.name) == ["default.a", "default.b"])
        #expect(writes.allSatisfy { $0.entries == [Self.entry()] })
        for write in writes { records.wrote(write) }
        let later = records.due(at: Self.start + .seconds(60), plan: Self.plan)
        #expect(later.isEmpty)
    }

    @Test("writes of one object are a second apart, and a lost address is taken back only after five")
    func spacing() {
        var records = AnnouncementRecords(node: "node-a")
        records.took(Self.address, on: "eth0", hardwareAddress: Self.hardware, since: Self.since)
        for write in records.due(at: Self.start, plan: Self.plan) { records.wrote(write) }
        records.conflict(Self.address, on: "eth0", with: MACAddress(2, 0, 0, 0, 0, 9), at: Self.start, plan: Self.plan)
        let tooSoon = records.due(at: Self.start + .milliseconds(999), plan: Self.plan)
        #expect(tooSoon.isEmpty)
        let conflict = records.due(at: Self.start + .seconds(1), plan: Self.plan)
        #expect(conflict.first?.entries.first?.conflict == "02:00:00:00:00:09")
        for write in conflict { records.wrote(write) }

        records.gaveUp(Self.address, on: "eth0", at: Self.start + .seconds(10))
        let early = records.due(at: Self.start + .seconds(14), plan: Self.plan)
        #expect(early.isEmpty)
        #expect(records.nextDeadline(after: Self.start + .seconds(14)) == Self.start + .seconds(15))
        let due = records.due(at: Self.start + .seconds(15), plan: Self.plan)
        #expect(due.map(\.entries) == [[], []])
    }

    @Test("a Service that is given an address just after it was withdrawn is not said to be announced")
    func nextHolder() {
        var records = AnnouncementRecords(node: "node-a")
        records.saw(.replaced([]), at: Self.start)
        records.took(Self.address, on: "eth0", hardwareAddress: Self.hardware, since: Self.since)
        for write in records.due(at: Self.start, plan: Self.plan(["a"])) { records.wrote(write) }
        records.gaveUp(Self.address, on: "eth0", at: Self.start + .seconds(10))
        let shared = records.due(at: Self.start + .seconds(11), plan: Self.plan(["a", "b"]))
        #expect(shared.isEmpty, "default.a keeps its entry for five seconds, default.b gets none")
        // default.a was deleted, and its record with it.
        records.saw(.deleted(Self.status("a", [Self.entry()])), at: Self.start + .seconds(12))
        let next = records.due(at: Self.start + .seconds(12), plan: Self.plan(["b"]))
        #expect(next.isEmpty)
        records.took(Self.address, on: "eth0", hardwareAddress: Self.hardware, since: Self.since)
        let again = records.due(at: Self.start + .seconds(13), plan: Self.plan(["b"]))
        #expect(again.map(\.name) == ["default.b"])
    }

    @Test(
        "a record names one announcer or several",
        arguments: [
            ([], false), (["node-a"], true), (["node-b"], false), (["node-a", "node-b"], false),
        ] as [([String], Bool)])
    func onlyAnnouncer(nodes: [String], isAlone: Bool) {
        let plan = Self.plan(["a"], [Self.status("a", nodes.map { Self.entry($0) })])
        #expect(plan.isRecorded(Self.address, on: "eth0", byNoneBut: "node-a") == isAlone)
        #expect(!plan.isRecorded(Self.address, on: "eth1", byNoneBut: "node-a"))
    }

    @Test("what an earlier process wrote stays while this one joins, and keeps its beginning when it comes back")
    func earlierLife() {
        var records = AnnouncementRecords(node: "node-a")
        records.saw(.replaced([Self.status("a", [Self.entry(), Self.entry("node-b")])]), at: Self.start)
        let joining = records.due(at: Self.start + .seconds(1), plan: Self.plan)
        #expect(joining.isEmpty)

        var returned = records
        returned.took(Self.address, on: "eth0", hardwareAddress: Self.hardware, since: Timestamp(seconds: 2000))
        let kept = returned.due(at: Self.start + .seconds(2), plan: Self.plan)
        #expect(kept.map(\.name) == ["default.b"], "default.a says it already, with the old beginning")
        #expect(kept.first?.entries == [Self.entry()])

        let cleaned = records.due(at: Self.start + .seconds(15), plan: Self.plan)
        #expect(cleaned == [.init(name: "default.a", service: ObjectKey(namespace: "default", name: "a"), entries: [])])
    }

    @Test("a report corrects a fact that was lost, and somebody's meddling with the record is repaired")
    func corrections() {
        var records = AnnouncementRecords(node: "node-a")
        records.took(Self.address, on: "eth0", hardwareAddress: Self.hardware, since: Self.since)
        for write in records.due(at: Self.start, plan: Self.plan) { records.wrote(write) }
        records.saw(.applied(Self.status("a", [])), at: Self.start + .seconds(2))
        let repaired = records.due(at: Self.start + .seconds(2), plan: Self.plan)
        #expect(repaired.map(\.name) == ["default.a"])
        for write in repaired { records.wrote(write) }

        records.announces([], on: "eth0", at: Self.start + .seconds(3))
        let removed = records.due(at: Self.start + .seconds(8), plan: Self.plan)
        #expect(removed.map(\.entries) == [[], []])
    }
}

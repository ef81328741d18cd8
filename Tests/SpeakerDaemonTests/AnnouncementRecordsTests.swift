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
        for change in changes(services) { snapshot.apply(change) }
        snapshot.apply(.announcement(.replaced(statuses)))
        return SpeakerPlan(for: snapshot, node: "node-a")
    }

    static func changes(_ services: [String]) -> [ClusterChange] {
        let pool = IPAddressPool(
            metadata: ObjectMeta(name: "home"), spec: .init(addresses: ["192.168.57.200-192.168.57.209"]))
        return [.pool(.applied(pool))]
            + services.map { name in
                .service(
                    .applied(
                        Service(
                            metadata: ObjectMeta(name: name, namespace: "default", uid: name),
                            spec: .init(type: "LoadBalancer"),
                            status: .init(loadBalancer: .init(ingress: [.init(ip: "192.168.57.200")])))))
            }
    }

    static func entry(_ node: String = "node-a", since: Timestamp? = since) -> ServiceL2Status.Announced {
        .init(
            address: "192.168.57.200", interface: "eth0", node: node, hardwareAddress: "02:00:00:00:00:01", since: since
        )
    }

    static func status(_ service: String, _ entries: [ServiceL2Status.Announced]) -> ServiceL2Status {
        ServiceL2Status(
            metadata: ObjectMeta(name: "default.\(service)", namespace: "herald-system"),
            status: .init(serviceNamespace: "default", serviceName: service, addresses: entries))
    }

    static func took(
        _ records: inout AnnouncementRecords, since: Timestamp = since, plan: SpeakerPlan = plan
    ) {
        records.took(address, on: "eth0", hardwareAddress: hardware, since: since, plan: plan)
    }

    static func announces(
        _ records: inout AnnouncementRecords, _ announced: [IPAddress: Timestamp], on link: String = "eth0",
        hardware: MACAddress = hardware, at seconds: Int64
    ) -> Set<IPAddress> {
        records.announces(announced, on: link, hardwareAddress: hardware, at: start + .seconds(seconds), plan: plan)
    }

    @Test("an address that was taken is recorded at once, for each Service that shares it, and only once")
    func taken() {
        var records = AnnouncementRecords(node: "node-a")
        records.saw(.replaced([]), at: Self.start)
        Self.took(&records)
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
        Self.took(&records)
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
        #expect(records.nextDeadline(at: Self.start + .seconds(14)) == Self.start + .seconds(15))
        let due = records.due(at: Self.start + .seconds(15), plan: Self.plan)
        #expect(due.map(\.entries) == [[], []])
    }

    @Test("a Service that is given an address just after it was withdrawn is not said to be announced")
    func nextHolder() {
        var records = AnnouncementRecords(node: "node-a")
        records.saw(.replaced([]), at: Self.start)
        Self.took(&records)
        for write in records.due(at: Self.start, plan: Self.plan(["a"])) { records.wrote(write) }
        records.gaveUp(Self.address, on: "eth0", at: Self.start + .seconds(10))
        records.planChanged()
        let shared = records.due(at: Self.start + .seconds(11), plan: Self.plan(["a", "b"]))
        #expect(shared.isEmpty, "default.a keeps its entry for five seconds, default.b gets none")
        // default.a was deleted, and its record with it.
        records.planChanged()
        records.saw(.deleted(Self.status("a", [Self.entry()])), at: Self.start + .seconds(12))
        let next = records.due(at: Self.start + .seconds(12), plan: Self.plan(["b"]))
        #expect(next.isEmpty)
        Self.took(&records)
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
        Self.took(&returned, since: Timestamp(seconds: 2000))
        let kept = returned.due(at: Self.start + .seconds(2), plan: Self.plan)
        #expect(kept.map(\.name) == ["default.b"], "default.a says it already, with the old beginning")
        #expect(kept.first?.entries == [Self.entry()])

        let cleaned = records.due(at: Self.start + .seconds(15), plan: Self.plan)
        #expect(cleaned == [.init(name: "default.a", service: ObjectKey(namespace: "default", name: "a"), entries: [])])
    }

    @Test("a report corrects a fact that was lost, and somebody's meddling with the record is repaired")
    func corrections() {
        var records = AnnouncementRecords(node: "node-a")
        Self.took(&records)
        for write in records.due(at: Self.start, plan: Self.plan) { records.wrote(write) }
        records.saw(.applied(Self.status("a", [])), at: Self.start + .seconds(2))
        let repaired = records.due(at: Self.start + .seconds(2), plan: Self.plan)
        #expect(repaired.map(\.name) == ["default.a"])
        for write in repaired { records.wrote(write) }

        #expect(Self.announces(&records, [:], at: 3).isEmpty)
        let removed = records.due(at: Self.start + .seconds(8), plan: Self.plan)
        #expect(removed.map(\.entries) == [[], []])
    }

    @Test("takes whose facts were lost are in the record after the next report, with the beginning that it tells")
    func untold() {
        var records = AnnouncementRecords(node: "node-a")
        let announced = [Self.address: Self.since]
        #expect(Self.announces(&records, announced, at: 0) == [Self.address])
        let writes = records.due(at: Self.start, plan: Self.plan)
        #expect(writes.map(\.entries) == [[Self.entry()], [Self.entry()]])
        #expect(Self.announces(&records, announced, at: 1).isEmpty, "told by now")

        records.gaveUp(Self.address, on: "eth0", at: Self.start + .seconds(2))
        #expect(Self.announces(&records, announced, at: 3) == [Self.address], "taken again")
        let changed = MACAddress(2, 0, 0, 0, 0, 7)
        #expect(Self.announces(&records, announced, hardware: changed, at: 20) == [Self.address])
        let moved = records.due(at: Self.start + .seconds(20), plan: Self.plan)
        #expect(moved.map { $0.entries.map(\.hardwareAddress) } == [["02:00:00:00:00:07"], ["02:00:00:00:00:07"]])
    }

    @Test("the entries of an interface that is gone are taken back, and those of its new name are written")
    func renamed() {
        var records = AnnouncementRecords(node: "node-a")
        Self.took(&records)
        records.conflict(Self.address, on: "eth1", with: MACAddress(2, 0, 0, 0, 0, 9), at: Self.start, plan: Self.plan)
        for write in records.due(at: Self.start, plan: Self.plan) { records.wrote(write) }
        let lost = ["eth1", "eth0", "eth0"].map { records.linkGone($0, at: Self.start + .seconds(10)) }
        #expect(lost == [[], [Self.address], []], "only a conflict was told of eth1")
        #expect(Self.announces(&records, [Self.address: Self.since], on: "lan0", at: 12) == [Self.address])
        let renamed = records.due(at: Self.start + .seconds(15), plan: Self.plan)
        #expect(renamed.map(\.name) == ["default.a", "default.b"])
        for write in renamed {
            records.wrote(write)
            #expect(write.entries.map(\.interface) == ["lan0"])
            #expect(write.entries.map(\.since) == [Self.since], "it was announced all the time")
        }
        #expect(Self.announces(&records, [:], on: "lan0", at: 15).isEmpty)
        let bridged = records.due(at: Self.start + .seconds(20), plan: Self.plan)
        #expect(bridged.map(\.entries) == [[], []])
    }

    @Test("a write that the API server refuses stays due, and is tried again a minute later")
    func refused() {
        var records = AnnouncementRecords(node: "node-a")
        Self.took(&records)
        let writes = records.due(at: Self.start, plan: Self.plan)
        records.refused(writes, at: Self.start + .seconds(2))
        let early = records.due(at: Self.start + .seconds(61), plan: Self.plan)
        #expect(early.isEmpty)
        #expect(records.nextDeadline(at: Self.start + .seconds(61)) == Self.start + .seconds(62))
        let again = records.due(at: Self.start + .seconds(62), plan: Self.plan)
        #expect(again == writes)
        for write in again { records.wrote(write) }

        records.gaveUp(Self.address, on: "eth0", at: Self.start + .seconds(100))
        let removals = records.due(at: Self.start + .seconds(105), plan: Self.plan)
        #expect(removals.map(\.entries) == [[], []])
        records.refused(removals, at: Self.start + .seconds(105))
        let removalsAgain = records.due(at: Self.start + .seconds(165), plan: Self.plan)
        #expect(removalsAgain == removals)
    }

    @Test("a write that did not get through is tried again soon, whatever became of the others")
    func refusedBesideFailed() {
        var records = AnnouncementRecords(node: "node-a")
        records.saw(.replaced([]), at: Self.start)
        Self.took(&records)
        let writes = records.due(at: Self.start, plan: Self.plan)
        records.refused(Array(writes.prefix(1)), at: Self.start + .seconds(10))
        #expect(records.nextDeadline(at: Self.start + .seconds(10)) == Self.start + .seconds(10))
        let again = records.due(at: Self.start + .seconds(12), plan: Self.plan)
        #expect(again.map(\.name) == ["default.b"])
        for write in again { records.wrote(write) }
        let refused = records.due(at: Self.start + .seconds(70), plan: Self.plan)
        #expect(refused.map(\.name) == ["default.a"])
    }

    @Test("a Service that comes to share an address is recorded when the plan has it, and nothing is looked for before")
    func planned() {
        var records = AnnouncementRecords(node: "node-a")
        records.saw(.replaced([]), at: Self.start)
        Self.took(&records, since: Timestamp(microseconds: Self.since.microseconds + 999_999))
        let first = records.due(at: Self.start, plan: Self.plan(["a"]))
        #expect(first.map(\.name) == ["default.a"])
        for write in first { records.wrote(write) }
        // What this speaker wrote comes back.
        records.saw(.applied(Self.status("a", [Self.entry()])), at: Self.start)
        let later = Self.start + .milliseconds(500)
        let unheard = records.due(at: later, plan: Self.plan)
        #expect(unheard.isEmpty && records.nextDeadline(at: later) == Self.start + .seconds(1))
        records.planChanged()
        #expect(records.nextDeadline(at: later) == later)
        let heard = records.due(at: later, plan: Self.plan)
        #expect(heard.map(\.name) == ["default.b"])
    }

    @Test("nothing is kept of a Service that is gone")
    func churn() {
        var records = AnnouncementRecords(node: "node-a")
        Self.took(&records)
        for write in records.due(at: Self.start, plan: Self.plan(["a"])) { records.wrote(write) }
        #expect(records.notBefore.keys.sorted() == ["default.a"])
        records.saw(.deleted(Self.status("a", [Self.entry()])), at: Self.start + .seconds(1))
        records.gaveUp(Self.address, on: "eth0", at: Self.start + .seconds(1))
        let writes = records.due(at: Self.start + .seconds(10), plan: Self.plan([]))
        #expect(writes.isEmpty && records.notBefore.isEmpty)
    }

    @Test("an entry that outlived another node's turn does not keep its beginning")
    func outlived() {
        var records = AnnouncementRecords(node: "node-a")
        let statuses = [Self.status("a", [Self.entry(), Self.entry("node-b", since: Timestamp(seconds: 1500))])]
        records.saw(.replaced(statuses), at: Self.start)
        let plan = Self.plan(["a"], statuses)
        Self.took(&records, since: Timestamp(seconds: 2000), plan: plan)
        let writes = records.due(at: Self.start, plan: plan)
        #expect(writes.map { $0.entries.map(\.since) } == [[Timestamp(seconds: 2000)]])
    }
}

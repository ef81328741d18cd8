import AllocationKit
import ControllerDaemon
import KubernetesModel
import MonotonicTime
import Reconciliation
import Testing

/// Three nodes whose speakers renew their Leases as long as they live, and a leader that renews its own.
private final class SilenceWorld {
    let api = FakeAPI()
    var controller: FakeController
    var alive: Set<String> = ["node-x", "node-y"]
    var leads = true
    let web = ObjectKey(namespace: "default", name: "web")

    init(_ entries: [ServiceL2Status.Announced]) throws {
        api.putPool("lan", "192.168.57.200/30")
        for node in alive { api.put(Node(metadata: ObjectMeta(name: node))) }
        api.putService(web)
        controller = FakeController(api)
        renew()
        api.put(ServiceL2Status(of: web, entries))
        controller.lead()
        try pass(.seconds(10))
    }

    func renew() {
        for node in alive { put(HeraldObjects.speakerLease(node: node)) }
        if leads { put("herald-controller") }
    }

    private func put(_ lease: String) {
        api.put(
            Lease(
                metadata: ObjectMeta(name: lease, namespace: HeraldObjects.defaultNamespace),
                spec: .init(renewTime: MicroTime(api.now.wall))))
    }

    func deleteLease(of node: String) {
        api.deleteLease(
            ObjectKey(namespace: HeraldObjects.defaultNamespace, name: HeraldObjects.speakerLease(node: node)))
    }

    /// Who is alive renews every 5 s.
    func pass(_ interval: Interval) throws {
        let end = api.now.instant + interval
        while api.now.instant < end {
            api.advance(.seconds(5))
            renew()
            work()
            try controller.performHeld()
            work()
        }
    }

    private func work() {
        controller.deliver()
        controller.decide()
    }

    var announcers: [String] {
        (api.announcements.values.first?.status?.addresses ?? []).map(\.node)
    }

    var announced: Condition? { api.condition(ConditionType.announced, of: web) }

    var unannounced: Int? { controller.planner?.unannouncedCount }
}

@Suite("Controller: speakers that have fallen silent")
struct SilentSpeakerTests {
    typealias Entry = ServiceL2Status.Announced

    static func entry(_ node: String, conflict: String? = nil) -> Entry {
        Entry(
            address: "192.168.57.200", interface: "eth0", node: node,
            since: conflict == nil ? Timestamp(seconds: 1) : nil, conflict: conflict)
    }

    @Test("the entry of a node that lost its power goes after the hold, whose Node object stays")
    func trim() throws {
        let world = try SilenceWorld([Self.entry("node-x"), Self.entry("node-y")])
        world.alive.remove("node-x")
        try world.pass(.seconds(110))
        #expect(world.announcers == ["node-x", "node-y"] && world.unannounced == 0)
        try world.pass(.seconds(90))
        #expect(world.announcers == ["node-y"] && world.announced?.status == .true && world.unannounced == 0)
    }

    @Test("an address that only the dead node announced is told to be announced by nobody, until it comes back")
    func alert() throws {
        let world = try SilenceWorld([Self.entry("node-x")])
        #expect(world.announced?.status == .true)
        world.alive.remove("node-x")
        try world.pass(.seconds(200))
        #expect(world.announcers == [] && world.announced?.reason == "NotAnnounced" && world.unannounced == 1)
        world.alive.insert("node-x")
        try world.pass(.seconds(10))
        world.api.put(ServiceL2Status(of: world.web, [Self.entry("node-x")]))
        try world.pass(.seconds(200))
        #expect(world.announcers == ["node-x"] && world.announced?.status == .true && world.unannounced == 0)
    }

    @Test("a speaker that cannot renew its Lease, but writes, lives; no two writers fight over its entries")
    func writes() throws {
        let world = try SilenceWorld([Self.entry("node-x")])
        world.alive.remove("node-x")
        try world.pass(.seconds(200))
        #expect(world.announcers == [])
        world.api.put(ServiceL2Status(of: world.web, [Self.entry("node-x")]))
        try world.pass(.seconds(110))
        #expect(world.announcers == ["node-x"] && world.announced?.status == .true && world.unannounced == 0)
        try world.pass(.seconds(90))
        #expect(world.announcers == [])
    }

    @Test("a Lease that is deleted is one that is not renewed")
    func deleted() throws {
        let world = try SilenceWorld([Self.entry("node-x")])
        world.alive.remove("node-x")
        world.deleteLease(of: "node-x")
        try world.pass(.seconds(110))
        #expect(world.announcers == ["node-x"])
        try world.pass(.seconds(90))
        #expect(world.announcers == [])
    }

    @Test("a new leader gives every speaker the whole hold, also one that has no Lease")
    func newLeader() throws {
        let world = try SilenceWorld([Self.entry("node-x")])
        world.alive.remove("node-x")
        try world.pass(.seconds(100))
        world.deleteLease(of: "node-x")
        world.controller = .leading(world.api)
        try world.pass(.seconds(110))
        #expect(world.announcers == ["node-x"])
        try world.pass(.seconds(90))
        #expect(world.announcers == [])
    }

    @Test("an hour in which nobody can renew is nobody's silence, and a node that died in it is found after it")
    func outage() throws {
        let world = try SilenceWorld([Self.entry("node-x"), Self.entry("node-y")])
        (world.alive, world.leads) = ([], false)
        try world.pass(.seconds(3600))
        #expect(world.announcers == ["node-x", "node-y"])
        world.leads = true
        try world.pass(.seconds(60))
        #expect(world.announcers == ["node-x", "node-y"], "speakers come back later than the leader")
        world.alive = ["node-y"]
        try world.pass(.seconds(140))
        #expect(world.announcers == ["node-y"])
    }

    @Test("what a dead node said of a foreign host blocks the address for the retention, and not for ever")
    func conflict() throws {
        let world = try SilenceWorld([Self.entry("node-x", conflict: "02:00:00:00:00:99")])
        let foreign = { world.api.pools.values.first?.status?.conflicts?.map(\.address) ?? [] }
        try world.pass(.seconds(7200))
        #expect(foreign() == ["192.168.57.200"], "as long as the speaker lives and says so")
        world.alive.remove("node-x")
        try world.pass(.seconds(3600 + 300))
        #expect(foreign() == [])
    }

    @Test("a leader's clock that is set back keeps no foreign host in memory for longer")
    func clockSetBack() throws {
        let world = try SilenceWorld([Self.entry("node-x", conflict: "02:00:00:00:00:99")])
        world.api.put(ServiceL2Status(of: world.web, []))
        try world.pass(.seconds(10))
        let foreign = { world.api.pools.values.first?.status?.conflicts?.map(\.address) ?? [] }
        #expect(foreign() == ["192.168.57.200"])
        world.api.now.wall = Timestamp(microseconds: world.api.now.wall.microseconds - 10_800_000_000)
        try world.pass(.seconds(660 + 60))
        #expect(foreign() == [])
    }
}

import Daemon
import FoundationEssentials
import KubernetesModel
import Link
import MonotonicTime
import Netlink
import NetworkAddresses
import Reconciliation
import Testing
import Wire

@testable import SpeakerDaemon

@Suite struct SpeakerStateTests {
    static let start = Instant(nanoseconds: 1_000_000_000_000)
    static let wall = Timestamp(seconds: 100_000)

    static func link(_ name: String, _ address: String, _ prefix: String) -> UsableLink {
        UsableLink(
            name: name, index: 2, hardwareAddress: MACAddress(2, 0, 0, 0, 0, 1),
            addresses: zip([IPAddress(address)], [IPPrefix(prefix)]).compactMap { address, prefix in
                guard let address, let prefix else { return nil }
                return .init(address: address, prefix: prefix)
            })
    }

    static func secret(_ current: String, previous: String? = nil) -> Secret {
        var data = [HeraldObjects.helloKeyCurrent: current]
        data[HeraldObjects.helloKeyPrevious] = previous
        return Secret(metadata: ObjectMeta(name: HeraldObjects.helloKeySecret, namespace: "herald-system"), data: data)
    }

    static func lease(_ node: String, _ addresses: String, renewed: Int64 = 100_000) -> Lease {
        Lease(
            metadata: ObjectMeta(
                name: HeraldObjects.speakerLease(node: node), namespace: "herald-system",
                annotations: [HeraldObjects.addressesAnnotation: addresses]),
            spec: .init(holderIdentity: node, renewTime: MicroTime(Timestamp(seconds: renewed))))
    }

    func synced(speakerNodes: LabelSelector = LabelSelector()) -> SpeakerState {
        var state = SpeakerState(
            node: "node-a", policy: SpeakerPolicy(), selection: LinkSelection(), speakerNodes: speakerNodes)
        state.cluster = ClusterID(uid: "cluster")
        state.use([Self.link("eth0", "192.168.57.31", "192.168.57.0/24")])
        let lists: [ClusterChange] = [
            .service(.replaced([])), .pool(.replaced([])), .advertisement(.replaced([])),
            .node(.replaced([Node(metadata: ObjectMeta(name: "node-a"))])), .endpointSlice(.replaced([])),
            .announcement(.replaced([])),
            .lease(.replaced([Self.lease("node-a", "192.168.57.31"), Self.lease("node-b", "192.168.57.32,10.0.0.2")])),
        ]
        for change in lists { state.apply(change, at: Self.start, wallClock: Self.wall) }
        for watch in Watch.allCases { state.alive(watch, at: Self.start) }
        return state
    }

    @Test("only nodes that the DaemonSet's node selector selects are expected to have a speaker")
    func nodesWithoutSpeaker() {
        func count(_ selector: LabelSelector) -> Int {
            var state = synced(speakerNodes: selector)
            let nodes = [
                ("node-a", ["edge": "yes"]), ("node-b", ["edge": "yes"]), ("node-c", ["edge": "yes"]), ("virtual", [:]),
                ("windows", ["kubernetes.io/os": "windows", "edge": "yes"]),
            ]
            state.apply(
                .node(.replaced(nodes.map { Node(metadata: ObjectMeta(name: $0.0, labels: $0.1)) })), at: Self.start,
                wallClock: Self.wall)
            return state.nodesWithoutSpeaker(at: Self.start)
        }
        #expect(count(LabelSelector()) == 2)
        #expect(count(LabelSelector(matchLabels: ["edge": "yes"])) == 1)
    }

    @Test("an object that a list could not read stays as it was known")
    func unreadableObject() {
        var state = synced()
        let own = Self.lease("node-a", "192.168.57.31")
        func peers(after list: ObjectChange<Lease>) -> [String]? {
            state.apply(.lease(list), at: Self.start, wallClock: Self.wall)
            return state.configurations(at: Self.start).first?.knownPeers.map(\.name)
        }
        #expect(peers(after: .replaced([own], unreadable: [Self.lease("node-b", "").key])) == ["node-b"])
        #expect(peers(after: .replaced([own])) == [])
    }

    @Test("a change of interfaces that are not used, such as those of pods, changes nothing")
    func pods() {
        var state = synced()
        let eth0 = Self.link("eth0", "192.168.57.31", "192.168.57.0/24")
        let changes = ["veth12", "eth1"].map { state.use([eth0, Self.link($0, "10.0.0.1", "10.0.0.0/24")]) }
        #expect(changes == [false, true])
    }

    @Test(
        "a Lease puts a node on the links of its addresses, but not by those that are on every link",
        arguments: [
            (["192.168.57.31/24", "fe80::1/64"], ["192.168.57.32"]),
            (["192.168.58.31/24", "fe80::1/64", "169.254.0.1/16"], nil), (["fe80::1/64"], nil), ([], nil),
            (["fd57::31/64", "fe80::1/64"], ["fd57::32"]),
        ] as [([String], [String]?)])
    func knownPeers(own: [String], known: [String]?) {
        var state = synced()
        state.apply(
            .lease(.applied(Self.lease("node-b", "192.168.57.32,169.254.0.2,fd57::32,fe80::2"))), at: Self.start,
            wallClock: Self.wall)
        var link = Self.link("eth1", "", "")
        link.addresses = own.compactMap { text in
            let parts = text.split(separator: "/")
            guard let address = IPAddress(String(parts[0])), let length = Int(parts[1]) else { return nil }
            return IPPrefix(address, length: length).map { .init(address: address, prefix: $0) }
        }
        #expect(link.addresses.count == own.count)
        state.use([link])
        let peers = state.configurations(at: Self.start).first?.knownPeers
        #expect(peers?.first?.addresses.map(\.description) == known)
    }

    @Test("interfaces that --interfaces names may be absent, but not all of them")
    func absent() throws {
        #expect(try LinkSelection().checked(against: []) == [])
        let selection = LinkSelection(only: ["eth0", "wlan0"])
        #expect(try selection.checked(against: ["lo", "eth0", "wlan0"]) == [])
        #expect(try selection.checked(against: ["lo", "eth0"]) == ["wlan0"])
        #expect(throws: StartupProblem("--interfaces names eth0, wlan0, and this node has enp1s0, enp2s0")) {
            try selection.checked(against: ["lo", "enp2s0", "enp1s0"])
        }
        #expect(throws: StartupProblem("--interfaces names eth0, wlan0, and this node has none")) {
            try selection.checked(against: ["lo"])
        }
    }

    @Test("nothing is said about addresses until every needed list is complete")
    func sync() {
        var state = SpeakerState(node: "node-a", policy: SpeakerPolicy(), selection: LinkSelection())
        state.use([Self.link("eth0", "192.168.57.31", "192.168.57.0/24")])
        #expect(state.configurations(at: Self.start).isEmpty, "frames cannot be made without the cluster's identity")
        state.cluster = ClusterID(uid: "cluster")
        let first = state.configurations(at: Self.start)
        #expect(first.count == 1 && first[0].intents == nil && first[0].isStale)
        var complete = synced()
        let configuration = complete.configurations(at: Self.start).first
        #expect(configuration?.intents == [])
        #expect(configuration?.isStale == false)
        #expect(
            configuration?.knownPeers == [
                KnownPeer(name: "node-b", addresses: [IPAddress("192.168.57.32")].compactMap { $0 })
            ])
        #expect(complete.syncProblem?.contains(HeraldObjects.helloKeySecret) == true)
    }

    @Test("a watch without proof of life for 15 s makes the speaker stale, whichever it is")
    func staleness() {
        for silent in Watch.neededToBeFresh {
            var state = synced()
            for watch in Watch.allCases where watch != silent { state.alive(watch, at: Self.start + .seconds(14)) }
            #expect(!state.isStale(at: Self.start + .milliseconds(14999)))
            #expect(state.isStale(at: Self.start + .seconds(15)), "\(silent)")
            state.alive(silent, at: Self.start + .seconds(15))
            #expect(!state.isStale(at: Self.start + .seconds(15)))
        }
    }

    @Test("a refused claim that cannot be checked makes the speaker stale until a watch proves that it lives")
    func unreadable() {
        var state = synced()
        state.readFailed(at: Self.start + .seconds(1))
        #expect(state.isStale(at: Self.start + .seconds(1)))
        state.alive(.services, at: Self.start)
        #expect(state.isStale(at: Self.start + .seconds(1)), "an older proof proves nothing")
        state.alive(.services, at: Self.start + .seconds(2))
        #expect(!state.isStale(at: Self.start + .seconds(2)))
    }

    @Test("a loaded key outlives its Secret, and a rotation brings the previous one along")
    func keys() {
        var key = HelloKeySecret()
        let (one, two) = (Data(repeating: 1, count: 32), Data(repeating: 2, count: 32))
        if case .unusable = key.take(.replaced([])) {} else { Issue.record("an absent Secret is a problem") }
        #expect(key.take(.applied(Self.secret(one.base64EncodedString()))) == .loaded)
        #expect(key.take(.applied(Self.secret(one.base64EncodedString()))) == .unchanged)
        for change: ObjectChange<Secret> in [
            .replaced([]), .deleted(Self.secret("")), .applied(Self.secret("!")), .applied(Self.secret("c2hvcnQ=")),
        ] {
            if case .unusable = key.take(change) {} else { Issue.record("\(change) is a problem") }
            #expect(key.keys == HelloKeys(current: Array(one)))
        }
        let rotated = Self.secret(two.base64EncodedString(), previous: one.base64EncodedString())
        #expect(key.take(.applied(rotated)) == .loaded)
        #expect(key.keys == HelloKeys(current: Array(two), previous: Array(one)))
        #expect(key.take(.applied(Self.secret(two.base64EncodedString()))) == .loaded)
        #expect(key.keys == HelloKeys(current: Array(two)), "the last step of a rotation takes the old key away")
    }

    @Test("a key that takes the place of another without a rotation leaves that one accepted until the next change")
    func replacedKey() {
        var key = HelloKeySecret()
        let keys = (1...3).map { Data(repeating: $0, count: 32) }
        let secrets = keys.map { Self.secret($0.base64EncodedString()) }
        #expect(key.take(.applied(secrets[0])) == .loaded)
        _ = key.take(.deleted(secrets[0]))
        #expect(key.take(.applied(secrets[1])) == .loaded)
        #expect(key.keys == HelloKeys(current: Array(keys[1]), previous: Array(keys[0])))
        #expect(key.take(.replaced([secrets[1]])) == .unchanged)
        #expect(key.keys?.previous == Array(keys[0]))
        #expect(key.take(.applied(secrets[2])) == .loaded)
        #expect(key.keys == HelloKeys(current: Array(keys[2]), previous: Array(keys[1])))
    }

    @Test("a speaker whose Lease is no longer renewed is forgotten, but not while the API cannot be read")
    func leases() throws {
        let prefix = try #require(IPPrefix("192.168.57.0/24"))
        var leases = SpeakerLeases()
        leases.take(
            .replaced([Self.lease("node-b", "192.168.57.32"), Self.lease("node-z", "192.168.57.39", renewed: 1)]),
            at: Self.start, wallClock: Self.wall)
        func names(_ leases: SpeakerLeases, after seconds: Int64, isStale: Bool = false) -> [String] {
            leases.peers(on: [prefix], besides: "node-a", at: Self.start + .seconds(seconds), isStale: isStale)
                .map(\.name)
        }
        #expect(names(leases, after: 1) == ["node-b"], "node-z's had expired long before")
        #expect(names(leases, after: 61) == [])
        #expect(names(leases, after: 61, isStale: true) == ["node-b", "node-z"])
        leases.take(
            .applied(Self.lease("node-b", "192.168.57.32", renewed: 100_005)), at: Self.start + .seconds(50),
            wallClock: Self.wall)
        #expect(names(leases, after: 61) == ["node-b"])
    }

    @Test(
        "interfaces are excluded by pattern",
        arguments: [
            ("eth0", true), ("enp1s0", true), ("wlan0", true), ("bond0", true), ("lo", false), ("lo0", true),
            ("cali0a1b", false), ("veth12", false), ("br-abc", false), ("br0", true), ("kube-ipvs0", false),
        ])
    func names(name: String, isSelected: Bool) {
        #expect(LinkSelection().selects(name) == isSelected)
    }

    @Test(
        "a star stands for anything",
        arguments: [
            ("*", "", true), ("a*c", "abc", true), ("a*c", "ac", true), ("a*c", "abcd", false), ("*b*", "abc", true),
            ("a", "ab", false),
        ])
    func patterns(pattern: String, name: String, matches: Bool) {
        #expect(NamePattern(pattern).matches(name) == matches)
    }
}

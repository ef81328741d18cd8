import Election
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

@Suite("Election of an address's announcer")
struct ElectionTests {
    /// "me" and the peers in the order in which they may take the address.
    private static let order = ["me", "b", "c"].sorted {
        rendezvous(NodeID(name: $0), Bench.address) < rendezvous(NodeID(name: $1), Bench.address)
    }

    @Test("the k-th candidate waits k times 0.5 s")
    func rankDelay() {
        var bench = Bench()
        bench.peer("b", .candidate)
        bench.peer("c", .candidate)
        let index = Self.order.firstIndex(of: "me") ?? 0
        var directives = bench.ready()
        if index > 0 { directives += bench.pass(Int64(index) * 500 - 30) }
        #expect((directives.took == 1) == (index == 0))
        directives += bench.pass(60)
        #expect(directives.took == 1)
    }

    @Test("a speaker that nobody hears waits 3 s, and not for ever")
    func mute() {
        var bench = Bench(eligible: ["me": 0])
        _ = bench.election.becomeReady(at: bench.now)
        #expect(bench.pass(2950, isMute: true).took == nil)
        #expect(bench.pass(600, isMute: true).took == 1)
    }

    @Test("a higher term ends ownership at once, a lower one is answered with claims and an announcement")
    func terms() {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        _ = bench.ready()
        #expect(bench.hear("b", term: 0) == [.announceAgain(Bench.address)])
        bench.now = bench.now + .milliseconds(100)
        #expect(bench.election.claims(at: bench.now, capacity: 1000)?.first?.entries.first?.kind == .own)
        // Also when the burst after the change is over.
        _ = bench.pass(10_000)
        _ = bench.election.claims(at: bench.now, capacity: 1000)
        _ = bench.hear("b", term: 0)
        bench.now = bench.now + .milliseconds(100)
        #expect(bench.election.claims(at: bench.now, capacity: 1000) != nil)
        #expect(bench.hear("b", term: 2) == [.withdraw(Bench.address, .higherClaim)])
        bench.peer("b", .candidate)
        #expect(bench.pass(5000).isEmpty)
    }

    @Test("a lower claim of a peer that cannot hear mine is yielded to after 0.4 s, and the term is not forgotten")
    func unhearing() {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        _ = bench.hear("b", term: 6)
        _ = bench.ready()
        bench.peer("b", .candidate)
        #expect(bench.election.owned.first?.term == 7)
        _ = bench.hear("b", term: 1, hearsMe: false)
        #expect(bench.pass(300).isEmpty)
        _ = bench.hear("b", term: 1, hearsMe: true)
        #expect(bench.pass(3000).isEmpty)
        _ = bench.hear("b", term: 1, hearsMe: false)
        #expect(bench.pass(500) == [.withdraw(Bench.address, .unheard)])
        #expect(bench.pass(3000).isEmpty)
        // Somebody who has not heard of that repeats the claim: it is no reason to take the address again.
        bench.peer("c", .candidate)
        _ = bench.hear("c", term: 7, kind: .held(owner: NodeID(name: "me")))
        #expect(bench.pass(3000).isEmpty)
        bench.peer("c", .gone)
        bench.peer("b", .gone)
        #expect(bench.pass(20).took == 8)
    }

    @Test(
        "an owner that does not give way to a higher claim is told of it, by whoever hears both",
        arguments: [true, false])
    func outvoted(givesWay: Bool) {
        var bench = Bench(eligible: ["b": 0, "c": 0])
        for name in ["b", "c"] { bench.peer(name, .candidate) }
        _ = bench.hear("b", term: 2)
        _ = bench.ready()
        /// What is told within 0.6 s, and when, in steps of 10 ms.
        func told(_ steps: ClosedRange<Int>) -> (step: Int, entries: [ClaimEntry])? {
            for step in steps {
                _ = bench.pass(10)
                let entries = bench.election.claims(at: bench.now, capacity: 1000)?.flatMap(\.entries) ?? []
                if !entries.isEmpty { return (step, entries) }
            }
            return nil
        }
        #expect(told(1...600) == nil)
        _ = bench.hear("c", term: 3)
        if givesWay { bench.hearNothing("b", generation: 100) }
        let relay = told(1...60)
        #expect((relay == nil) == givesWay)
        guard let relay else { return }
        #expect(relay.step >= 40 && relay.step <= 42)
        #expect(relay.entries.map(\.kind) == [.held(owner: NodeID(name: "c"))] && relay.entries[0].term == 3)
        #expect(told(1...600) == nil)
    }

    @Test("a lower claim is no vacancy once the higher one is released")
    func lowerAfterRelease() {
        var bench = Bench(eligible: ["me": 0, "b": 0, "c": 0])
        bench.peer("b", .candidate)
        bench.peer("c", .candidate)
        _ = bench.hear("b", term: 9)
        _ = bench.ready()
        bench.hearNothing("b", generation: 100)
        _ = bench.hear("c", term: 2)
        #expect(bench.pass(4000).isEmpty)
        bench.peer("b", .gone)
        bench.peer("c", .gone)
        #expect(bench.pass(20).took == 10)
    }

    @Test("a peer that claims any number of addresses, parts and owners costs a bounded memory, and hides no address")
    func flood() {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        _ = bench.ready()
        bench.peer("b", .candidate)
        var timing = ElectionTiming()
        timing.strangerLimit = 100
        let address = { (number: UInt32) in IPAddress.v4(IPv4Address(rawValue: 0x0A00_0000 + number)) }
        let intent = { (address: IPAddress) in
            AddressIntent(address: address, allocation: AllocationID(rawValue: 1), eligible: ["me": 0, "b": 0])
        }
        bench.election.configure(
            [intent(Bench.address)], isStale: false, isLeaving: false, timing: timing, at: bench.now)
        for number in 0..<1000 as Range<UInt32> {
            for kind in [.own, .held(owner: NodeID(rawValue: UInt64(number)))] as [ClaimEntry.Kind] {
                let entry = ClaimEntry(address: address(number), term: .max, allocation: 1, kind: kind)
                let list = bench.election.receive(
                    ClaimsPart(generation: 1, index: UInt16(number), count: 2000, entries: [entry]),
                    from: NodeID(name: "b"), incarnation: 1, isStale: false, at: bench.now
                ).0
                #expect(list == .incomplete)
            }
        }
        #expect(bench.election.rememberedAddresses == 101)
        #expect(bench.election.claim(on: address(0)) != nil)
        #expect(bench.election.claim(on: address(999)) == nil)
        // Addresses that the API knows are heard of, new ones too.
        #expect(bench.hear("b", term: .max).contains(.withdraw(Bench.address, .higherClaim)))
        bench.election.configure(
            [intent(Bench.address), intent(address(999))], isStale: false, isLeaving: false, timing: timing,
            at: bench.now)
        let late = ClaimEntry(address: address(999), term: 7, allocation: 1, kind: .own)
        _ = bench.election.receive(
            ClaimsPart(generation: 2, index: 0, count: 2, entries: [late]), from: NodeID(name: "b"), incarnation: 1,
            isStale: false, at: bench.now)
        #expect(bench.election.claim(on: address(999))?.term == 7)
        bench.peer("b", .gone)
        #expect(bench.pass(20).took == .max)
        // What nobody claims any more is forgotten with the next view of the API.
        bench.election.configure(
            [intent(Bench.address)], isStale: false, isLeaving: false, timing: timing, at: bench.now)
        #expect(bench.election.rememberedAddresses <= 1 + timing.strangerLimit / 2)
    }

    @Test("a list of impossibly many parts, or a part beyond the end, completes nothing")
    func impossibleLists() {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        _ = bench.ready()
        for (index, count) in [(0, UInt16.max), (1, 1), (5, 2), (0, 0)] as [(UInt16, UInt16)] {
            let list = bench.election.receive(
                ClaimsPart(generation: 1, index: index, count: count, entries: []), from: NodeID(name: "b"),
                incarnation: 1, isStale: false, at: bench.now
            ).0
            #expect(list == .incomplete)
        }
    }

    @Test(
        "somebody else's memory of a released claim does not bring it back, its owner does", arguments: [false, true])
    func releasedClaim(isOwner: Bool) {
        var bench = Bench()
        for name in ["b", "c"] { bench.peer(name, .candidate) }
        _ = bench.hear("b", term: 9)
        _ = bench.ready()
        bench.hearNothing("b", generation: 100)
        _ = isOwner ? bench.hear("b", term: 9) : bench.hear("c", term: 9, kind: .held(owner: NodeID(name: "b")))
        #expect(bench.pass(4000).took == (isOwner ? nil : 10))
    }

    @Test("the dead owner's address is taken with the next term")
    func failover() {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        bench.peer("b", .candidate)
        _ = bench.hear("b", term: 7)
        #expect(bench.ready().took == nil)
        bench.peer("b", .gone)
        #expect(bench.pass(20).took == 8)
    }

    @Test("for an absent owner the first in order answers with its hardware address, and stops when it is back")
    func helper() {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        bench.peer("b", .candidate)
        _ = bench.hear("b", term: 1)
        _ = bench.ready()
        bench.peer("b", .absent)
        #expect(bench.pass(20) == [.help(Bench.address, NodeID(name: "b"))])
        bench.now = bench.now + .milliseconds(200)
        #expect(
            bench.election.claims(at: bench.now, capacity: 1000)?.first?.entries.first?.kind
                == .held(owner: NodeID(name: "b")))
        bench.peer("b", .candidate)
        #expect(bench.pass(20) == [.stopHelping(Bench.address)])
    }

    @Test("where nobody says that it helps, the next in order does, after 0.5 s for each before it")
    func helperBehind() {
        var bench = Bench(eligible: ["me": -1, "b": 0, "c": 0, "d": 0])
        for name in ["b", "c", "d"] { bench.peer(name, .candidate) }
        _ = bench.hear("b", term: 1)
        _ = bench.ready()
        bench.peer("b", .absent)
        #expect(bench.pass(900).isEmpty)
        #expect(bench.pass(150) == [.help(Bench.address, NodeID(name: "b"))])
        bench.peer("b", .candidate)
        #expect(bench.pass(20) == [.stopHelping(Bench.address)])
        bench.peer("b", .absent)
        for _ in 0..<5 {
            #expect(bench.pass(900).isEmpty)
            _ = bench.hear("c", term: 1, kind: .held(owner: NodeID(name: "b")))
        }
        #expect(bench.pass(2400).isEmpty)
        #expect(bench.pass(150) == [.help(Bench.address, NodeID(name: "b"))], "the helper is gone, too")
        _ = bench.hear("c", term: 1, kind: .held(owner: NodeID(name: "b")))
        #expect(bench.pass(3000).isEmpty, "two that help at once must not both stop")
    }

    @Test("a live owner is followed, whatever term a node had that is gone; what is taken next is above both")
    func lowerThanGone() {
        var bench = Bench()
        for name in ["b", "c"] { bench.peer(name, .candidate) }
        _ = bench.hear("b", term: 9)
        _ = bench.ready()
        _ = bench.hear("c", term: 2)
        #expect(bench.election.claim(on: Bench.address)?.owner == NodeID(name: "b"))
        bench.peer("b", .gone)
        _ = bench.hear("c", term: 2)
        #expect(bench.pass(5000).isEmpty)
        #expect(bench.election.claim(on: Bench.address)?.owner == NodeID(name: "c"))
        bench.peer("c", .gone)
        #expect(bench.pass(20).took == 10)
    }

    @Test("what was held for me while I was away is mine again, at the same term")
    func returning() {
        var bench = Bench()
        bench.peer("b", .candidate)
        _ = bench.hear("b", term: 4, kind: .held(owner: NodeID(name: "me")))
        #expect(bench.ready().took == 4)
    }

    @Test("who is on its way back keeps what it had: by the claim that is remembered, or else by the record")
    func formerOwners() {
        let (b, c) = (NodeID(name: "b"), NodeID(name: "c"))
        var bench = Bench(recordedOwner: "c")
        #expect(bench.election.formerOwners(among: [b], at: bench.now).isEmpty)
        var remembering = bench
        _ = remembering.hear("b", term: 4)
        #expect(remembering.election.formerOwners(among: [b, c], at: bench.now) == [b])
        remembering.hearNothing("b", generation: 100)
        #expect(remembering.election.formerOwners(among: [b, c], at: bench.now).isEmpty)
        #expect(bench.election.formerOwners(among: [b, c], at: bench.now) == [c])
        #expect(bench.election.claim(on: Bench.address)?.term == 0)
    }

    @Test("an address is released only by a whole list that leaves it out")
    func wholeLists() {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        bench.peer("b", .candidate)
        _ = bench.hear("b", term: 1)
        _ = bench.ready()
        bench.hearNothing("b", parts: 2, index: 0, generation: 50)
        #expect(bench.pass(2000).took == nil)
        bench.hearNothing("b", parts: 2, index: 1, generation: 50)
        #expect(bench.pass(1000).took == 2)
    }

    @Test("an offer is taken with the next term, unless the taker is stale", arguments: [false, true])
    func offers(isStale: Bool) {
        var bench = Bench(isStale: isStale)
        bench.peer("b", .candidate)
        _ = bench.ready()
        let directives = bench.hear("b", term: 5, kind: .offer(to: NodeID(name: "me"), settling: false))
        #expect(directives.took == (isStale ? nil : 6))
    }

    @Test("who may not keep an address offers it, answers on, and gives up after 2 s")
    func ineligible() {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        _ = bench.ready()
        bench.peer("b", .candidate)
        bench.configure(eligible: ["b": 0])
        #expect(bench.pass(1900).isEmpty)
        #expect(bench.election.owned.first?.offeredTo == NodeID(name: "b"))
        #expect(bench.pass(200) == [.withdraw(Bench.address, .ineligible)])
    }

    @Test("without anybody to offer it to, it is released at once")
    func nobodyElse() {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        _ = bench.ready()
        bench.configure(eligible: ["b": 0])
        #expect(bench.pass(20) == [.withdraw(Bench.address, .ineligible)])
    }

    @Test("a drained node takes no offer from an owner that has not heard of the drain, and one from a drained owner")
    func lastResortTakesNoOffer() {
        var bench = Bench(eligible: ["me": -1, "b": 0])
        bench.peer("b", .candidate)
        _ = bench.hear("b", term: 3)
        _ = bench.ready()
        let offer = ClaimEntry.Kind.offer(to: NodeID(name: "me"), settling: true)
        #expect(bench.hear("b", term: 3, kind: offer).took == nil)
        bench.configure(eligible: ["me": -1, "b": -1])
        #expect(bench.hear("b", term: 3, kind: offer).took == 4)
        bench = Bench(eligible: ["me": -1])
        bench.peer("b", .candidate)
        _ = bench.hear("b", term: 3)
        _ = bench.ready()
        #expect(bench.hear("b", term: 3, kind: .offer(to: NodeID(name: "me"), settling: false)).took == 4)
    }

    @Test("a node of last resort offers at once to a better peer, and keeps the address without one")
    func lastResort() {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        _ = bench.ready()
        bench.configure(eligible: ["me": -1, "b": 0])
        #expect(bench.pass(3000).isEmpty)
        #expect(bench.election.owned.first?.offeredTo == nil)
        bench.peer("b", .candidate)
        _ = bench.pass(20)
        #expect(bench.election.owned.first?.offeredTo == NodeID(name: "b"))
    }

    @Test("a peer of higher weight is offered the address after it was ready for 60 s")
    func preference() {
        var bench = Bench(eligible: ["me": 0, "b": 50])
        _ = bench.ready()
        bench.peer("b", .candidate)
        _ = bench.pass(59_000)
        #expect(bench.election.owned.first?.offeredTo == nil)
        _ = bench.pass(2_000)
        #expect(bench.election.owned.first?.offeredTo == NodeID(name: "b"))
    }

    @Test("a newly assigned address is probed, and left alone when a foreign host has it", arguments: [false, true])
    func probing(isFree: Bool) {
        var bench = Bench(eligible: ["me": 0], isNewlyAssigned: true)
        #expect(bench.ready() == [.probe(Bench.address)])
        let directives = bench.election.probed(Bench.address, isFree: isFree, at: bench.now) + bench.pass(5000)
        #expect(directives.took == (isFree ? 1 : nil))
    }

    @Test("a failover is never delayed by a probe")
    func noProbeAtFailover() {
        var bench = Bench(eligible: ["me": 0, "b": 0], isNewlyAssigned: true)
        bench.peer("b", .candidate)
        _ = bench.hear("b", term: 1)
        _ = bench.ready()
        bench.peer("b", .gone)
        #expect(bench.pass(20).took == 2)
    }

    @Test("who knows a higher claim repeats it when a lower one is heard")
    func relaying() {
        var bench = Bench()
        bench.peer("b", .candidate)
        bench.peer("c", .candidate)
        _ = bench.hear("b", term: 9)
        _ = bench.ready()
        _ = bench.pass(5000)
        _ = bench.election.claims(at: bench.now, capacity: 1000)
        _ = bench.hear("c", term: 3)
        bench.now = bench.now + .milliseconds(100)
        #expect(
            bench.election.claims(at: bench.now, capacity: 1000)?.first?.entries.first?.kind
                == .held(owner: NodeID(name: "b")))
    }

    @Test("a long list is cut into parts of one generation that fit their frames")
    func parts() throws {
        var election = Election(me: NodeID(name: "me"), timing: ElectionTiming(), now: Instant(nanoseconds: 0))
        let intents = (0..<1000).map { index in
            AddressIntent(
                address: .v4(IPv4Address(rawValue: 0x0A00_0000 + UInt32(index))), allocation: AllocationID(rawValue: 1),
                eligible: ["me": 0])
        }
        let now = Instant(nanoseconds: 0)
        election.configure(intents, isStale: false, isLeaving: false, timing: ElectionTiming(), at: now)
        _ = election.becomeReady(at: now)
        _ = election.poll(at: now, isMute: false)
        let list = election.claims(at: now, capacity: 1300)
        let parts = try #require(list)
        #expect(parts.map(\.entries.count).reduce(0, +) == 1000)
        #expect(parts.allSatisfy { $0.entries.count <= 1300 / 28 && $0.count == UInt16(parts.count) })
        #expect(Set(parts.map(\.generation)).count == 1)
        #expect(parts.map(\.index) == Array(0..<UInt16(parts.count)))
    }
}

import Election
import MonotonicTime
import Testing
import Wire

@Suite("Who is before whom among the candidates")
struct CandidateTests {
    private static let me = NodeID(name: "me")
    /// A peer that the hash puts before "me".
    private static let earlier =
        (0..<100).map { "p\($0)" }.first {
            rendezvous(NodeID(name: $0), Bench.address) < rendezvous(me, Bench.address)
        } ?? "p0"

    /// When "me" takes the vacant address, in steps of half a second.
    private static func steps(_ bench: Bench) -> Int? {
        var bench = bench
        if bench.ready().took != nil { return 0 }
        return (1...10).first { _ in bench.pass(500).took != nil }
    }

    @Test("a stale peer is after a fresh one, whatever its weight")
    func staleLast() {
        var bench = Bench(eligible: ["me": 0, "b": 100])
        bench.peer("b", .candidate, isStale: true)
        #expect(Self.steps(bench) == 0)
    }

    @Test("a node of last resort is after a stale peer")
    func lastResort() {
        var bench = Bench(eligible: ["me": -1, "b": 0])
        bench.peer("b", .candidate, isStale: true)
        #expect(Self.steps(bench) == 1)
    }

    @Test("the higher weight is first", arguments: [(1, 0, 0), (0, 1, 2)])
    func weight(mine: Int, others: Int, steps: Int) {
        var bench = Bench(eligible: ["me": mine, "b": others, "c": others])
        for name in ["b", "c"] { bench.peer(name, .candidate) }
        #expect(Self.steps(bench) == steps)
    }

    @Test("among equals the last owner is first, or else the recorded one", arguments: [("me", 0), ("b", 1)])
    func lastOwner(name: String, steps: Int) {
        var bench = Bench(eligible: ["me": 0, "b": 0], recordedOwner: name)
        bench.peer("b", .candidate)
        #expect(Self.steps(bench) == steps)
    }

    @Test("who is late is behind the punctual, whatever its weight, and in its old place once it is late no more")
    func late() {
        var bench = Bench(eligible: ["me": 100, "b": 0])
        bench.peer("b", .candidate)
        bench.election.setLate(true)
        #expect(bench.ready().took == nil)
        #expect(bench.pass(300).took == nil)
        bench.election.setLate(false)
        #expect(bench.pass(10).took == 1)
    }

    @Test("nobody waits for more than 3 s")
    func limit() {
        let names = (0..<9).map { "p\($0)" }
        var bench = Bench(eligible: Dictionary(uniqueKeysWithValues: names.map { ($0, 1) } + [("me", 0)]))
        for name in names { bench.peer(name, .candidate) }
        #expect(Self.steps(bench) == 6)
    }

    @Test("a leaving speaker takes no offer", arguments: [false, true])
    func leaving(isLeaving: Bool) {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        bench.configure(eligible: ["me": 0, "b": 0], isLeaving: isLeaving)
        bench.peer("b", .candidate)
        _ = bench.ready()
        #expect(bench.hear("b", term: 5, kind: .offer(to: Self.me, settling: false)).took == (isLeaving ? nil : 6))
    }

    @Test("what nobody had before is offered to the peer that the hash prefers, for 30 s", arguments: [29, 31])
    func settling(seconds: Int64) {
        var bench = Bench(eligible: ["me": 0, Self.earlier: 0])
        #expect(bench.ready().took == 1)
        _ = bench.pass(seconds * 1000)
        bench.peer(Self.earlier, .candidate)
        _ = bench.pass(20)
        #expect(bench.election.owned.first?.offeredTo == (seconds < 30 ? NodeID(name: Self.earlier) : nil))
    }

    @Test(
        "what was offered while it settled settles on, what was offered for another reason does not",
        arguments: [true, false])
    func offeredSettling(isSettling: Bool) {
        var bench = Bench(eligible: ["me": 0, "b": 0, Self.earlier: 0])
        bench.peer("b", .candidate)
        _ = bench.hear("b", term: 3)
        _ = bench.ready()
        #expect(bench.hear("b", term: 3, kind: .offer(to: Self.me, settling: isSettling)).took == 4)
        bench.peer(Self.earlier, .candidate)
        _ = bench.pass(20)
        #expect(bench.election.owned.first?.offeredTo == (isSettling ? NodeID(name: Self.earlier) : nil))
    }

    @Test(
        "what was held for 30 s is offered as settled: a drained node that is back does not get it again",
        arguments: [29, 31])
    func offeredLater(seconds: Int64) {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        #expect(bench.ready().took == 1)
        _ = bench.pass(seconds * 1000)
        bench.peer("b", .candidate)
        bench.configure(eligible: ["me": -1, "b": 0])
        _ = bench.pass(20)
        let offer = bench.election.claims(at: bench.now + .seconds(1), capacity: 1000)?.first?.entries.first
        #expect(offer?.kind == .offer(to: NodeID(name: "b"), settling: seconds < 30))
    }

    @Test("what somebody had before is kept")
    func settled() {
        var bench = Bench(eligible: ["me": 0, Self.earlier: 0])
        _ = bench.hear("c", term: 3)
        #expect(bench.ready().took == 4)
        bench.peer(Self.earlier, .candidate)
        _ = bench.pass(20)
        #expect(bench.election.owned.first?.offeredTo == nil)
    }

    @Test("a stale owner offers nothing: what it may not keep it lets go")
    func staleOffersNothing() {
        var bench = Bench(eligible: ["me": 0, "b": 0], isStale: true)
        #expect(bench.ready().took == 1)
        bench.peer("b", .candidate)
        bench.configure(eligible: ["b": 0], isStale: true)
        #expect(bench.pass(20) == [.withdraw(Bench.address, .ineligible)])
    }

    @Test("a deaf speaker remembers the claims, one that starts over forgets them", arguments: [false, true])
    func stopped(isForgetting: Bool) {
        var bench = Bench(eligible: ["me": 0, "b": 0])
        bench.peer("b", .candidate)
        _ = bench.hear("b", term: 5)
        _ = bench.ready()
        bench.election.stop(forgettingClaims: isForgetting)
        #expect(bench.election.claim(on: Bench.address)?.term == (isForgetting ? nil : 5))
    }
}

import Election
import Testing
import Wire

/// Claims that the view of the API forbids.
@Suite("Refusals")
struct RefusalTests {
    @Test(
        "a claim on an address that is gone is refused after 0.9 s, by a fresh speaker only", arguments: [false, true])
    func refusing(isStale: Bool) {
        var bench = Bench(isStale: isStale)
        bench.peer("b", .candidate)
        _ = bench.ready()
        bench.configure(eligible: nil, isStale: isStale)
        var directives = bench.hear("b", term: 1)
        _ = bench.pass(1000)
        directives += bench.hear("b", term: 1)
        let refused = ElectionDirective.refuse(
            Refusal(to: NodeID(name: "b"), address: Bench.address, allocation: nil))
        #expect(directives.contains(refused) == !isStale)
    }

    @Test(
        "of an address that the own view knows, a claim is refused when its owner may not announce it, or is stale and means another allocation",
        arguments: [
            ("b", 1, false, false), ("b", 2, false, false), ("b", 1, true, false), ("b", 2, true, true),
            ("d", 1, false, true),
        ])
    func refusingOwners(owner: String, allocation: UInt64, isStale: Bool, isRefused: Bool) {
        for kind in [.own, .held(owner: NodeID(name: owner))] as [ClaimEntry.Kind] {
            var bench = Bench()
            let sender = kind == .own ? owner : "c"
            bench.peer(sender, .candidate)
            _ = bench.ready()
            var refused = false
            for _ in 0..<2 {
                let directives = bench.hear(sender, term: 5, kind: kind, allocation: allocation, isStale: isStale)
                refused = directives.contains { if case .refuse = $0 { true } else { false } }
                _ = bench.pass(1000)
            }
            #expect(refused == (isRefused && kind == .own))
        }
    }

    @Test(
        "a refused speaker lets go when it is stale, and reads the API again when it is not", arguments: [false, true])
    func refused(isStale: Bool) {
        var bench = Bench(eligible: ["me": 0], isStale: isStale)
        _ = bench.ready()
        let refusal = Refusal(to: NodeID(name: "me"), address: Bench.address, allocation: nil)
        let directives = bench.election.receive(refusal, at: bench.now)
        #expect(
            directives == (isStale ? [.withdraw(Bench.address, .refused)] : [.reread(Bench.address)]))
        if isStale { #expect(bench.pass(5000).took == nil) }
        bench.configure(eligible: ["me": 0])
        #expect((bench.pass(1000).took != nil) == isStale)
    }

    @Test("what is refused to a peer because it is nobody's is not taken by a stale speaker", arguments: [true, false])
    func refusedToOthers(isGone: Bool) {
        var bench = Bench(eligible: ["me": 0, "b": 0], isStale: true)
        bench.peer("b", .candidate)
        _ = bench.hear("b", term: 1)
        _ = bench.ready()
        let refusal = Refusal(to: NodeID(name: "b"), address: Bench.address, allocation: isGone ? nil : 2)
        #expect(bench.election.receive(refusal, at: bench.now).isEmpty)
        bench.peer("b", .gone)
        #expect((bench.pass(5000).took == nil) == isGone)
        bench.configure(eligible: ["me": 0, "b": 0])
        #expect((bench.pass(5000).took != nil) == isGone)
    }

    @Test(
        "a claim on an address that went from the own view 0.9 s ago is refused when first heard, and not twice")
    func refusingAtOnce() {
        var bench = Bench()
        bench.peer("b", .candidate)
        _ = bench.ready()
        bench.configure(eligible: nil)
        _ = bench.pass(800)
        #expect(bench.hear("c", term: 9).isEmpty)
        _ = bench.pass(100)
        let refused = ElectionDirective.refuse(
            Refusal(to: NodeID(name: "b"), address: Bench.address, allocation: nil))
        #expect(bench.hear("b", term: 10) == [refused])
        _ = bench.pass(800)
        #expect(bench.hear("b", term: 10).isEmpty)
        // It is back: whoever claims it knows of that.
        bench.configure(eligible: ["b": 0], allocation: 2)
        bench.configure(eligible: nil)
        #expect(bench.hear("b", term: 11).isEmpty)
    }

    @Test(
        "what was refused in the last 3 s is let go when the speaker is found stale, unless its view has changed since",
        arguments: [(50, false, true), (2900, false, true), (3100, false, false), (50, true, false)])
    func recalled(milliseconds: Int64, changes: Bool, letsGo: Bool) {
        var bench = Bench(eligible: ["me": 0])
        _ = bench.ready()
        let refusal = Refusal(to: NodeID(name: "me"), address: Bench.address, allocation: nil)
        #expect(bench.election.receive(refusal, at: bench.now) == [.reread(Bench.address)])
        let view: UInt64 = changes ? 2 : 1
        bench.configure(eligible: ["me": 0], allocation: view)
        #expect(bench.pass(milliseconds).isEmpty)
        bench.configure(eligible: ["me": 0], allocation: view, isStale: true)
        #expect(bench.pass(5000) == (letsGo ? [.withdraw(Bench.address, .refused)] : []))
    }

    @Test("a speaker that was fresh again in between forgets that it was refused")
    func freshAgain() {
        var bench = Bench(eligible: ["me": 0])
        _ = bench.ready()
        bench.configure(eligible: ["me": 0], isStale: true)
        bench.configure(eligible: ["me": 0])
        let refusal = Refusal(to: NodeID(name: "me"), address: Bench.address, allocation: nil)
        _ = bench.election.receive(refusal, at: bench.now)
        bench.configure(eligible: ["me": 0], isStale: true)
        #expect(bench.pass(100) == [.withdraw(Bench.address, .refused)])
        bench.configure(eligible: ["me": 0])
        #expect(bench.pass(100).took != nil)
        bench.configure(eligible: ["me": 0], isStale: true)
        #expect(bench.pass(100).isEmpty)
    }
}

import Election
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

/// Thousands of addresses: lists of many parts, on a wire that loses some.
@Suite("Long lists of claims")
struct LongListTests {
    private static let me = NodeID(name: "me")
    private static let peer = NodeID(name: "b")
    private static let start = Instant(nanoseconds: 1_000_000_000)

    private static func address(_ index: Int) -> IPAddress { .v4(IPv4Address(rawValue: 0x0A00_0000 + UInt32(index))) }

    private static func election(_ name: String, addresses: Int, eligible: [String: Int]) -> Election {
        var election = Election(me: NodeID(name: name), timing: ElectionTiming(), now: start)
        configure(&election, addresses: addresses, eligible: eligible, at: start)
        return election
    }

    private static func configure(
        _ election: inout Election, addresses: Int, eligible: [String: Int], isStale: Bool = false, at now: Instant
    ) {
        let intents = (0..<addresses).map {
            AddressIntent(address: address($0), allocation: AllocationID(rawValue: 1), eligible: eligible)
        }
        election.configure(intents, isStale: isStale, isLeaving: false, timing: ElectionTiming(), at: now)
    }

    /// A speaker that owns them all.
    private static func owner(_ name: String, addresses: Int) -> Election {
        var election = election(name, addresses: addresses, eligible: ["me": 0, "b": 0])
        _ = election.becomeReady(at: start)
        _ = election.poll(at: start, isMute: false)
        return election
    }

    /// One address in each part.
    private static func list(_ owner: inout Election, at now: Instant) throws -> [ClaimsPart] {
        let parts = owner.claims(at: now, capacity: 28)
        return try #require(parts)
    }

    /// Each third part of each list is lost, another one each time.
    private static func pass(
        _ parts: [ClaimsPart], to election: inout Election, list: Int, at now: Instant
    ) -> Election.ListState {
        var state = Election.ListState.incomplete
        for part in parts where (Int(part.index) + list) % 3 != 0 {
            let (next, _) = election.receive(part, from: peer, incarnation: 1, isStale: false, at: now)
            if next == .complete { state = .complete }
        }
        return state
    }

    @Test("the parts of repeated lists add up, until an entry changes")
    func repeats() throws {
        var owner = Self.owner("b", addresses: 300)
        var listener = Self.election("me", addresses: 300, eligible: ["me": 0, "b": 0])
        listener.update(Self.peer, Standing(condition: .candidate), at: Self.start)
        let first = try Self.list(&owner, at: Self.start)
        #expect(first.count == 300)
        #expect(Self.pass(first, to: &listener, list: 0, at: Self.start) == .incomplete)
        var now = Self.start + .milliseconds(100)
        let second = try Self.list(&owner, at: now)
        #expect(first.map(\.generation) == second.map(\.generation))
        #expect(Self.pass(second, to: &listener, list: 1, at: now) == .complete)
        // One address fewer: what was heard of the old list does not count for the new one.
        Self.configure(&owner, addresses: 299, eligible: ["me": 0, "b": 0], at: now)
        _ = owner.poll(at: now, isMute: false)
        for list in 0..<2 {
            now = now + .milliseconds(100)
            let parts = try Self.list(&owner, at: now)
            #expect(parts.allSatisfy { $0.generation != first[0].generation && $0.count == 299 })
            #expect(listener.claim(on: Self.address(299))?.isReleased == false)
            #expect(Self.pass(parts, to: &listener, list: list, at: now) == (list == 1 ? .complete : .incomplete))
        }
        #expect(listener.claim(on: Self.address(299))?.isReleased == true)
        #expect(listener.claim(on: Self.address(298))?.isReleased == false)
    }

    @Test("another part goes first each time: where the end of each burst is lost, the list is whole all the same")
    func order() throws {
        var owner = Self.owner("b", addresses: 10)
        var listener = Self.election("me", addresses: 10, eligible: ["me": 0, "b": 0])
        var state = Election.ListState.incomplete
        var now = Self.start
        for _ in 0..<8 {
            #expect(state == .incomplete)
            for part in try Self.list(&owner, at: now).prefix(3) {
                state = listener.receive(part, from: Self.peer, incarnation: 1, isStale: false, at: now).0
            }
            now = now + .seconds(5)
        }
        #expect(state == .complete)
    }

    @Test("the claims of a ready peer whose whole list has not been heard stand, and it is offered nothing")
    func listing() {
        var election = Self.election("me", addresses: 2, eligible: ["me": 0, "b": 50])
        election.update(Self.peer, Standing(condition: .listing), at: Self.start)
        let entry = ClaimEntry(address: Self.address(0), term: 4, allocation: 1, kind: .own)
        let part = ClaimsPart(generation: 1, index: 0, count: 2, entries: [entry])
        _ = election.receive(part, from: Self.peer, incarnation: 1, isStale: false, at: Self.start)
        _ = election.becomeReady(at: Self.start)
        for step in 0..<1000 { _ = election.poll(at: Self.start + .milliseconds(Int64(step) * 100), isMute: false) }
        #expect(election.owned.map(\.address) == [Self.address(1)])
        #expect(election.owned.allSatisfy { $0.offeredTo == nil })
    }

    @Test("whoever joins is sent a list of many parts at most 500 parts a second, a short one every 100 ms")
    func pacing() {
        for (addresses, lists) in [(10, 10), (500, 2)] {
            var owner = Self.owner("b", addresses: addresses)
            // The burst after the change is over.
            var now = Self.start + .seconds(10)
            _ = owner.claims(at: now, capacity: 28)
            var sent = 0
            for _ in 0..<100 {
                owner.requestClaims(at: now)
                now = now + .milliseconds(10)
                if owner.claims(at: now, capacity: 28) != nil { sent += 1 }
            }
            #expect((lists - 1...lists).contains(sent), "\(addresses) addresses, \(sent) lists")
        }
    }

    @Test("a forbidden list is refused at most once in 0.9 s for each address, and for 960 addresses in one second")
    func refusals() {
        let count = 1500
        var owner = Self.owner("b", addresses: count)
        var election = Self.election("me", addresses: count, eligible: ["me": 0])
        election.update(Self.peer, Standing(condition: .candidate), at: Self.start)
        _ = election.becomeReady(at: Self.start)
        var refused: [IPAddress: [Instant]] = [:]
        var perSecond: [Int64: Int] = [:]
        for step in 0..<40 {
            let now = Self.start + .milliseconds(Int64(step) * 100)
            owner.requestClaims(at: now)
            for part in owner.claims(at: now, capacity: 28 * 46) ?? [] {
                let (_, directives) = election.receive(part, from: Self.peer, incarnation: 1, isStale: false, at: now)
                for case .refuse(let refusal) in directives {
                    refused[refusal.address, default: []].append(now)
                    perSecond[(now - Self.start).nanoseconds / 1_000_000_000, default: 0] += 1
                }
            }
        }
        // All are refused in time, although not in one second.
        #expect(refused.count == count)
        #expect(refused.values.allSatisfy { $0[0] - Self.start <= .milliseconds(2100) })
        for times in refused.values {
            #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(900) })
        }
        // A second of the budget may fall into two of these.
        #expect(perSecond.values.allSatisfy { $0 <= 2 * 960 } && perSecond.values.reduce(0, +) <= 4 * 960)
    }

    @Test("refusals make a fresh speaker read the API for an address once in 3 s, and for 32 addresses a second")
    func rereads() {
        var election = Self.election("me", addresses: 1000, eligible: ["me": 0])
        _ = election.becomeReady(at: Self.start)
        _ = election.poll(at: Self.start, isMute: false)
        func refuse(_ index: Int, at now: Instant) -> Int {
            election.receive(Refusal(to: Self.me, address: Self.address(index), allocation: nil), at: now).count
        }
        #expect((0..<100).map { refuse(0, at: Self.start + .milliseconds($0 * 60)) }.reduce(0, +) == 2)
        let later = Self.start + .seconds(10)
        #expect((0..<2000).map { refuse($0 % 1000, at: later) }.reduce(0, +) == 32)
        #expect((0..<1000).map { refuse($0, at: later + .seconds(1)) }.reduce(0, +) == 32)
        // All of them in turn, although the first could be read again after 3 s.
        let turns = (2..<32).map { second in
            (0..<1000).filter { refuse($0, at: later + .seconds(second)) > 0 }
        }
        #expect(Set(turns.joined()).count == 936 && turns.joined().count == 936)
        // A stale one lets go of all.
        let end = later + .seconds(40)
        Self.configure(&election, addresses: 1000, eligible: ["me": 0], isStale: true, at: end)
        for index in 0..<1000 { _ = refuse(index, at: end) }
        #expect(election.owned.isEmpty)
    }

    @Test("one look settles what it takes: nothing is due at once after it")
    func settled() throws {
        var election = Self.election("me", addresses: 50, eligible: ["me": 0, "b": 0])
        _ = election.becomeReady(at: Self.start)
        _ = election.poll(at: Self.start, isMute: false)
        #expect(election.owned.count == 50)
        _ = election.claims(at: Self.start, capacity: 1300)
        #expect(try #require(election.nextDeadline(at: Self.start)) > Self.start)
    }
}

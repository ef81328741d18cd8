import Election
import MonotonicTime
import NetworkAddresses
import Wire

/// One speaker's election on one address, with peers made by hand.
struct Bench {
    static let address = IPAddress.v4(IPv4Address(192, 168, 57, 200))
    var election: Election
    var now = Instant(nanoseconds: 1_000_000_000)
    var generation: UInt32 = 0

    init(
        eligible: [String: Int] = ["me": 0, "b": 0, "c": 0], recordedOwner: String? = nil,
        isNewlyAssigned: Bool = false,
        isStale: Bool = false
    ) {
        election = Election(me: NodeID(name: "me"), timing: ElectionTiming(), now: now)
        configure(
            eligible: eligible, recordedOwner: recordedOwner, isNewlyAssigned: isNewlyAssigned, isStale: isStale)
    }

    mutating func configure(
        eligible: [String: Int]?, allocation: UInt64 = 1, recordedOwner: String? = nil, isNewlyAssigned: Bool = false,
        isStale: Bool = false, isLeaving: Bool = false
    ) {
        let intents = eligible.map { eligible in
            [
                AddressIntent(
                    address: Self.address, allocation: AllocationID(rawValue: allocation), eligible: eligible,
                    recordedOwner: recordedOwner, isNewlyAssigned: isNewlyAssigned)
            ]
        }
        election.configure(
            intents ?? [], isStale: isStale, isLeaving: isLeaving, timing: ElectionTiming(), at: now)
    }

    mutating func peer(_ name: String, _ condition: Standing.Condition, isStale: Bool = false) {
        var standing = Standing(condition: condition)
        standing.canBeHelped = true
        standing.isStale = isStale
        standing.readySince = now
        election.update(NodeID(name: name), standing, at: now)
    }

    mutating func hear(
        _ name: String, term: UInt32, kind: ClaimEntry.Kind = .own, allocation: UInt64 = 1, isStale: Bool = false,
        hearsMe: Bool = true
    ) -> [ElectionDirective] {
        generation += 1
        let entry = ClaimEntry(address: Self.address, term: term, allocation: allocation, kind: kind)
        return election.receive(
            ClaimsPart(generation: generation, index: 0, count: 1, entries: [entry]), from: NodeID(name: name),
            incarnation: 1, isStale: isStale, hearsMe: hearsMe, at: now
        ).1
    }

    mutating func hearNothing(_ name: String, parts: UInt16 = 1, index: UInt16 = 0, generation: UInt32) {
        _ = election.receive(
            ClaimsPart(generation: generation, index: index, count: parts, entries: []), from: NodeID(name: name),
            incarnation: 1, isStale: false, at: now)
    }

    mutating func pass(_ milliseconds: Int64, isMute: Bool = false) -> [ElectionDirective] {
        let end = now + .milliseconds(milliseconds)
        var directives: [ElectionDirective] = []
        while now < end {
            now = now + .milliseconds(10)
            directives += election.poll(at: now, isMute: isMute)
        }
        return directives
    }

    mutating func ready() -> [ElectionDirective] {
        let directives = election.becomeReady(at: now)
        return directives + election.poll(at: now, isMute: false)
    }
}

extension [ElectionDirective] {
    var took: UInt32? {
        for case .own(_, let term) in self { return term }
        return nil
    }
}

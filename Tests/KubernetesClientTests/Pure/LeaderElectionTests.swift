import KubernetesClient
import KubernetesModel
import MonotonicTime
import SeededRandom
import Testing

/// One Lease, kept as a strict API server keeps it: a write with an old resource version is refused.
struct LeaseWorld {
    private(set) var lease: Lease?
    private var version = 0

    mutating func perform(_ attempt: LeaderElection.Attempt) -> Lease? {
        switch attempt {
        case .create(let record):
            guard lease == nil else { return nil }
            return store(record)
        case .update(let record, let expected):
            guard let lease, expected == nil || lease.metadata.resourceVersion == expected else { return nil }
            return store(record)
        case .read, .follow: return nil
        }
    }

    mutating func store(_ record: Lease.Spec) -> Lease {
        version += 1
        let metadata = ObjectMeta(name: "leader", namespace: "herald", resourceVersion: "\(version)")
        let written = Lease(metadata: metadata, spec: record)
        lease = written
        return written
    }
}

extension LeaderElection {
    /// One whole attempt against the world.
    mutating func attempt(_ world: inout LeaseWorld, at seconds: Double, wall: Timestamp) -> Outcome {
        var attempt = begin(wall: wall)
        if attempt == .read { attempt = saw(world.lease, at: .at(seconds), wall: wall) }
        if case .follow = attempt { return .same }
        guard let lease = world.perform(attempt) else { return failed(at: .at(seconds)) }
        return wrote(lease, startedAt: .at(seconds), at: .at(seconds))
    }
}

@Suite("Leader election")
struct LeaderElectionTests {
    let wall = Timestamp(seconds: 1_800_000_000)

    @Test("the first candidate makes the lease as client-go does")
    func creates() throws {
        var (world, a) = (LeaseWorld(), LeaderElection(identity: "a"))
        #expect(a.attempt(&world, at: 0, wall: wall) == .becameLeader)
        let record = try #require(world.lease?.spec)
        #expect(record.holderIdentity == "a")
        #expect(record.leaseDurationSeconds == 15)
        #expect(record.acquireTime == MicroTime(wall))
        #expect(record.renewTime == MicroTime(wall))
        #expect(record.leaseTransitions == 0)
    }

    @Test(
        "numbers in a record that nobody would write end no candidate",
        arguments: [(Int.max, Int.max), (.min, .min), (10_000_000_000, Int(Int32.max))])
    func absurdRecord(duration: Int, transitions: Int) throws {
        var (world, a) = (LeaseWorld(), LeaderElection(identity: "a"))
        _ = world.store(
            Lease.Spec(holderIdentity: "b", leaseDurationSeconds: duration, leaseTransitions: transitions))
        let outcome = a.attempt(&world, at: 0, wall: wall)
        #expect(outcome == (duration > 0 ? .same : .becameLeader))
        var c = LeaderElection(identity: "c")
        _ = world.store(Lease.Spec(holderIdentity: "", leaseTransitions: transitions))
        #expect(c.attempt(&world, at: 1, wall: wall) == .becameLeader)
        let written = try #require(world.lease?.spec?.leaseTransitions)
        #expect((1...Int(Int32.max)).contains(written))
    }

    @Test("a renewal keeps the acquire time and the transitions")
    func renews() throws {
        var (world, a) = (LeaseWorld(), LeaderElection(identity: "a"))
        _ = a.attempt(&world, at: 0, wall: wall)
        let later = Timestamp(seconds: 1_800_000_002)
        #expect(a.attempt(&world, at: 2, wall: later) == .same)
        let record = try #require(world.lease?.spec)
        #expect(record.acquireTime == MicroTime(wall))
        #expect(record.renewTime == MicroTime(later))
        #expect(record.leaseTransitions == 0)
    }

    @Test("others follow while the holder renews, and take over when it stopped for the lease's duration")
    func takesOver() throws {
        var (world, a, b) = (LeaseWorld(), LeaderElection(identity: "a"), LeaderElection(identity: "b"))
        _ = a.attempt(&world, at: 0, wall: wall)
        for second in stride(from: 1.0, through: 15.5, by: 2) {
            #expect(b.attempt(&world, at: second, wall: wall) == .same)
        }
        #expect(b.holder == "a")
        // First seen at 1 s: good until 16 s.
        #expect(b.attempt(&world, at: 16, wall: wall) == .becameLeader)
        #expect(world.lease?.spec?.leaseTransitions == 1)
    }

    @Test("the holder's own duration counts, not ours")
    func holdersDuration() {
        var (world, b) = (LeaseWorld(), LeaderElection(identity: "b"))
        _ = world.store(Lease.Spec(holderIdentity: "a", leaseDurationSeconds: 60, leaseTransitions: 4))
        #expect(b.attempt(&world, at: 0, wall: wall) == .same)
        #expect(b.attempt(&world, at: 59, wall: wall) == .same)
        #expect(b.attempt(&world, at: 60, wall: wall) == .becameLeader)
        #expect(world.lease?.spec?.leaseTransitions == 5)
    }

    @Test("clock jumps change nothing", arguments: [-3600, 3600] as [Int64])
    func clockJumps(jump: Int64) {
        var (world, a, b) = (LeaseWorld(), LeaderElection(identity: "a"), LeaderElection(identity: "b"))
        for second in 0..<120 {
            let now = Timestamp(seconds: wall.microseconds / 1_000_000 + Int64(second))
            // The leader's clock jumps after 30 s, the follower's after 60 s.
            let jumped = Timestamp(seconds: now.microseconds / 1_000_000 + jump)
            if second % 2 == 0 {
                let outcome = a.attempt(&world, at: Double(second), wall: second < 30 ? now : jumped)
                #expect(outcome == (second == 0 ? .becameLeader : .same))
            } else {
                #expect(b.attempt(&world, at: Double(second), wall: second < 60 ? now : jumped) == .same)
            }
        }
        #expect(a.isLeader && !b.isLeader)
    }

    @Test("a leader that cannot renew stops 10 s after the start of its last renewal, before others take over")
    func renewDeadline() {
        var (world, a, b) = (LeaseWorld(), LeaderElection(identity: "a"), LeaderElection(identity: "b"))
        _ = a.attempt(&world, at: 0, wall: wall)
        _ = b.attempt(&world, at: 0, wall: wall)
        #expect(a.failed(at: .at(9.9)) == .same)
        #expect(a.leadingEnds == .at(10))
        #expect(a.failed(at: .at(10)) == .lost)
        #expect(!a.isLeader)
        #expect(b.attempt(&world, at: 14.9, wall: wall) == .same)
        #expect(b.attempt(&world, at: 15, wall: wall) == .becameLeader)
    }

    @Test("a leader whose lease was taken stops at once")
    func usurped() {
        var (world, a) = (LeaseWorld(), LeaderElection(identity: "a"))
        _ = a.attempt(&world, at: 0, wall: wall)
        _ = world.store(Lease.Spec(holderIdentity: "b", leaseDurationSeconds: 15))
        // The renewal conflicts; the read that follows shows why.
        #expect(a.attempt(&world, at: 2, wall: wall) == .same)
        #expect(a.isLeader)
        _ = a.attempt(&world, at: 4, wall: wall)
        #expect(!a.isLeader)
    }

    @Test("a released lease is taken by the next candidate at once, with client-go's record")
    func releases() throws {
        var (world, a, b) = (LeaseWorld(), LeaderElection(identity: "a"), LeaderElection(identity: "b"))
        _ = a.attempt(&world, at: 0, wall: wall)
        _ = b.attempt(&world, at: 1, wall: wall)
        let mayHold = a.resign()
        #expect(mayHold)
        let attempt = a.release(world.lease, wall: wall)
        let written = world.perform(try #require(attempt))
        let released = try #require(written?.spec)
        #expect(released.holderIdentity == "")
        #expect(released.leaseDurationSeconds == 1)
        #expect(!a.isLeader)
        #expect(b.attempt(&world, at: 2, wall: wall) == .becameLeader)
        #expect(world.lease?.spec?.leaseTransitions == 1)
    }

    enum LastRenewal: CaseIterable { case failed, writtenWithoutAnswer, createdWithoutAnswer }

    @Test("a lease that is ours is released whatever became of the last renewal", arguments: LastRenewal.allCases)
    func releasesAfterFailure(renewal: LastRenewal) throws {
        var (world, a) = (LeaseWorld(), LeaderElection(identity: "a"))
        if renewal != .createdWithoutAnswer { _ = a.attempt(&world, at: 0, wall: wall) }
        let attempt = renewal == .createdWithoutAnswer ? a.saw(nil, at: .at(2), wall: wall) : a.begin(wall: wall)
        if renewal != .failed { _ = world.perform(attempt) }
        _ = a.failed(at: .at(4))
        let mayHold = a.resign()
        #expect(mayHold)
        #expect(!a.isLeader)
        let written = world.perform(try #require(a.release(world.lease, wall: wall)))
        #expect(written?.spec?.holderIdentity == "")
    }

    @Test("a lease that somebody else holds is left alone at shutdown")
    func releasesOnlyItsOwn() {
        var (world, a, b) = (LeaseWorld(), LeaderElection(identity: "a"), LeaderElection(identity: "b"))
        var mayHold = b.resign()
        #expect(!mayHold)
        _ = a.attempt(&world, at: 0, wall: wall)
        _ = b.attempt(&world, at: 0, wall: wall)
        mayHold = b.resign()
        #expect(!mayHold)
        _ = world.store(Lease.Spec(holderIdentity: "c", leaseDurationSeconds: 15))
        mayHold = a.resign()
        #expect(mayHold)
        #expect(a.release(world.lease, wall: wall) == nil)
        #expect(a.release(nil, wall: wall) == nil)
    }

    @Test("a candidate that comes back under its own identity leads on, without a transition")
    func sameIdentity() {
        var (world, a) = (LeaseWorld(), LeaderElection(identity: "a"))
        _ = a.attempt(&world, at: 0, wall: wall)
        var again = LeaderElection(identity: "a")
        #expect(again.attempt(&world, at: 3, wall: wall) == .becameLeader)
        #expect(world.lease?.spec?.leaseTransitions == 0)
    }

    @Test("never two leaders, whatever the order and the failures", arguments: 0..<50 as Range<UInt64>)
    func neverTwo(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var world = LeaseWorld()
        var candidates = ["a", "b", "c"].map { LeaderElection(identity: $0) }
        var now = 0.0
        for _ in 0..<400 {
            now += Double.random(in: 0.1...2, using: &random)
            let index = Int.random(in: 0..<3, using: &random)
            let wall = Timestamp(seconds: Int64.random(in: 0...4_000_000_000, using: &random))
            if Int.random(in: 0..<4, using: &random) == 0 {
                _ = candidates[index].failed(at: .at(now))
            } else {
                _ = candidates[index].attempt(&world, at: now, wall: wall)
            }
            // What the shell does at `leadingEnds`.
            for other in candidates.indices where candidates[other].leadingEnds.map({ $0 <= .at(now) }) ?? false {
                _ = candidates[other].failed(at: .at(now))
            }
            #expect(candidates.filter(\.isLeader).count <= 1, "seed \(seed) at \(now) s")
        }
    }

    @Test("candidates spread their attempts by client-go's factor, a leader does not")
    func pauses() {
        var (world, a, random) = (LeaseWorld(), LeaderElection(identity: "a"), SystemRandomNumberGenerator())
        for _ in 0..<100 {
            let pause = a.pause(using: &random)
            #expect(pause >= .seconds(2) && pause <= .milliseconds(4400))
        }
        _ = a.attempt(&world, at: 0, wall: wall)
        #expect(a.pause(using: &random) == .seconds(2))
    }
}

import KubernetesClient
import KubernetesModel
import MonotonicTime
import Testing

@Suite("Aggregation of Events")
struct EventAggregationTests {
    let wall = Timestamp(seconds: 1_800_000_000)

    func key(_ name: String = "web", reason: String = "PoolExhausted", namespace: String? = "default")
        -> EventAggregation.Key
    {
        EventAggregation.Key(
            object: ObjectReference(apiVersion: "v1", kind: "Service", namespace: namespace, name: name),
            type: "Warning", reason: reason)
    }

    @Test("the first one is written at once, repetitions are counted and written after 30 s")
    func counts() throws {
        var events = EventAggregation(component: "lb-controller")
        events.record(key(), message: "one", at: .at(0), wall: wall, suffix: 1)
        let first = events.due(at: .at(0))
        guard case .create(let event)? = first.first?.1 else {
            Issue.record("nothing is created")
            return
        }
        #expect(event.count == 1 && event.metadata.name == "web.1" && event.metadata.namespace == "default")
        #expect(event.source?.component == "lb-controller")
        events.finished(key(), .written, at: .at(0))
        for _ in 1...99 { events.record(key(), message: "one", at: .at(1), wall: wall, suffix: 2) }
        #expect(events.due(at: .at(29.9)).isEmpty)
        let later = events.due(at: .at(30))
        guard later.count == 1, case .update(let update)? = later.first?.1 else {
            Issue.record("nothing is updated")
            return
        }
        #expect(update.count == 100 && update.message == "one" && update.metadata.name == "web.1")
    }

    @Test("another message is an Event of its own, written at once; beyond a burst of them the last one takes it in")
    func messages() throws {
        var events = EventAggregation(component: "c")
        for index in 0..<EventAggregation.variants {
            events.record(key(), message: "m\(index)", at: .at(1), wall: wall, suffix: UInt64(index))
            let due = events.due(at: .at(1))
            guard due.count == 1, case .create(let event)? = due.first?.1 else {
                Issue.record("message \(index) waits")
                return
            }
            #expect(event.message == "m\(index)" && event.count == 1)
            if let (key, _) = due.first { events.finished(key, .written, at: .at(1)) }
        }
        for index in 50..<60 { events.record(key(), message: "m\(index)", at: .at(2), wall: wall, suffix: 99) }
        #expect(events.due(at: .at(30.9)).isEmpty)
        let late = events.due(at: .at(31))
        #expect(late.map(\.1.event.message) == ["m59"] && late.map(\.1.event.count) == [11])
        events.record(key(), message: "m0", at: .at(32), wall: wall, suffix: 99)
        #expect(events.due(at: .at(32)).map(\.1.event.count) == [2], "counted where it was")
        events.record(key(), message: "fresh", at: .at(602), wall: wall, suffix: 99)
        #expect(events.due(at: .at(602)).map(\.1.event.message) == ["fresh"], "places become free again")
    }

    @Test("at the end nothing is held back, and what was cancelled on its way is written again")
    func last() {
        var events = EventAggregation(component: "c")
        events.record(key(), message: "m", at: .at(0), wall: wall, suffix: 1)
        _ = events.due(at: .at(0))
        events.finished(key(), .written, at: .at(0))
        events.record(key(), message: "m", at: .at(1), wall: wall, suffix: 1)
        events.record(key("other"), message: "m", at: .at(1), wall: wall, suffix: 1)
        #expect(events.due(at: .at(1)).map(\.0.object.name) == ["other"])
        events.finished(key("other"), .interrupted, at: .at(1))
        #expect(events.due(at: .at(1), isLast: true).map(\.0.object.name) == ["other", "web"])
    }

    @Test("what is in flight is not written twice")
    func inFlight() {
        var events = EventAggregation(component: "c")
        events.record(key(), message: "m", at: .at(0), wall: wall, suffix: 1)
        #expect(events.due(at: .at(0)).count == 1)
        events.record(key(), message: "m", at: .at(0), wall: wall, suffix: 1)
        #expect(events.due(at: .at(100)).isEmpty)
    }

    @Test("an Event that expired in the API server is made anew, with its count")
    func vanished() {
        var events = EventAggregation(component: "c")
        events.record(key(), message: "m", at: .at(0), wall: wall, suffix: 1)
        _ = events.due(at: .at(0))
        events.finished(key(), .written, at: .at(0))
        events.record(key(), message: "m", at: .at(40), wall: wall, suffix: 1)
        _ = events.due(at: .at(40))
        events.finished(key(), .vanished, at: .at(40))
        guard case .create(let event)? = events.due(at: .at(70)).first?.1 else {
            Issue.record("nothing is created")
            return
        }
        #expect(event.count == 2)
    }

    @Test("a write that failed is not repeated, the next repetition carries the count")
    func failed() {
        var events = EventAggregation(component: "c")
        events.record(key(), message: "m", at: .at(0), wall: wall, suffix: 1)
        _ = events.due(at: .at(0))
        events.finished(key(), .failed, at: .at(0))
        #expect(events.due(at: .at(1000)).isEmpty)
    }

    @Test("a burst is written whole, whatever of it is being written meanwhile, and what is beyond the backlog is told")
    func burst() {
        var events = EventAggregation(component: "c")
        var (written, dropped) = (Set<String>(), 0)
        for index in 0..<30_000 {
            let acceptance = events.record(
                key("s\(index)"), message: "m", at: .at(Double(index) / 1000), wall: wall, suffix: 1)
            if acceptance == .dropped { dropped += 1 }
            guard index == 5000 else { continue }
            for (key, _) in events.due(at: .at(5)) {
                events.finished(key, .written, at: .at(5))
                written.insert(key.object.name ?? "")
            }
        }
        for (key, _) in events.due(at: .at(30)) { written.insert(key.object.name ?? "") }
        #expect(dropped == 30_000 - 5001 - EventAggregation.backlog)
        #expect(written.count == 5001 + EventAggregation.backlog)
    }

    @Test("of what was written, or refused, the latest thousand are remembered")
    func bounded() {
        var events = EventAggregation(component: "c")
        for index in 0..<3000 {
            let (now, key) = (Instant.at(Double(index) / 1000), key("s\(index)"))
            events.record(key, message: "m", at: now, wall: wall, suffix: 1)
            _ = events.due(at: now)
            events.finished(key, index % 2 == 0 ? .written : .failed, at: now)
        }
        events.record(key("s2000"), message: "m", at: .at(4), wall: wall, suffix: 1)
        for index in [1999, 2001, 2002] {
            events.record(key("s\(index)"), message: "m", at: .at(40), wall: wall, suffix: 1)
        }
        let due = events.due(at: .at(40))
        let counts = Dictionary(uniqueKeysWithValues: due.map { ($0.0.object.name ?? "", $0.1.event.count) })
        #expect(counts == ["s1999": 1, "s2000": 2, "s2001": 2, "s2002": 2])
    }

    @Test("an entry that is used again is forgotten last, and waiting ones are never forgotten")
    func order() {
        var events = EventAggregation(component: "c")
        func write(_ name: String, at seconds: Double) {
            events.record(key(name), message: "m", at: .at(seconds), wall: wall, suffix: 1)
            for (key, _) in events.due(at: .at(seconds)) { events.finished(key, .written, at: .at(seconds)) }
        }
        write("old", at: 0)
        write("older", at: 0)
        events.record(key("waiting"), message: "m", at: .at(0), wall: wall, suffix: 1)
        _ = events.due(at: .at(0))
        write("old", at: 31)
        for index in 0..<EventAggregation.capacity - 1 { write("s\(index)", at: 40) }
        for name in ["old", "older"] {
            events.record(key(name), message: "m", at: .at(100), wall: wall, suffix: 1)
        }
        let due = events.due(at: .at(100)).map { ($0.0.object.name, $0.1.event.count) }
        #expect(due.map(\.0) == ["old", "older"] && due.map(\.1) == [3, 1])
        events.finished(key("waiting"), .vanished, at: .at(100))
        #expect(events.due(at: .at(130)).map(\.0.object.name) == ["waiting"])
    }

    @Test("Events of cluster-scoped objects go to the namespace default, and different reasons are different Events")
    func namespaces() {
        var events = EventAggregation(component: "c")
        events.record(key(namespace: nil), message: "m", at: .at(0), wall: wall, suffix: 1)
        events.record(key(reason: "Allocated"), message: "m", at: .at(0), wall: wall, suffix: 1)
        let due = events.due(at: .at(0))
        #expect(due.count == 2)
        for case .create(let event) in due.map(\.1) { #expect(event.metadata.namespace == "default") }
    }
}

extension EventAggregation.Write {
    fileprivate var event: Event {
        switch self {
        case .create(let event), .update(let event): event
        }
    }
}

@Suite("Rate limit")
struct TokenBucketTests {
    @Test("a burst passes at once, then the rate holds, and a pause fills the bucket again")
    func rate() {
        var bucket = TokenBucket(RequestLimits(rate: 10, burst: 5), at: .at(0))
        let delays = (0..<8).map { _ in bucket.take(at: .at(0)).seconds }
        #expect(delays.prefix(5).allSatisfy { $0 == 0 })
        #expect(zip(delays.suffix(3), [0.1, 0.2, 0.3]).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(bucket.take(at: .at(10)) == .zero)
    }

    @Test("a clock that goes back changes nothing")
    func clock() {
        var bucket = TokenBucket(RequestLimits(rate: 1, burst: 1), at: .at(100))
        #expect(bucket.take(at: .at(50)) == .zero)
        #expect(bucket.take(at: .at(50)) > .zero)
    }
}

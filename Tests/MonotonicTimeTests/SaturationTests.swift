import MonotonicTime
import Testing

@Suite("Time does not wrap")
struct SaturationTests {
    static let first = Instant(nanoseconds: .min)
    static let last = Instant(nanoseconds: .max)
    static let now = Instant(nanoseconds: 5_000_000_000)
    static let longest = Interval(nanoseconds: .max)
    static let shortest = Interval(nanoseconds: .min)

    @Test("what an interval cannot hold is the longest or the shortest one")
    func intervals() {
        #expect(Self.first - Self.now == Self.shortest)
        #expect(Self.now - Self.first == Self.longest)
        #expect(Self.last - Instant(nanoseconds: -1) == Self.longest)
        #expect(Self.longest + .seconds(1) == Self.longest && Self.shortest - .seconds(1) == Self.shortest)
        #expect(Self.shortest + .seconds(-1) == Self.shortest && Self.longest - .seconds(-1) == Self.longest)
        #expect(Self.longest * 2 == Self.longest && Self.longest * -2 == Self.shortest)
        #expect(Self.shortest * 2 == Self.shortest && Self.shortest * -1 == Self.longest)
        #expect(Interval.seconds(.max) == Self.longest && Interval.seconds(.min) == Self.shortest)
        #expect(Interval(nanoseconds: .min) / 2 == Interval(nanoseconds: .min / 2))
    }

    @Test("what an instant cannot hold is the last or the first one")
    func instants() {
        #expect(Self.now + Self.longest == Self.last)
        #expect(Self.now - Self.longest == Instant(nanoseconds: 5_000_000_000 - .max))
        #expect(Instant(nanoseconds: -2) - Self.longest == Self.first)
        #expect(Self.now - Self.shortest == Self.last)
    }

    @Test("in between, sums and differences are exact")
    func exact() {
        #expect(Self.now + .milliseconds(5) - Self.now == .milliseconds(5))
        #expect(Self.now - .seconds(6) - Self.now == .seconds(-6))
        #expect(Interval.milliseconds(7) * 3 == .milliseconds(21) && Interval.seconds(1) * -2 == .seconds(-2))
    }

    @Test("a deadline that has passed is slept for not at all, however long ago it was")
    func remaining() {
        for past in [Self.first, Instant(nanoseconds: 0), Self.now] {
            #expect(Self.now.remaining(until: past) == .zero)
        }
        #expect(Self.now.remaining(until: Self.now + .seconds(2)) == .seconds(2))
        #expect(Self.first.remaining(until: Self.last) == Self.longest)
    }
}

/// A length of time in whole nanoseconds; signed, so that differences need no care.
///
/// Half the size of `Swift.Duration`, and its arithmetic is a few machine instructions: it stands in per-packet state.
/// What would be longer than an `Int64` holds is the longest or shortest interval: neither a number from a peer nor an
/// instant that stands for "at once" ever ends the process, or comes out as a wait of centuries.
public struct Interval: Sendable, Hashable, Comparable {
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let zero = Interval(nanoseconds: 0)
    public static func seconds(_ value: Int64) -> Interval { Interval(value, of: 1_000_000_000) }
    public static func milliseconds(_ value: Int64) -> Interval { Interval(value, of: 1_000_000) }
    public static func microseconds(_ value: Int64) -> Interval { Interval(value, of: 1_000) }

    private init(_ value: Int64, of unit: Int64) { nanoseconds = value.multipliedSaturated(by: unit) }

    /// For display and metrics.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    /// For the standard library's clocks and `Task.sleep(for:)`.
    public var duration: Duration { .nanoseconds(nanoseconds) }

    public static func < (a: Interval, b: Interval) -> Bool { a.nanoseconds < b.nanoseconds }
    public static func + (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: a.nanoseconds.addingSaturated(b.nanoseconds))
    }
    public static func - (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: a.nanoseconds.subtractingSaturated(b.nanoseconds))
    }
    public static func * (a: Interval, factor: Int) -> Interval {
        Interval(nanoseconds: a.nanoseconds.multipliedSaturated(by: Int64(factor)))
    }
    public static func / (a: Interval, divisor: Int) -> Interval {
        Interval(nanoseconds: divisor == 0 ? 0 : a.nanoseconds / Int64(divisor))
    }
}

extension Int64 {
    func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, isTooLong) = addingReportingOverflow(other)
        return isTooLong ? (other < 0 ? .min : .max) : sum
    }

    func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, isTooLong) = subtractingReportingOverflow(other)
        return isTooLong ? (other < 0 ? .max : .min) : difference
    }

    func multipliedSaturated(by other: Int64) -> Int64 {
        let (product, isTooLong) = multipliedReportingOverflow(by: other)
        return isTooLong ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}

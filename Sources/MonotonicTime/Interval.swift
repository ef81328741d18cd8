/// A length of time in whole nanoseconds; signed, so that differences need no care.
///
/// Half the size of `Swift.Duration`, and its arithmetic is one machine instruction: it stands in per-packet state.
public struct Interval: Sendable, Hashable, Comparable {
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let zero = Interval(nanoseconds: 0)
    /// The longest or shortest interval when it would be longer: a number from a peer never ends the process.
    public static func seconds(_ value: Int64) -> Interval { Interval(value, of: 1_000_000_000) }
    public static func milliseconds(_ value: Int64) -> Interval { Interval(value, of: 1_000_000) }
    public static func microseconds(_ value: Int64) -> Interval { Interval(value, of: 1_000) }

    private init(_ value: Int64, of unit: Int64) {
        let (product, isTooLong) = value.multipliedReportingOverflow(by: unit)
        nanoseconds = isTooLong ? (value < 0 ? .min : .max) : product
    }

    /// For display and metrics.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    public static func < (a: Interval, b: Interval) -> Bool { a.nanoseconds < b.nanoseconds }
    public static func + (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: a.nanoseconds &+ b.nanoseconds)
    }
    public static func - (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: a.nanoseconds &- b.nanoseconds)
    }
    public static func * (a: Interval, factor: Int) -> Interval {
        Interval(nanoseconds: a.nanoseconds &* Int64(factor))
    }
    public static func / (a: Interval, divisor: Int) -> Interval {
        Interval(nanoseconds: divisor == 0 ? 0 : a.nanoseconds / Int64(divisor))
    }
}

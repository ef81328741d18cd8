import FoundationEssentials
import KubernetesModel
import MonotonicTime

extension Timestamp {
    /// The wall clock, for records that people read.
    static var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
}

extension Interval {
    var duration: Duration { .nanoseconds(nanoseconds) }
}

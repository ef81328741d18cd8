import KubernetesModel
import MonotonicTime

extension Timestamp {
    static func - (time: Timestamp, interval: Interval) -> Timestamp {
        Timestamp(microseconds: time.microseconds - interval.nanoseconds / 1000)
    }
}

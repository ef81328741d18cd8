import Metrics
import MonotonicTime

/// What the client counts; docs/metrics.md explains each. Every label is bounded.
struct ClientMetrics: Sendable {
    func request(_ request: HTTPRequest, status: Int, took: Interval) {
        let verb = request.method.rawValue
        Counter(
            label: "herald_api_requests_total",
            dimensions: [("verb", verb), ("resource", request.resource), ("code", "\(status)")]
        ).increment()
        Timer(label: "herald_api_request_duration_seconds", dimensions: [("verb", verb)])
            .recordNanoseconds(took.nanoseconds)
    }

    /// A watch was answered, or could not be.
    func watch(_ resource: String, status: Int) {
        Counter(
            label: "herald_api_requests_total",
            dimensions: [("verb", "WATCH"), ("resource", resource), ("code", "\(status)")]
        ).increment()
    }

    func throttled(_ delay: Interval) {
        Counter(label: "herald_api_requests_throttled_total").increment()
        FloatingPointCounter(label: "herald_api_requests_throttled_seconds_total").increment(by: delay.seconds)
    }

    func eventDropped() { Counter(label: "herald_events_dropped_total").increment() }

    func relisted(_ resource: String) {
        Counter(label: "herald_api_relists_total", dimensions: [("resource", resource)]).increment()
    }

    func watchEnded(_ resource: String, _ end: ReflectorState.WatchEnd) {
        Counter(
            label: "herald_api_watch_restarts_total", dimensions: [("resource", resource), ("reason", end.reason)]
        ).increment()
    }
}

extension ReflectorState.WatchEnd {
    fileprivate var reason: String {
        switch self {
        case .closed: "closed"
        case .silent: "silent"
        case .garbled: "garbled"
        case .unclear: "unclear"
        case .failed(let error) where error.isExpired: "expired"
        case .failed(let error) where error.code == .overflow: "overflow"
        case .failed: "error"
        }
    }
}

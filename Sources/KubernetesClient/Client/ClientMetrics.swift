import Metrics
import MonotonicTime

/// What the client counts. Labels are bounded: verb, and the class of the answer.
struct ClientMetrics: Sendable {
    /// Held back by the client's own rate limit.
    private let throttled = Metrics.Counter(label: "herald_api_requests_throttled_total")
    private let throttledTime = Metrics.FloatingPointCounter(label: "herald_api_requests_throttled_seconds_total")

    func request(_ method: HTTPRequest.Method, outcome: String) {
        Metrics.Counter(
            label: "herald_api_requests_total", dimensions: [("verb", method.rawValue), ("code", outcome)]
        ).increment()
    }

    func throttled(_ delay: Interval) {
        throttled.increment()
        throttledTime.increment(by: delay.seconds)
    }
}

extension APIError {
    /// `2xx` … `5xx` or `error`: a bounded label.
    static func outcome(_ result: Result<HTTPResponse, TransportError>) -> String {
        switch result {
        case .success(let response): "\(response.status / 100)xx"
        case .failure: "error"
        }
    }
}

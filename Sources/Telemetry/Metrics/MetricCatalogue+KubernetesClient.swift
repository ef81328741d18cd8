extension MetricCatalogue {
    package static let kubernetesClient: [MetricDescription] = [
        MetricDescription(
            "herald_api_requests_total", .counter,
            "Requests to the API server, by verb, resource and status code; code 0 means no answer.",
            labels: ["verb", "resource", "code"]),
        MetricDescription(
            "herald_api_request_duration_seconds", .histogram,
            "Duration of requests to the API server, without watches.",
            labels: ["verb"]),
        MetricDescription(
            "herald_api_requests_throttled_total", .counter, "Requests that the client's own rate limit held back."),
        MetricDescription(
            "herald_api_requests_throttled_seconds_total", .counter, "Time for which requests were held back."),
        MetricDescription(
            "herald_api_watch_restarts_total", .counter, "Watches that ended and were started again, by reason.",
            labels: ["resource", "reason"]),
        MetricDescription(
            "herald_api_relists_total", .counter, "Full lists, the first one included.", labels: ["resource"]),
        MetricDescription(
            "herald_events_dropped_total", .counter,
            "Kubernetes Events that were never written, because 20,000 others waited."),
    ]
}

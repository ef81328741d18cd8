/// Every metric that Herald exports: the one list, which docs/metrics.md repeats and tests compare with the code.
package enum MetricCatalogue {
    package static let all = controller + speaker + kubernetesClient + process

    static let droppedSeries = MetricDescription(
        "herald_telemetry_dropped_series_total", .counter,
        "Uses of a label combination beyond the limit of series for one metric; they are counted under other.")

    package static let process: [MetricDescription] = [
        MetricDescription(
            "herald_build_info", .gauge, "Always 1; the labels say which component and version this is.",
            labels: ["component", "version"]),
        droppedSeries,
        MetricDescription("process_cpu_seconds_total", .counter, "User and system CPU time spent, in seconds."),
        MetricDescription("process_max_fds", .gauge, "The limit of open file descriptors."),
        MetricDescription("process_open_fds", .gauge, "Open file descriptors."),
        MetricDescription("process_resident_memory_bytes", .gauge, "Resident memory, in bytes."),
        MetricDescription(
            "process_start_time_seconds", .gauge, "When the process started, in seconds since 1970."),
        MetricDescription("process_threads", .gauge, "Threads of the process."),
        MetricDescription("process_virtual_memory_bytes", .gauge, "Virtual memory, in bytes."),
    ]
}

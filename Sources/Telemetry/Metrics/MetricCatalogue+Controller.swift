extension MetricCatalogue {
    package static let controller: [MetricDescription] = [
        MetricDescription(
            "herald_leader", .gauge, "1 while this controller holds the leader lease and assigns addresses, else 0."),
        MetricDescription(
            "herald_pool_addresses", .gauge,
            "Addresses of the pool that Services hold or could have, saturating for huge IPv6 ranges; only for families that a ready pool has ranges of.",
            labels: ["pool", "family"]),
        MetricDescription(
            "herald_pool_addresses_assigned", .gauge, "Addresses of the pool that Services hold.",
            labels: ["pool", "family"]),
        MetricDescription(
            "herald_pool_conflicts", .gauge, "Addresses of the pool that a foreign host was seen to use.",
            labels: ["pool"]),
        MetricDescription(
            "herald_pool_ready", .gauge, "1 if the pool is accepted and assigns addresses, else 0.", labels: ["pool"]),
        MetricDescription(
            "herald_allocations_total", .counter,
            "Decisions about a Service's addresses that changed something, by result.", labels: ["result"]),
        MetricDescription(
            "herald_services", .gauge, "Services that Herald is responsible for, by state.", labels: ["state"]),
        MetricDescription(
            "herald_addresses_unannounced", .gauge, "Assigned addresses that no speaker says it announces."),
        MetricDescription(
            "herald_plan_duration_seconds", .histogram, "Time to compute what is to be written, from the snapshot."),
        MetricDescription(
            "herald_plan_writes_total", .counter, "Writes to the API server that a plan asked for, by result.",
            labels: ["result"]),
    ]
}

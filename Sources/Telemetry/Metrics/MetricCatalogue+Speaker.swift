extension MetricCatalogue {
    package static let speaker: [MetricDescription] = [
        MetricDescription(
            "herald_api_stale", .gauge, "1 while the watch has shown no proof of life for 15 s, else 0.",
            labels: ["resource"]),
        MetricDescription(
            "herald_nodes_without_speaker", .gauge,
            "Other Linux nodes that match --node-selector and whose speaker has not renewed its Lease for a minute."),
        MetricDescription(
            "herald_announced_addresses", .gauge, "Addresses that this node now answers for as their announcer.",
            labels: ["link", "family"]),
        MetricDescription(
            "herald_helped_addresses", .gauge,
            "Addresses that this node answers for on behalf of a node whose speaker is absent.", labels: ["link"]),
        MetricDescription(
            "herald_helper_seconds_total", .counter,
            "Time in which this node answered for at least one absent speaker.", labels: ["link"]),
        MetricDescription(
            "herald_link_ready", .gauge,
            "1 while the link does its part: ready to own addresses, passive beside another one on its segment, or on a node that is left out; else 0.",
            labels: ["link"]),
        MetricDescription(
            "herald_link_deaf", .gauge, "1 while nothing is heard on the link although hosts were asked, else 0.",
            labels: ["link"]),
        MetricDescription(
            "herald_receive_buffer_bytes", .gauge,
            "Size of each receive buffer that the kernel granted, for Neighbor Discovery and hellos; ARP has a ring of its own.",
            labels: ["link"]),
        MetricDescription(
            "herald_replies_total", .counter, "ARP replies and neighbor advertisements sent as answers.",
            labels: ["link", "protocol"]),
        MetricDescription(
            "herald_announcements_total", .counter,
            "Unasked announcements sent: gratuitous ARP and unsolicited neighbor advertisements.",
            labels: ["link", "protocol"]),
        MetricDescription(
            "herald_probes_total", .counter, "Probes sent to find out whether an address is in use.",
            labels: ["link", "protocol"]),
        MetricDescription(
            "herald_frames_received_total", .counter, "Frames that passed the kernel's filter.", labels: ["link"]),
        MetricDescription(
            "herald_frames_dropped_total", .counter, "Frames that were not answered, by reason.",
            labels: ["link", "reason"]),
        MetricDescription(
            "herald_send_errors_total", .counter, "Frames that the kernel refused to send.", labels: ["link"]),
        MetricDescription(
            "herald_netlink_resynchronisations_total", .counter,
            "Times that the kernel dropped news of the node's interfaces, and all was read again."),
        MetricDescription(
            "herald_address_conflicts_total", .counter,
            "Claims of an owned address by somebody else: foreign is no cluster node, peer is a cluster node's kernel or another announcer on it, heard again a second or more after the first time (a handover is shorter).",
            labels: ["link", "kind"]),
        MetricDescription(
            "herald_conflicting_frames_total", .counter,
            "Frames by which somebody else claims an address that this node answers for or probes, each of them.",
            labels: ["link"]),
        MetricDescription(
            "herald_defences_total", .counter,
            "Announcements against a foreign host's claim of an address that this node announces; both ARP forms are one.",
            labels: ["link"]),
        MetricDescription(
            "herald_hello_sent_total", .counter, "Membership frames sent: Hello, Claims and Refuse.",
            labels: ["link", "frame"]),
        MetricDescription(
            "herald_hello_received_total", .counter, "Membership frames accepted.", labels: ["link", "frame"]),
        MetricDescription(
            "herald_hello_rejected_total", .counter, "Membership frames refused, by reason.",
            labels: ["link", "reason"]),
        MetricDescription(
            "herald_peers", .gauge, "Other speakers known on the link, by state.", labels: ["link", "state"]),
        MetricDescription(
            "herald_peer_deaths_total", .counter, "Peers that were declared dead.", labels: ["link"]),
        MetricDescription(
            "herald_peer_false_deaths_total", .counter,
            "Peers that were declared dead although they lived: the wire loses bursts of frames.", labels: ["link"]),
        MetricDescription(
            "herald_kernel_asks_total", .counter, "Questions to a silent peer's kernel.", labels: ["link"]),
        MetricDescription(
            "herald_pauses_total", .counter,
            "Times that this speaker found itself stopped for too long and joined again.", labels: ["link"]),
        MetricDescription(
            "herald_peers_filtered", .gauge,
            "Speakers that a Lease names on this link and whose multicast Hello is not heard.",
            labels: ["link"]),
        MetricDescription(
            "herald_takeovers_total", .counter,
            "Addresses taken: failover when their announcer died just before, else vacant.", labels: ["link", "reason"]),
        MetricDescription(
            "herald_withdrawals_total", .counter, "Addresses let go of, by reason.", labels: ["link", "reason"]),
    ]
}

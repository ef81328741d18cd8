/// # Layer2
///
/// What one link sends for the load balancer IPs that this node answers for. ``Layer2Link`` is a value: events go in
/// with the current instant, effects come out, and nothing else happens. It holds three things.
///
/// - The **answers**: address → hardware address to answer with. ``Layer2Link/answer(_:into:)`` is the fast path. It
///   parses, looks up and stores the reply without allocating, in constant time however many addresses are owned. A
///   frame that is more than a plain question is handed on to ``Layer2Link/receive(_:at:)``.
/// - The **announcements** (RFC 5227 §2.3, RFC 4861 §7.2.6): each owned address walks through ``Layer2Timing/announcements``
///   and then refreshes for ever. A ``Pacer`` bounds the frames per second; the first announcements of all addresses
///   go before repeats of any, so a mass failover is on every host's wire as early as the pace allows.
/// - The **watch**: probes before the first use (RFC 5227 §2.1, RFC 4862 §5.4), and foreign claims of owned addresses
///   (RFC 5227 §2.4), reported, and defended at most once per ten seconds.
///
/// Which addresses to own is none of its business: `Election` decides, the link's speaker tells.

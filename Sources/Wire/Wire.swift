/// # Wire
///
/// What travels on one Ethernet link, as bytes and as values: Ethernet II (IEEE 802.3), ARP (RFC 826, RFC 5227),
/// Neighbor Discovery (RFC 4861), and the speakers' own Hello frames.
///
/// A received frame is a `Span<UInt8>` of untrusted bytes. Each parser checks the length once, then reads fields at
/// offsets that are named in one place, and either yields a value that can only be well-formed or throws one
/// ``DropReason``. A frame to send is stored into a `MutableSpan<UInt8>` of the caller's, and the length is returned.
/// Neither direction allocates, traps, or keeps the bytes. Hello frames, a few in each second, are arrays both ways.
///
/// The layers are flat: ``LinkFrame`` looks at the EtherType and holds the one message that the frame carries.

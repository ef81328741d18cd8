package import NetworkAddresses
package import Wire

/// What must be done after an event, in order.
package enum Layer2Effect: Sendable, Hashable {
    /// Send this frame with the interface's own address as the Ethernet source.
    case send(OutgoingFrame)
    case report(Layer2Fact)
}

/// Something that was learned about an address on this link.
package enum Layer2Fact: Sendable, Hashable {
    /// All probes went unanswered: the address may be used (RFC 5227 §2.1). It is held until it is owned or withdrawn, so that
    /// the frames about it arrive all the time.
    case probeSucceeded(IPAddress)
    /// A foreign host uses the address, or probes it too: it must not be announced.
    case probeConflict(IPAddress, hardwareAddress: MACAddress)
    /// A foreign host claims an address that is answered for here. Reported at most once per defence interval for each
    /// hardware address, and at a bounded pace for all; `isDefended` when an announcement was sent against it.
    case conflict(IPAddress, hardwareAddress: MACAddress, isDefended: Bool)
    /// A cluster node's hardware address claims an address that is answered for here: its kernel (ipvs without
    /// strictARP), or another announcer on it. Claims settle ownership, so this is never defended.
    case claimedByNode(IPAddress, hardwareAddress: MACAddress)
}

/// What the fast path made of a frame.
package enum FastAnswer: Sendable, Hashable {
    /// The reply of this many octets is in the caller's span; send it, and that is all.
    case reply(length: Int)
    /// As `reply`, and hand the frame to `receive` too.
    case replyAndReceive(length: Int)
    /// No plain question: hand the frame to `receive`.
    case receive
    case drop(DropReason)
}

public import NetworkAddresses

/// What the packet thread must do after it handed something to a `LinkSpeaker`, in order.
public enum LinkEffect: Sendable, Hashable {
    /// Send these bytes on the link: a whole Ethernet frame.
    case send([UInt8])
    /// Send these bytes as UDP to port 7473, in a frame of the interface's own (`UnicastCarrier.frame`).
    case sendUDP([UInt8], to: IPAddress, hardwareAddress: MACAddress)
    /// Ask the kernel behind an address (ARP request or neighbor solicitation from an own address); broadcast or
    /// solicited-node multicast when the hardware address is not known. The answer goes to `receive` as any frame.
    case ask(IPAddress, hardwareAddress: MACAddress?)
    /// Tell the control plane.
    case report(LinkFact)
}

/// Something that happened on a link, for logs, events, metrics and the API record.
public enum LinkFact: Sendable, Hashable {
    case phase(LinkPhase)
    /// This node announces the address from now on.
    case took(IPAddress, term: UInt32)
    /// This node no longer answers for the address.
    case gaveUp(IPAddress, reason: GiveUpReason)
    /// This node answers for the address with the hardware address of the absent node.
    case helping(IPAddress, node: String)
    case stoppedHelping(IPAddress)
    case peer(name: String, state: PeerCondition)
    /// A peer that had been declared dead was alive all the time: its dead interval doubles.
    case falseDeath(name: String)
    /// Another speaker uses this node's name.
    case nameConflict(hardwareAddress: MACAddress)
    /// Another interface of this node is on the same segment, and goes first.
    case sameSegment(interface: String)
    /// A peer refuses a claim of this node, which is not stale: read the API again now; unreadable means stale.
    case rereadNeeded(IPAddress)
    /// A foreign host answers for the address.
    case conflict(IPAddress, hardwareAddress: MACAddress)
    /// A probe of a newly assigned address was answered: not announced.
    case probeConflict(IPAddress, hardwareAddress: MACAddress)
    /// A peer is heard through unicast UDP only: the switch or a filter drops Hello frames.
    case unicastOnly(name: String)
}

/// Why an address is no longer announced here.
public enum GiveUpReason: String, Sendable, Hashable, CaseIterable {
    /// A higher claim was heard.
    case higherClaim
    /// No intent for it any more: its Service is gone, or its advertisement.
    case withdrawn
    /// This node may not announce it, and no other node took the offer.
    case ineligible
    /// A peer refused the claim, and this speaker is stale.
    case refused
    /// The speaker began to join anew: deaf, paused, a changed interface, a name conflict.
    case rejoined
}

/// A peer's row in the report.
public enum PeerCondition: String, Sendable, Hashable, CaseIterable {
    case unknown, joining, ready, suspect, absent, dead
}

/// The own state on the link.
public enum LinkPhase: String, Sendable, Hashable, CaseIterable {
    /// No key to authenticate with yet.
    case keyless
    case joining, ready, deaf
    /// Another interface of this node serves the segment.
    case passive
    /// Another speaker uses this node's name.
    case conflict
    case leaving, restarting
}

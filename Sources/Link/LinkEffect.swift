public import NetworkAddresses

/// What the packet thread must do after it handed something to a `LinkSpeaker`, in order.
public enum LinkEffect: Sendable, Hashable {
    /// Send these bytes on the link: a whole Ethernet frame (ARP, Neighbor Discovery, Hello, or UDP with a Hello in it).
    case send([UInt8])
    /// Tell the control plane.
    case report(LinkFact)
}

/// What a late wake-up means for the frames that have piled up.
package enum LateWakeUp: Sendable, Hashable {
    /// Nothing: it was not late enough to matter.
    case inTime
    /// They are as good as fresh; the peers were given the time that passed.
    case proceed
    /// They are of another time: throw them away unseen.
    case flushSockets
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
    /// A foreign host claims the address that is answered for here. Told at a bounded pace, and whether or not it was
    /// defended: the announcer defends an address at most once per 10 s, and all of them at a bounded pace.
    case conflict(IPAddress, hardwareAddress: MACAddress)
    /// A cluster node's hardware address answers for the address without a claim behind it: its kernel (ipvs without
    /// strictARP), or another announcer on that node.
    case claimedByNode(IPAddress, hardwareAddress: MACAddress)
    /// A probe of a newly assigned address was answered: not announced.
    case probeConflict(IPAddress, hardwareAddress: MACAddress)
    /// A peer is heard through unicast UDP only: the switch or a filter drops Hello frames.
    case unicastOnly(name: String)
    /// Some speaker's frames are dropped, because no more peers fit into a Hello; told once in ten minutes.
    case tooManyPeers(limit: Int)
}

/// Why an address is no longer announced here. The raw values are metric labels.
public enum GiveUpReason: String, Sendable, Hashable, CaseIterable {
    /// A higher claim was heard.
    case higherClaim = "higher_claim"
    /// A peer announces it, too, and can hear neither this node nor anybody who hears it: only this node can end that.
    case unheard
    /// No intent for it any more: its Service is gone, or its advertisement.
    case withdrawn
    /// This node may not announce it, and no other node took the offer.
    case ineligible
    /// A peer refused the claim, and this speaker is stale.
    case refused
    /// The speaker began to join anew: deaf, paused, a changed interface, a name conflict.
    case rejoined
}

/// A peer, in the words of reports.
public enum PeerCondition: String, Sendable, Hashable, CaseIterable {
    case joining, ready, suspect, absent, dead
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

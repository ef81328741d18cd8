public import Election
package import Layer2
public import Membership
public import NetworkAddresses
public import Wire

/// All that the control plane tells one link's speaker. A value: handed over whole, compared whole.
///
/// Made by the speaker daemon from the cluster snapshot (intents, peers, keys) and from netlink (names, addresses). It
/// is handed to `LinkSpeaker.configure`, whose cost is one pass over `intents`.
public struct LinkConfiguration: Sendable, Equatable {
    /// The node's name, at most 253 bytes; the identity that claims, leases and the API use.
    public var nodeName: String
    public var interfaceName: String
    public var interfaceIndex: Int32
    public var hardwareAddress: MACAddress
    /// The interface's own addresses: told to peers, so that they can ask this node's kernel.
    public var ownAddresses: [IPAddress] = []
    /// The networks on the link.
    public var prefixes: [IPPrefix] = []
    /// Routers on the link, asked for proof that this node can receive.
    public var gateways: [IPAddress] = []
    /// Bytes of payload per frame.
    public var maximumTransmissionUnit = 1500
    public var isWireless = false
    /// This node's other links, with whether they go first: when two are on one segment, the later one falls silent.
    public var siblings: [SiblingLink] = []

    /// What the API says about each address that may be announced on this link; `nil` until the first snapshot is complete.
    public var intents: [AddressIntent]?
    /// Speakers that a Lease names, with their addresses on this link's networks (without this node).
    public var knownPeers: [KnownPeer] = []
    /// Some needed watch has shown no sign of life for 15 s.
    public var isStale = false
    /// The node is drained or excluded: it offers what it has and takes nothing.
    public var isLeaving = false

    /// `nil` until the controller has made the Secret: the speaker then stays joining.
    public var keys: HelloKeys?
    public var cluster: ClusterID
    public var timing = LinkTiming()

    public init(
        nodeName: String, interfaceName: String, interfaceIndex: Int32, hardwareAddress: MACAddress, cluster: ClusterID
    ) {
        (self.nodeName, self.interfaceName) = (nodeName, interfaceName)
        (self.interfaceIndex, self.hardwareAddress) = (interfaceIndex, hardwareAddress)
        self.cluster = cluster
    }
}

/// Another interface of the same node that has a speaker of its own.
public struct SiblingLink: Sendable, Hashable {
    public var interfaceName: String
    public var hardwareAddress: MACAddress
    /// The operator's order of interfaces, else the lower index: this one serves a segment that both are on.
    public var goesFirst: Bool

    public init(interfaceName: String, hardwareAddress: MACAddress, goesFirst: Bool) {
        (self.interfaceName, self.hardwareAddress, self.goesFirst) = (interfaceName, hardwareAddress, goesFirst)
    }
}

/// A speaker that the API knows.
public struct KnownPeer: Sendable, Hashable {
    public var name: String
    public var addresses: [IPAddress]

    public init(name: String, addresses: [IPAddress]) { (self.name, self.addresses) = (name, addresses) }
}

/// Every constant of the link protocol, so that a test can shorten them.
public struct LinkTiming: Sendable, Hashable {
    public var membership = MembershipTiming()
    public var election = ElectionTiming()
    /// Read when the link's speaker is made, not afterwards.
    package var layer2 = Layer2Timing()

    public init() {}
}

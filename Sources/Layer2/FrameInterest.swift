package import NetworkAddresses

/// Which frames a link must get to see: what the kernel filter and the multicast memberships are made from.
package struct FrameInterest: Sendable, Equatable {
    /// Addresses answered for, probed or watched for conflicts: questions for them, and claims of them, must arrive.
    package var addresses: Set<IPAddress> = []
    /// Hosts that were asked something: their answers must arrive.
    package var askedHosts: Set<IPAddress> = []
    /// Addresses whose solicited-node groups must be joined, now or in advance, beyond `addresses`.
    package var expectedAddresses: Set<IPAddress> = []

    /// Every ARP and Neighbor Discovery frame of another host must arrive: it proves that this one can receive.
    package var isListening = false

    package init() {}
}

package import Layer2

/// What the packet thread counts for one link, beside the link's own counters.
package struct PacketCounters: Sendable, Hashable {
    package var layer2 = Layer2Counters()
    package var framesReceived: UInt64 = 0
    package var framesSent: UInt64 = 0
    /// Frames that the kernel would not send (interface down, queue full).
    package var framesRefused: UInt64 = 0
    /// Frames that the kernel dropped because a receive buffer, or the ring, was full.
    package var kernelDrops: UInt64 = 0
    /// Frames that had piled up while the process was stopped, and were thrown away.
    package var framesOutOfTime: UInt64 = 0
    /// Octets that the kernel granted for receiving, where there is no ring; `net.core.rmem_max` limits them.
    package var receiveBuffer = 0
    /// Solicited-node groups that are joined, and those that could not be.
    package var groupsJoined = 0
    package var groupsFailed = 0
    /// Whole process: times that netlink lost notifications, and all was read again.
    package var netlinkResynchronisations = 0

    package init() {}
}

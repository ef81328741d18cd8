import CLinux
import Glibc

/// The node's interfaces and their addresses, and every change of them.
package struct LinkMonitor: ~Copyable {
    package private(set) var state: NetworkState
    /// Times that the kernel dropped notifications and all was read again.
    package private(set) var resynchronisations = 0
    private var subscription: NetlinkSubscription

    /// Readable when there may be changes.
    package var descriptor: Int32 { subscription.descriptor }

    /// Subscribes, then reads everything: what changes in between arrives as a change.
    ///
    /// - Parameter receiveBuffer: octets of notifications that may wait.
    package init(receiveBuffer: Int = 1 << 20) throws(NetlinkError) {
        let subscription = try NetlinkSubscription(
            groups: RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, receiveBuffer: receiveBuffer)
        state = try Self.snapshot()
        self.subscription = subscription
    }

    /// Reads waiting notifications without blocking, a bounded number of them; everything again when some were lost.
    ///
    /// - Returns: whether the state is another one than before. An interface that was replaced by an equal one makes no
    ///   difference to it; sockets on the old one are dead.
    package mutating func update() throws(NetlinkError) -> Bool {
        var changed = state
        defer { state = changed }
        if try subscription.take({ changed.apply($0) }) == .lost {
            resynchronisations += 1
            changed = try Self.snapshot()
        }
        return changed != state
    }

    /// Reads all interfaces and addresses on a socket of its own.
    package static func snapshot() throws(NetlinkError) -> NetworkState {
        var state = NetworkState()
        try NetlinkDump.read([RTM_GETLINK, RTM_GETADDR], into: &state)
        return state
    }
}

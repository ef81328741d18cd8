import CLinux
import Glibc

/// The default gateways, and every change of them.
///
/// Only all routes together tell which gateways there are, and a node may have hundreds of thousands of them: that is no
/// work for a thread that somebody waits for.
package struct RouteMonitor: ~Copyable {
    private var routes: DefaultRoutes
    private var subscription: NetlinkSubscription

    /// Readable when there may be changes.
    package var descriptor: Int32 { subscription.descriptor }
    package var gateways: Set<Gateway> { routes.gateways }

    /// Subscribes, then reads all routes: what changes in between arrives as a change.
    ///
    /// - Parameter receiveBuffer: octets of notifications that may wait.
    package init(receiveBuffer: Int = 1 << 20) throws(NetlinkError) {
        let subscription = try NetlinkSubscription(
            groups: RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
            receiveBuffer: receiveBuffer, filter: Self.filter)
        routes = try Self.snapshot()
        self.subscription = subscription
    }

    /// Reads waiting notifications without blocking, a bounded number of them; and all routes again after every change
    /// that may have ended one.
    package mutating func update() throws(NetlinkError) {
        var changed = routes
        var areOpen = false
        let outcome = try subscription.take { change in
            if changed.areLeftOpen(by: change) { areOpen = true }
            changed.apply(change)
        }
        routes = areOpen || outcome == .lost ? try Self.snapshot() : changed
    }

    private static func snapshot() throws(NetlinkError) -> DefaultRoutes {
        var routes = DefaultRoutes()
        try NetlinkDump.read([RTM_GETROUTE], into: &routes)
        return routes
    }

    /// Routes other than default routes wake nobody, however many a routing daemon changes.
    private static var filter: [sock_filter] {
        [
            // The message type is in the machine's byte order, and BPF loads big-endian.
            sock_filter(code: 0x28, jt: 0, jf: 0, k: 4),
            sock_filter(code: 0x15, jt: 1, jf: 0, k: UInt32(UInt16(RTM_NEWROUTE).bigEndian)),
            sock_filter(code: 0x15, jt: 0, jf: 2, k: UInt32(UInt16(RTM_DELROUTE).bigEndian)),
            // rtm_dst_len
            sock_filter(code: 0x30, jt: 0, jf: 0, k: 17),
            sock_filter(code: 0x15, jt: 0, jf: 1, k: 0),
            sock_filter(code: 0x06, jt: 0, jf: 0, k: 0x4_0000),
            sock_filter(code: 0x06, jt: 0, jf: 0, k: 0),
        ]
    }
}

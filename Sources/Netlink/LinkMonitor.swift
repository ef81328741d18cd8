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
    /// - Returns: what each interface was before, `nil` where there was none, that is another one now. One that was replaced
    ///   by an equal one is not among them; sockets on the old one are dead.
    package mutating func update() throws(NetlinkError) -> [Int32: NetworkInterface?] {
        // Swapped, not copied: there may be hundreds of interfaces, and thousands of notifications.
        var changed = NetworkState()
        swap(&changed, &state)
        defer { swap(&changed, &state) }
        var before: [Int32: NetworkInterface?] = [:]
        let outcome = try subscription.take { message in
            if let index = message.interfaceIndex, before[index] == nil {
                before.updateValue(changed.interfaces[index], forKey: index)
            }
            changed.apply(message)
        }
        if outcome == .lost {
            resynchronisations += 1
            let current = try Self.snapshot()
            for index in Set(changed.interfaces.keys).union(current.interfaces.keys) where before[index] == nil {
                before.updateValue(changed.interfaces[index], forKey: index)
            }
            changed = current
        }
        return before.filter { $0.value != changed.interfaces[$0.key] }
    }

    /// Reads all interfaces and addresses on a socket of its own.
    package static func snapshot() throws(NetlinkError) -> NetworkState {
        var state = NetworkState()
        try NetlinkDump.read([RTM_GETLINK, RTM_GETADDR], into: &state)
        return state
    }
}

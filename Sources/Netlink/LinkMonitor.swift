internal import CLinux
import Glibc

/// The rtnetlink socket and the state that it tells of. Needs no privilege.
package struct LinkMonitor: ~Copyable {
    /// Readable when there may be changes.
    package let descriptor: Int32
    package private(set) var state: NetworkState
    /// Times that the kernel dropped notifications and all was read again.
    package private(set) var resynchronisations = 0
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// Subscribes, then reads everything: what changes in between arrives as a change.
    ///
    /// - Parameter receiveBuffer: octets of notifications that may wait.
    package init(receiveBuffer: Int = 1 << 20) throws(NetlinkError) {
        let groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE
        let descriptor = cl_netlink_socket(UInt32(groups))
        guard descriptor >= 0 else { throw NetlinkError(-descriptor) }
        Self.attachFilter(to: descriptor)
        _ = cl_receive_buffer(descriptor, Int32(clamping: receiveBuffer))
        do throws(NetlinkError) {
            state = try Self.snapshot()
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Reads all waiting notifications without blocking.
    ///
    /// When the kernel had to drop one, it drops all that follow until the socket is empty, and says so once. What waits
    /// is older than the gap, so that it is thrown away, and only then all is read again. Routes are read again after
    /// every change that may have ended one.
    /// - Returns: whether the state is another one than before. An interface that was replaced by an equal one makes no
    ///   difference to it; sockets on the old one are dead.
    package mutating func update() throws(NetlinkError) -> Bool {
        var changed = state
        var hasGap = false
        var areGatewaysOpen = false
        defer { state = changed }
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 {
                switch errno {
                case EAGAIN:
                    if hasGap {
                        resynchronisations += 1
                        changed = try Self.snapshot()
                    } else if areGatewaysOpen {
                        changed.gateways = try Self.read([RTM_GETROUTE]).gateways
                    }
                    return changed != state
                case EINTR: continue
                case ENOBUFS:
                    hasGap = true
                    continue
                default: throw NetlinkError(errno)
                }
            }
            if hasGap { continue }
            NetlinkMessage.forEach(in: buffer.span.extracting(0..<count)) { change in
                if changed.leavesGatewaysOpen(change) { areGatewaysOpen = true }
                changed.apply(change)
            }
        }
    }

    /// Reads all interfaces, addresses and default routes on a socket of its own.
    package static func snapshot() throws(NetlinkError) -> NetworkState {
        try read([RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE])
    }

    private static func read(_ requests: [Int]) throws(NetlinkError) -> NetworkState {
        let descriptor = cl_netlink_socket(0)
        guard descriptor >= 0 else { throw NetlinkError(-descriptor) }
        defer { close(descriptor) }
        var state = NetworkState()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        for request in requests {
            try NetlinkDump.read(into: &state) { (dump) throws(NetlinkError) in
                try receive(&dump, of: UInt16(request), descriptor, &buffer)
            }
        }
        return state
    }

    private static func receive(
        _ dump: inout NetlinkDump, of request: UInt16, _ descriptor: Int32, _ buffer: inout [UInt8]
    ) throws(NetlinkError) {
        // struct nlmsghdr, and the largest of the three family headers, all zero: every family.
        let length = 16 + (request == UInt16(RTM_GETLINK) ? 16 : request == UInt16(RTM_GETADDR) ? 8 : 12)
        var message = [UInt8](repeating: 0, count: length)
        store(UInt32(length), in: &message, at: 0, count: 4)
        store(UInt32(request), in: &message, at: 4, count: 2)
        store(UInt32(NLM_F_REQUEST | NLM_F_DUMP), in: &message, at: 6, count: 2)
        guard unsafe send(descriptor, message, message.count, 0) == message.count else { throw NetlinkError(errno) }
        while !dump.isDone {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let status = unsafe cl_poll(&ready, 1, 2_000_000_000)
            if -status == EINTR { continue }
            guard status > 0 else { throw NetlinkError(status == 0 ? ETIMEDOUT : -status) }
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw NetlinkError(count == 0 ? EPROTO : errno) }
            dump.take(buffer.span.extracting(0..<count))
            if let failure = dump.failure { throw failure }
        }
    }

    private static func store(_ value: UInt32, in message: inout [UInt8], at offset: Int, count: Int) {
        let native = count == 2 ? UInt32(UInt16(truncatingIfNeeded: value).bigEndian) : value.bigEndian
        for index in 0..<count {
            message[offset + index] = UInt8(truncatingIfNeeded: native >> UInt32(8 * (count - 1 - index)))
        }
    }

    /// Routes other than default routes never wake the process, however many a routing daemon changes. Without the
    /// filter they are skipped one by one.
    private static func attachFilter(to descriptor: Int32) {
        let program = [
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
        _ = unsafe program.withUnsafeBufferPointer { unsafe cl_packet_filter(descriptor, $0.baseAddress, 7) }
    }
}

/// A netlink system call or request failed.
package struct NetlinkError: Error, Sendable, Hashable, CustomStringConvertible {
    package let errorNumber: Int32
    package init(_ errorNumber: Int32) { self.errorNumber = errorNumber }

    package var description: String {
        unsafe "cannot read the node's interfaces from netlink: " + String(cString: strerror(errorNumber))
    }
}

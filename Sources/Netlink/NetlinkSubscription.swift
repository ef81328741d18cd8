import CLinux
import Glibc

/// An rtnetlink socket that hears of changes. Needs no privilege.
struct NetlinkSubscription: ~Copyable {
    let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// What must be done after `take`.
    enum Outcome {
        /// Nothing; more may wait.
        case told
        /// Read everything again: the kernel dropped notifications.
        case lost
    }

    /// A flood of changes leaves whatever else the thread does its share.
    private static var datagramsAtOnce: Int { 64 }

    /// - Parameters:
    ///   - groups: RTMGRP_….
    ///   - receiveBuffer: octets of notifications that may wait.
    ///   - filter: a classic BPF program. Without it, what it would drop is skipped one by one.
    init(groups: Int32, receiveBuffer: Int, filter: [sock_filter] = []) throws(NetlinkError) {
        let descriptor = cl_netlink_socket(UInt32(groups))
        guard descriptor >= 0 else { throw NetlinkError(-descriptor) }
        if !filter.isEmpty {
            _ = unsafe filter.withUnsafeBufferPointer {
                unsafe cl_packet_filter(descriptor, $0.baseAddress, UInt16(clamping: $0.count))
            }
        }
        _ = cl_receive_buffer(descriptor, Int32(clamping: receiveBuffer))
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Reads waiting notifications without blocking, a bounded number of them.
    ///
    /// When the kernel had to drop one, it drops all that follow until the socket is empty, and says so once. What waits
    /// is older than the gap, so that it is thrown away, and only then all is to be read again. All of that is done at
    /// once: once the socket is empty, nothing says that there is something left to do.
    mutating func take(_ body: (NetlinkMessage) -> Void) throws(NetlinkError) -> Outcome {
        var (hasGap, rest) = (false, Self.datagramsAtOnce)
        while hasGap || rest > 0 {
            let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 {
                switch errno {
                case EAGAIN: return hasGap ? .lost : .told
                case EINTR: continue
                case ENOBUFS:
                    hasGap = true
                    continue
                default: throw NetlinkError(errno)
                }
            }
            if hasGap { continue }
            NetlinkMessage.forEach(in: buffer.span.extracting(0..<count), body)
            rest -= 1
        }
        return .told
    }
}

/// A netlink system call or request failed.
package struct NetlinkError: Error, Sendable, Hashable, CustomStringConvertible {
    package let errorNumber: Int32
    package init(_ errorNumber: Int32) { self.errorNumber = errorNumber }

    package var reason: String { unsafe String(cString: strerror(errorNumber)) }
    package var description: String { "cannot read the node's interfaces from netlink: \(reason)" }
}

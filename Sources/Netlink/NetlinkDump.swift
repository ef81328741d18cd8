import CLinux
import Glibc

/// What rtnetlink's messages are applied to.
package protocol NetlinkState: Sendable, Hashable {
    mutating func apply(_ message: NetlinkMessage)
}

/// The kernel's answer to a request for everything of one kind, datagram by datagram.
package struct NetlinkDump<State: NetlinkState>: Sendable {
    package private(set) var state: State
    package private(set) var isDone = false
    /// Something changed meanwhile (NLM_F_DUMP_INTR), and the kernel may have skipped what stood beside it.
    package private(set) var isInterrupted = false
    package private(set) var failure: NetlinkError?

    private static var tries: Int { 5 }

    /// Adds to `state` what `receive` takes in, which asks for everything and passes on what comes until it `isDone`.
    ///
    /// It is asked again when it was interrupted. What one answer skips the next one has: nothing that any of them told is
    /// forgotten, and what went meanwhile is told by its own notification.
    package static func read(
        into state: inout State, _ receive: (inout NetlinkDump) throws(NetlinkError) -> Void
    ) throws(NetlinkError) {
        for _ in 0..<tries {
            var dump = NetlinkDump(state: state)
            try receive(&dump)
            state = dump.state
            if !dump.isInterrupted { return }
        }
    }

    private init(state: State) { self.state = state }

    package mutating func take(_ datagram: Span<UInt8>) {
        if NetlinkMessage.isInterrupted(datagram) { isInterrupted = true }
        NetlinkMessage.forEach(in: datagram) { message in
            switch message {
            case .done: isDone = true
            case .failed(let errorNumber): failure = NetlinkError(errorNumber)
            default: state.apply(message)
            }
        }
    }
}

extension NetlinkDump {
    /// Asks for everything of each kind (RTM_GET…), on a socket of its own.
    static func read(_ requests: [Int], into state: inout State) throws(NetlinkError) {
        let descriptor = cl_netlink_socket(0)
        guard descriptor >= 0 else { throw NetlinkError(-descriptor) }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        for request in requests {
            try read(into: &state) { (dump) throws(NetlinkError) in
                try receive(&dump, of: UInt16(request), descriptor, &buffer)
            }
        }
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
}

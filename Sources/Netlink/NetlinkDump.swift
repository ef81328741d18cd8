/// The kernel's answer to a request for everything of one kind, datagram by datagram.
package struct NetlinkDump: Sendable {
    package private(set) var state: NetworkState
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
        into state: inout NetworkState, _ receive: (inout NetlinkDump) throws(NetlinkError) -> Void
    ) throws(NetlinkError) {
        for _ in 0..<tries {
            var dump = NetlinkDump(state: state)
            try receive(&dump)
            state = dump.state
            if !dump.isInterrupted { return }
        }
    }

    private init(state: NetworkState) { self.state = state }

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

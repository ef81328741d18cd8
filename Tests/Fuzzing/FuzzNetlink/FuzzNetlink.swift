import Netlink

/// Any bytes as an rtnetlink datagram, applied to both states twice: the second time must change nothing more.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNetlink(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    var (state, routes) = (NetworkState(), DefaultRoutes())
    NetlinkMessage.forEach(in: bytes.span) { message in
        applyTwice(message, to: &state)
        applyTwice(message, to: &routes)
    }
    return 0
}

private func applyTwice<State: NetlinkState>(_ message: NetlinkMessage, to state: inout State) {
    state.apply(message)
    let once = state
    state.apply(message)
    precondition(once == state, "a change that is not idempotent")
}

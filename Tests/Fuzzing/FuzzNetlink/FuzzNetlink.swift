import Netlink

/// Any bytes as an rtnetlink datagram, applied to a state twice: the second time must change nothing more.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNetlink(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    var state = NetworkState()
    NetlinkMessage.forEach(in: bytes.span) { message in
        state.apply(message)
        let once = state
        state.apply(message)
        precondition(once == state, "a change that is not idempotent")
    }
    return 0
}

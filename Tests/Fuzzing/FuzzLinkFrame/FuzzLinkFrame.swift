import Layer2
import MonotonicTime
import NetworkAddresses
import Wire

/// Any bytes as a received frame: parsed, answered, and looked at for conflicts, by a link that owns both families.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLinkFrame(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    var link = Layer2Link(hardwareAddress: MACAddress(2, 0, 0, 0, 0, 0x1F))
    let now = Instant(nanoseconds: 0)
    link.own(.v4(IPv4Address(192, 168, 57, 200)), at: now)
    link.own(.v6(IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8)), at: now)
    var room = [UInt8](repeating: 0, count: 128)
    var reply = room.mutableSpan
    switch link.answer(bytes.span, into: &reply) {
    case .reply(let length), .replyAndReceive(let length):
        // Whatever was asked, the answer is a frame that we would take ourselves.
        let answer = Array(room.prefix(length))
        precondition((try? LinkFrame(parsing: answer.span)) != nil, "an answer that cannot be read")
    case .receive, .drop: break
    }
    if let frame = try? LinkFrame(parsing: bytes.span) { _ = link.receive(frame, at: now) }
    _ = link.poll(at: now)
    return 0
}

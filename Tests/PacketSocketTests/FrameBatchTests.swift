import Glibc
import PacketSocket
import Testing

@Suite("frame batch")
struct FrameBatchTests {
    @Test("a batch that has sent a short frame receives a longer one whole")
    func sendThenReceive() throws {
        var pair: [Int32] = [-1, -1]
        #expect(unsafe socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &pair) == 0)
        defer {
            close(pair[0])
            close(pair[1])
        }
        var batch = FrameBatch(capacity: 4, frameSize: 256)
        for index in 0..<2 {
            _ = batch.fill(index) { room in
                room[0] = UInt8(index)
                return 78
            }
        }
        #expect(batch.send(count: 2, to: pair[0]).refused == 0)
        for octet in UInt8(1)...3 {
            let frame = [UInt8](repeating: octet, count: 86)
            #expect(unsafe send(pair[1], frame, frame.count, Int32(MSG_DONTWAIT)) == 86)
        }
        #expect(batch.receive(from: pair[0]) == 0)
        try #require(batch.count == 3)
        for index in 0..<3 {
            #expect(batch.withFrame(index) { $0.count } == 86)
            #expect(batch.withFrame(index) { $0[85] } == UInt8(index + 1))
        }
    }
}

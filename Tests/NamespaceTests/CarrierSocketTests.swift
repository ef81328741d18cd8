import Glibc
import PacketSocket
import Testing

@Suite(.enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(1)))
struct CarrierSocketTests {
    @Test("datagrams that the kernel drops for want of buffer are counted, each once; a buffer is granted as asked for")
    func drops() async throws {
        let segment = try await Segment.make()
        try await segment.onNode("ip link set lo up")
        let (received, drops) = try await segment.insideNode {
            let index = unsafe Int32(if_nametoindex("lo"))
            var received: [Int] = []
            var drops: [Int] = []
            for receiveBuffer in [1, 1 << 20] {
                var socket = try CarrierSocket(interfaceIndex: index, port: 7473, receiveBuffer: receiveBuffer)
                Self.send(100, to: 7473)
                var count = 0
                while socket.receive() != nil { count += 1 }
                received.append(count)
                drops += [socket.takeDrops(), socket.takeDrops()]
            }
            return (received, drops)
        }
        #expect((1..<100).contains(received[0]))
        #expect(received[1] == 100)
        #expect(drops == [100 - received[0], 0, 0, 0])
    }

    private static func send(_ count: Int, to port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout.size(ofValue: address))
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, length) }
        }
        #expect(connected == 0)
        let payload = [UInt8](repeating: 0, count: 1000)
        for _ in 0..<count { #expect(unsafe Glibc.send(descriptor, payload, payload.count, 0) == payload.count) }
    }
}

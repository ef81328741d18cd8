import Glibc
import NetworkAddresses
import PacketSocket
import Testing
import Wire

@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(1)))
struct ChildInterfaceTests {
    @Test("a frame for an interface on top of another one is seen by the socket of that one, and of no other")
    func frames() async throws {
        let segment = try await Segment.make()
        let hardware = [MACAddress(2, 0, 0, 0, 0, 0xB), MACAddress(2, 0, 0, 0, 0, 0xC)]
        try await segment.onNode(
            """
            ip link add wire type veth peer name parent address \(hardware[0])
            ip link add link parent name child address \(hardware[1]) type macvlan mode bridge
            for name in wire parent child; do ip link set $name up; done
            """)
        let seen = try await segment.insideNode {
            let wire = try Self.socket(on: "wire")
            let sockets = try [Self.socket(on: "parent"), Self.socket(on: "child")]
            var batch = FrameBatch(capacity: 16, frameSize: 128)
            for (place, destination) in hardware.enumerated() {
                let packet = ARPPacket.probe(for: Segment.hostAddress, from: Segment.hostHardware)
                let frame = OutgoingFrame.arp(packet, destination: destination).bytes(source: Segment.hostHardware)
                _ = batch.fill(place) { room in
                    for offset in frame.indices { room[offset] = frame[offset] }
                    return frame.count
                }
            }
            // Once the child's has come, the parent's socket would have its copy, too. What is sent in the first moment after
            // the interfaces are up may be lost.
            var arrival = PollSet()
            arrival.add(sockets[1].descriptor)
            for _ in 0..<50 where !arrival.isReady(0) {
                #expect(batch.send(count: hardware.count, to: wire.descriptor).refused == 0)
                arrival.wait(nanoseconds: 100_000_000)
            }
            return sockets.map { socket in
                var seen: Set<MACAddress> = []
                while batch.receive(from: socket) == 0 {
                    for place in 0..<batch.count {
                        batch.lendFrame(place) { frame in
                            if let header = try? EthernetHeader(parsing: frame) { seen.insert(header.destination) }
                        }
                    }
                }
                return seen
            }
        }
        #expect(seen == hardware.map { [$0] })
    }

    private static func socket(on name: String) throws -> PacketSocket {
        try PacketSocket(etherType: .arp, interfaceIndex: unsafe Int32(if_nametoindex(name)), filter: .all)
    }
}

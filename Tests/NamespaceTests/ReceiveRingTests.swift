import CTestSupport
import Foundation
import Glibc
import PacketSocket
import Testing
import Wire

/// All of a test on one thread, which changes between the two ends of a cable.
@Suite("receive ring", .enabled(if: Segment.isPossible, "needs root, for packet sockets"), .timeLimit(.minutes(1)))
struct ReceiveRingTests {
    @Test(
        "frames wait in the ring, in order, whatever the receive buffer; what is too much is counted, and no longer in the way"
    )
    func room() async throws {
        let segment = try await Segment.make()
        try await segment.insideNode {
            let ends = try Ends(segment, slots: 256)
            for _ in 0..<3 {
                ends.send(UInt8(0)..<200)
                let received = ends.received()
                #expect(received == Array(0..<200))
                let drops = ends.ring.takeDrops()
                #expect(drops == 0)
            }
            ends.send(UInt8(0)..<200)
            ends.send(UInt8(0)..<200)
            let received = ends.received()
            #expect(received == Array(0..<200) + Array(0..<56))
            let drops = ends.ring.takeDrops()
            #expect(drops == 144)
            ends.send(7..<9)
            let last = ends.received()
            #expect(last == [7, 8])
        }
    }

    @Test("of a long frame the ring keeps what an ARP packet has")
    func longFrame() async throws {
        let segment = try await Segment.make()
        try await segment.insideNode {
            let ends = try Ends(segment, slots: 32)
            ends.send(3..<4, length: 1514)
            let drops = ends.ring.takeDrops()
            #expect(drops == 0)
            let received = ends.batch.receive(from: ends.ring)
            #expect(received == 0)
            let (count, octet) = ends.batch.withFrame(0) { ($0.count, $0[40]) }
            #expect(count == 62 && octet == 3)
        }
    }

    @Test("an interface that goes down is told once, and wakes nobody after; frames come again when it is up")
    func downAndUp() async throws {
        let segment = try await Segment.make()
        try await segment.insideNode {
            let ends = try Ends(segment, slots: 32)
            var polls = PollSet()
            polls.add(ends.ring.descriptor)
            try Self.ip("link", "set", "eth0", "down")
            polls.wait(nanoseconds: 1_000_000_000)
            let (isWoken, told) = (polls.isReady(0), ends.batch.receive(from: ends.ring))
            #expect(isWoken && told == ENETDOWN)
            polls.wait(nanoseconds: 0)
            let isWokenAgain = polls.isReady(0)
            #expect(!isWokenAgain)
            try Self.ip("link", "set", "eth0", "up")
            // A cable has carrier again a moment after.
            var received: [UInt8] = []
            for _ in 0..<100 where received.isEmpty {
                ends.send(5..<6)
                polls.wait(nanoseconds: 50_000_000)
                received = ends.received()
            }
            #expect(received == [5])
            let isAttached = ends.ring.isAttached
            #expect(isAttached)
        }
    }

    private static func ip(_ arguments: String...) throws {
        let process = Process()
        (process.executableURL, process.arguments) = (URL(filePath: "/usr/bin/env"), ["ip"] + arguments)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    /// Numbered frames from the other host to the node's ring.
    private final class Ends {
        let ring: PacketSocket
        private let sender: PacketSocket
        var batch = FrameBatch(capacity: 64, frameSize: 128)
        private var frames = FrameBatch(capacity: 256, frameSize: 1514)

        init(_ segment: Segment, slots: Int) throws {
            try #require(ct_enter_network_of(segment.host) == 0)
            sender = try PacketSocket(etherType: .arp, interfaceIndex: Self.index, filter: .none)
            try #require(ct_enter_network_of(segment.node) == 0)
            ring = try PacketSocket(
                etherType: .arp, interfaceIndex: Self.index, filter: .all, receiveBuffer: 4096, ringSlots: slots)
        }

        private static var index: Int32 { unsafe Int32(if_nametoindex("eth0")) }

        /// Each has its number as octet 40.
        func send(_ numbers: Range<UInt8>, length: Int = 42) {
            for (place, number) in numbers.enumerated() {
                _ = frames.fill(place) { room in
                    for offset in 0..<length { room[offset] = 0 }
                    for offset in 0..<6 { room[offset] = 0xFF }
                    (room[12], room[13], room[40]) = (8, 6, number)
                    return length
                }
            }
            _ = frames.send(count: numbers.count, to: sender.descriptor)
        }

        func received() -> [UInt8] {
            var numbers: [UInt8] = []
            while batch.receive(from: ring) == 0 {
                for index in 0..<batch.count { numbers.append(batch.withFrame(index) { $0[40] }) }
            }
            return numbers
        }
    }
}

import Glibc
import Layer2
import Link
import MonotonicTime
import NetworkAddresses
import SpeakerDaemon
import Synchronization
import Testing
import Wire

/// Wants to be polled every 100 ms, and has its thread stopped for a second when it takes in the first frame.
private struct StoppedCore: LinkCore {
    enum Event: Equatable {
        case frame(EtherType)
        case late(isForLong: Bool)
        case poll
    }

    static let log = Mutex<[Event]>([])
    private static let stop = Interval.milliseconds(1000)
    private var due: Instant

    init(_ configuration: LinkConfiguration, at now: Instant) { due = now }

    func answer(_ frame: Span<UInt8>, into reply: inout MutableSpan<UInt8>) -> FastAnswer { .receive }

    func receive(frame: Span<UInt8>, at now: Instant) -> [LinkEffect] {
        guard let type = try? EthernetHeader(parsing: frame).etherType else { return [] }
        Self.log.withLock { $0.append(.frame(type)) }
        if type == .arp { usleep(1_000_000) }
        return []
    }

    mutating func poll(at now: Instant) -> [LinkEffect] {
        due = now + .milliseconds(100)
        Self.log.withLock { $0.append(.poll) }
        return []
    }

    func nextDeadline(at now: Instant) -> Instant { due }
    func configure(_ configuration: LinkConfiguration, at now: Instant) -> [LinkEffect] { [] }
    func interfaceChanged(hardwareAddress: MACAddress, isUp: Bool, at now: Instant) -> [LinkEffect] { [] }

    func wokeUpLate(by lateness: Interval, at now: Instant) -> LateWakeUp {
        guard lateness > Self.stop * 4 / 5 else { return .inTime }
        Self.log.withLock { $0.append(.late(isForLong: lateness > Self.stop * 2)) }
        return .flushSockets
    }

    func announceRestart(at now: Instant) -> [LinkEffect] { [] }
    func mayEnd(at now: Instant) -> Bool { true }

    var interest: FrameInterest {
        var interest = FrameInterest()
        interest.isListening = true
        return interest
    }
    var interestVersion: UInt64 { 1 }
    var packetCounters: Layer2Counters { Layer2Counters() }
    func report(at now: Instant) -> LinkReport { LinkReport(interfaceName: "eth0", phase: .ready) }
}

@Suite(.serialized, .enabled(if: Segment.isPossible, "needs root, for network namespaces"), .timeLimit(.minutes(1)))
struct LateTurnTests {
    @Test("a process that is stopped while it takes in frames hears of that before anything else is done, and once")
    func stopped() async throws {
        let segment = try await Segment.make()
        let configuration = LinkConfiguration(
            nodeName: "node", interfaceName: "eth0", interfaceIndex: try await segment.interfaceIndex(),
            hardwareAddress: Segment.nodeHardware, cluster: ClusterID(uid: "test"))
        let loop = try PacketLoop<StoppedCore>()
        try await segment.insideNode { try loop.start() }
        loop.configure([configuration])
        try await Self.wait { $0.contains(.poll) }
        try await segment.sendFromHost(
            OutgoingFrame.arp(
                .request(for: IPv4Address(192, 168, 57, 31), from: Segment.hostAddress, at: Segment.hostHardware),
                destination: .broadcast
            ).bytes(source: Segment.hostHardware))
        try await Self.wait { $0.contains(.frame(.arp)) }
        // It is of the time before the process goes on.
        try await segment.sendFromHost(HelloFrame.ethernet([1, 2, 3], from: Segment.hostHardware))
        try await Self.wait { $0.last == .poll }
        try await Task.sleep(for: .milliseconds(500))
        await loop.stop()
        let log = StoppedCore.log.withLock { $0 }
        let since = log.drop { $0 == .poll }
        #expect(Array(since.prefix(3)) == [.frame(.arp), .late(isForLong: false), .poll])
        #expect(since.dropFirst(3).allSatisfy { $0 == .poll }, "\(since)")
    }

    private static func wait(until condition: ([StoppedCore.Event]) -> Bool) async throws {
        for _ in 0..<1000 {
            if StoppedCore.log.withLock({ condition($0) }) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("waited 10 s in vain")
    }
}

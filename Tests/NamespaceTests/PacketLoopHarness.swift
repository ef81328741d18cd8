import Election
import Layer2
import Link
import Netlink
import NetworkAddresses
import SpeakerDaemon
import Synchronization
import Testing
import Wire

/// A packet thread on the node of a ``Segment``, with Layer2 behind it, and what it told.
final class PacketLoopHarness: Sendable {
    let segment: Segment
    let loop: PacketLoop<Layer2Core>
    private let log = Mutex<[PacketEvent]>([])

    static func start(on segment: Segment, settings: PacketLoopSettings = PacketLoopSettings()) async throws
        -> PacketLoopHarness
    {
        let loop = try PacketLoop<Layer2Core>(settings: settings)
        try await segment.insideNode { try loop.start() }
        return PacketLoopHarness(segment, loop)
    }

    init(_ segment: Segment, _ loop: PacketLoop<Layer2Core>) { (self.segment, self.loop) = (segment, loop) }

    /// Runs `body` while the events are taken in, then stops the thread.
    func run(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                for await event in loop.events { log.withLock { $0.append(event) } }
            }
            do {
                try await body()
            } catch {
                await loop.stop()
                throw error
            }
            await loop.stop()
            try await group.waitForAll()
        }
    }

    func configure(_ addresses: [IPAddress], probing: Bool = false, expecting: [IPAddress] = []) async throws {
        var configuration = LinkConfiguration(
            nodeName: "node", interfaceName: "eth0", interfaceIndex: try await segment.interfaceIndex(),
            hardwareAddress: Segment.nodeHardware, cluster: ClusterID(uid: "test"))
        configuration.intents = addresses.map {
            AddressIntent(
                address: $0, allocation: AllocationID(rawValue: 1), eligible: ["node": 0], isNewlyAssigned: probing)
        }
        configuration.intents? += expecting.map {
            AddressIntent(address: $0, allocation: AllocationID(rawValue: 1), eligible: [:])
        }
        loop.configure([configuration])
    }

    var facts: [LinkFact] {
        log.withLock { log in log.compactMap { if case .fact(let fact, _) = $0 { fact } else { nil } } }
    }

    /// Of the link and of netlink, as often as they were told.
    var troubles: [String] {
        log.withLock { log in
            log.compactMap { event in
                switch event {
                case .trouble(let text, _), .netlink(let text): text
                default: nil
                }
            }
        }
    }

    /// What was told last of the link.
    var trouble: String? {
        log.withLock { log in log.compactMap { if case .trouble(let text, _) = $0 { .some(text) } else { nil } }.last }
            ?? nil
    }

    var network: NetworkState? { networks.last }

    var networks: [NetworkState] {
        log.withLock { log in log.compactMap { if case .network(let state) = $0 { state } else { nil } } }
    }

    var gateways: [IPAddress]? {
        log.withLock { log in
            log.compactMap { if case .gateways(let all) = $0 { all.map(\.address) } else { nil } }.last
        }
    }

    /// As the thread tells them when it is asked now.
    var counters: PacketCounters? {
        get async throws {
            let before = reports.count
            loop.requestReports()
            for _ in 0..<2000 where reports.count == before { try await Task.sleep(for: .milliseconds(2)) }
            return reports.last
        }
    }

    private var reports: [PacketCounters] {
        log.withLock { log in log.compactMap { if case .report(_, let counters) = $0 { counters } else { nil } } }
    }

    /// Waits until so many frames have announced: two for each IPv4 announcement, one for each of IPv6.
    func waitForAnnouncements(_ count: Int) async throws {
        try await wait(for: "\(count) announcing frames") {
            try await self.counters?.layer2.announcements ?? 0 >= count
        }
    }

    /// Waits up to 30 s for something to become true.
    func wait(for what: String, until condition: () async throws -> Bool) async throws {
        for _ in 0..<1500 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("waited 30 s for \(what) in vain")
    }
}

extension LinkFrame {
    /// The address that the frame announces, when it does.
    var announced: IPAddress? {
        switch self {
        case .arp(_, let packet): packet.isAnnouncement ? .v4(packet.sender) : nil
        case .advertisement(_, let message): message.isSolicited ? nil : .v6(message.target)
        case .solicitation: nil
        }
    }
}

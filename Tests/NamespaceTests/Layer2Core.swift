import Election
import Layer2
import Link
import MonotonicTime
import NetworkAddresses
import SpeakerDaemon
import Wire

/// Layer2 alone behind the packet thread: owns every address that it is told of, as a speaker without peers would; but one
/// that no node may announce is expected only.
struct Layer2Core: LinkCore {
    private var layer2: Layer2Link
    private var wanted: Set<IPAddress> = []
    private var expected: Set<IPAddress> = []
    private var configurations: UInt64 = 0
    private let name: String

    init(_ configuration: LinkConfiguration, at now: Instant) {
        layer2 = Layer2Link(hardwareAddress: configuration.hardwareAddress)
        name = configuration.interfaceName
        _ = configure(configuration, at: now)
    }

    mutating func configure(_ configuration: LinkConfiguration, at now: Instant) -> [LinkEffect] {
        let intents = (configuration.intents ?? []).filter { !$0.eligible.isEmpty }
        expected = Set((configuration.intents ?? []).filter(\.eligible.isEmpty).map(\.address))
        configurations += 1
        let addresses = Set(intents.map(\.address))
        for address in wanted.subtracting(addresses) { layer2.withdraw(address) }
        for intent in intents where !wanted.contains(intent.address) {
            if intent.isNewlyAssigned {
                layer2.probe(intent.address, at: now)
            } else {
                layer2.own(intent.address, at: now)
            }
        }
        wanted = addresses
        return []
    }

    mutating func answer(_ frame: Span<UInt8>, into reply: inout MutableSpan<UInt8>) -> FastAnswer {
        layer2.answer(frame, into: &reply)
    }

    mutating func receive(frame: Span<UInt8>, at now: Instant) -> [LinkEffect] {
        guard let parsed = try? LinkFrame(parsing: frame) else { return [] }
        return effects(layer2.receive(parsed, at: now), at: now)
    }

    mutating func poll(at now: Instant) -> [LinkEffect] { effects(layer2.poll(at: now), at: now) }

    func nextDeadline(at now: Instant) -> Instant { layer2.nextDeadline(at: now) ?? now + .seconds(1) }

    mutating func interfaceChanged(hardwareAddress: MACAddress, isUp: Bool, at now: Instant) -> [LinkEffect] {
        layer2.setUp(isUp, at: now)
        layer2.setHardwareAddress(hardwareAddress, at: now)
        return []
    }

    func wokeUpLate(by lateness: Interval, at now: Instant) -> LateWakeUp { .inTime }
    func announceRestart(at now: Instant) -> [LinkEffect] { [] }
    func mayEnd(at now: Instant) -> Bool { true }

    var interest: FrameInterest {
        var interest = FrameInterest()
        interest.addresses = Set(layer2.addresses)
        interest.expectedAddresses = expected
        return interest
    }
    var interestVersion: UInt64 { layer2.version &+ configurations }
    var packetCounters: Layer2Counters { layer2.counters }

    func report(at now: Instant) -> LinkReport { LinkReport(interfaceName: name, phase: .ready) }

    private mutating func effects(_ effects: [Layer2Effect], at now: Instant) -> [LinkEffect] {
        effects.compactMap { effect in
            switch effect {
            case .send(let frame): return .send(frame.bytes(source: layer2.hardwareAddress))
            case .report(.probeSucceeded(let address)):
                layer2.own(address, at: now)
                return nil
            case .report(.probeConflict(let address, let hardware)):
                return .report(.probeConflict(address, hardwareAddress: hardware))
            case .report(.conflict(let address, let hardware, _)):
                return .report(.conflict(address, hardwareAddress: hardware))
            case .report(.claimedByNode(let address, let hardware)):
                return .report(.claimedByNode(address, hardwareAddress: hardware))
            }
        }
    }
}

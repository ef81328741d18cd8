import Layer2
import MonotonicTime
import NetworkAddresses
import Wire

/// A `Layer2Link` in virtual time: runs from deadline to deadline and remembers what was sent, and when.
struct VirtualLink {
    static let mac = MACAddress(2, 0, 0, 0, 0, 0x1F)
    static let foreign = MACAddress(2, 0xBA, 0xD0, 0, 0, 1)

    var link: Layer2Link
    private(set) var now = Instant(nanoseconds: 5_000_000_000)
    private let start = Instant(nanoseconds: 5_000_000_000)
    private(set) var sent: [(at: Interval, frame: OutgoingFrame)] = []
    private(set) var facts: [(at: Interval, fact: Layer2Fact)] = []

    init(timing: Layer2Timing = Layer2Timing()) { link = Layer2Link(hardwareAddress: Self.mac, timing: timing) }

    mutating func act(_ body: (inout Layer2Link, Instant) -> Void) {
        body(&link, now)
        perform(link.poll(at: now))
    }

    mutating func receive(_ frame: LinkFrame) { perform(link.receive(frame, at: now)) }

    /// An ARP packet as it would arrive by broadcast.
    mutating func receive(_ packet: ARPPacket) {
        receive(
            .arp(EthernetHeader(destination: .broadcast, source: packet.senderHardware, etherType: .arp), packet))
    }

    /// Runs until `interval` after the start.
    mutating func run(until interval: Interval) {
        let end = start + interval
        while let deadline = link.nextDeadline(at: now), deadline <= end {
            now = max(now, deadline)
            perform(link.poll(at: now))
        }
        now = end
    }

    mutating func forget() {
        sent = []
        facts = []
    }

    private mutating func perform(_ effects: [Layer2Effect]) {
        for effect in effects {
            switch effect {
            case .send(let frame): sent.append((now - start, frame))
            case .report(let fact): facts.append((now - start, fact))
            }
        }
    }
}

/// What is asked of the fast path and what it says.
struct Exchange {
    var answer: FastAnswer
    var reply: [UInt8]
}

extension Layer2Link {
    /// The fast path over arrays.
    mutating func exchange(_ frame: [UInt8]) -> Exchange {
        var buffer = [UInt8](repeating: 0, count: 128)
        var span = buffer.mutableSpan
        let answer = self.answer(frame.span, into: &span)
        switch answer {
        case .reply(let length), .replyAndReceive(let length):
            return Exchange(answer: answer, reply: Array(buffer.prefix(length)))
        case .receive, .drop: return Exchange(answer: answer, reply: [])
        }
    }
}

func address(_ index: Int) -> IPv4Address { IPv4Address(rawValue: 0x0A00_0000 + UInt32(index)) }

import Glibc
import Layer2
import Link
import PacketSocket

/// Frames in and out, in batches whose memory is made once.
struct FrameExchange: ~Copyable {
    /// What an ARP packet has, and some padding: the less room, the fewer cache lines.
    private var arpQuestions = FrameBatch(capacity: 64, frameSize: 64)
    /// A whole Ethernet frame: with options as those of RFC 3971 a Neighbor Discovery message may be as long. Only what
    /// arrives is copied, so that the room costs little. An odd number of cache lines: frames do not crowd into a few sets.
    private var neighborQuestions = FrameBatch(capacity: 64, frameSize: 25 * 64)
    private var answers = FrameBatch(capacity: 64, frameSize: 128)
    private var messages = FrameBatch(capacity: 16, frameSize: 9216)
    private var outbox = FrameBatch(capacity: 32, frameSize: 9216)
    private var outboxCount = 0
    private var outboxDescriptor: Int32 = -1
    private var effects: [[LinkEffect]] = []

    /// Batches per socket and turn, so that a flood on one link leaves the others and the deadlines their share.
    private static var batchesPerTurn: Int { 8 }

    mutating func takeEffects() -> [[LinkEffect]] {
        if effects.isEmpty { return [] }
        defer { effects = [] }
        return effects
    }

    mutating func answerARP<Core: LinkCore>(_ port: LinkPort<Core>) {
        Self.answer(&arpQuestions, from: port.arp, port, &answers, &effects)
    }

    mutating func answerNeighborDiscovery<Core: LinkCore>(_ port: LinkPort<Core>) {
        guard let socket = port.neighborDiscovery else { return }
        Self.answer(&neighborQuestions, from: socket, port, &answers, &effects)
    }

    /// The fast path: receives questions, and answers a whole batch with one system call. Frames that are no plain
    /// questions go to the core after the answers are on their way.
    private static func answer<Core: LinkCore>(
        _ questions: inout FrameBatch, from socket: PacketSocket, _ port: LinkPort<Core>, _ answers: inout FrameBatch,
        _ effects: inout [[LinkEffect]]
    ) {
        for _ in 0..<batchesPerTurn {
            guard questions.receive(from: socket) == 0, questions.count > 0 else { return }
            port.counters.framesReceived &+= UInt64(questions.count)
            let (replies, others) = questions.answerAll(from: &port.core, into: &answers)
            if replies > 0 {
                let refused = answers.send(count: replies, to: socket.descriptor).refused
                port.counters.framesSent &+= UInt64(replies - refused)
                port.counters.framesRefused &+= UInt64(refused)
            }
            if others != 0 {
                let now = PacketThread<Core>.now()
                for index in 0..<questions.count where others & 1 << UInt64(index) != 0 {
                    questions.lendFrame(index) { effects.append(port.core.receive(frame: $0, at: now)) }
                }
            }
            // Where several had come, more have come by now: asking costs less than waiting for all descriptors.
            guard questions.count >= 4 else { return }
        }
    }

    /// Hello frames: all of them are the core's.
    mutating func receiveHellos<Core: LinkCore>(_ port: LinkPort<Core>) {
        for _ in 0..<Self.batchesPerTurn {
            guard messages.receive(from: port.hello) == 0, messages.count > 0 else { return }
            port.counters.framesReceived &+= UInt64(messages.count)
            let now = PacketThread<Core>.now()
            for index in 0..<messages.count {
                messages.lendFrame(index) { effects.append(port.core.receive(frame: $0, at: now)) }
            }
            guard messages.count == messages.capacity else { return }
        }
    }

    mutating func receiveFromCarrier<Core: LinkCore>(_ port: LinkPort<Core>) {
        let now = PacketThread<Core>.now()
        for _ in 0..<64 {
            guard let frame = port.receiveFromCarrier() else { return }
            port.counters.framesReceived &+= 1
            effects.append(port.core.receive(frame: frame.span, at: now))
        }
    }

    /// Throws away what waits in the sockets.
    mutating func discard<Core: LinkCore>(_ port: LinkPort<Core>) {
        for socket in port.sockets { Self.discard(port, &messages) { $0.receive(from: socket) } }
        guard let descriptor = port.carrierDescriptor else { return }
        Self.discard(port, &messages) { $0.receive(from: descriptor) }
    }

    private static func discard<Core: LinkCore>(
        _ port: LinkPort<Core>, _ batch: inout FrameBatch, _ receive: (inout FrameBatch) -> Int32
    ) {
        for _ in 0..<4096 {
            // What waits behind an error, as that of an interface that went down, is as old.
            guard receive(&batch) != EAGAIN else { return }
            port.counters.framesReceived &+= UInt64(batch.count)
            port.counters.framesOutOfTime &+= UInt64(batch.count)
        }
    }

    // MARK: Sending

    mutating func send<Core: LinkCore>(_ frame: [UInt8], from port: LinkPort<Core>) {
        guard frame.count <= outbox.frameSize else {
            port.counters.framesRefused &+= 1
            return
        }
        let descriptor = port.descriptor(for: frame)
        if outboxCount == outbox.capacity || descriptor != outboxDescriptor { flush(port) }
        outboxDescriptor = descriptor
        _ = outbox.fill(outboxCount) { room in
            for offset in frame.indices { room[offset] = frame[offset] }
            return frame.count
        }
        outboxCount += 1
    }

    mutating func flush<Core: LinkCore>(_ port: LinkPort<Core>) {
        guard outboxCount > 0 else { return }
        let refused = outbox.send(count: outboxCount, to: outboxDescriptor).refused
        port.counters.framesSent &+= UInt64(outboxCount - refused)
        port.counters.framesRefused &+= UInt64(refused)
        outboxCount = 0
    }
}

extension FrameBatch {
    /// Lets `core` answer all frames, the answers packed from place 0 of `replies` on.
    /// - Returns: how many answers there are, and a bit for each frame that the core must see once more.
    fileprivate borrowing func answerAll<Core: LinkCore>(
        from core: inout Core, into replies: inout FrameBatch
    ) -> (replies: Int, others: UInt64) {
        var count = 0
        var others: UInt64 = 0
        for index in 0..<self.count {
            lendFrame(index) { frame in
                var answer = FastAnswer.receive
                _ = replies.fill(count) { room in
                    answer = core.answer(frame, into: &room)
                    switch answer {
                    case .reply(let length), .replyAndReceive(let length): return length
                    case .receive, .drop: return 0
                    }
                }
                switch answer {
                case .reply: count += 1
                case .replyAndReceive:
                    count += 1
                    others |= 1 << UInt64(index)
                case .receive: others |= 1 << UInt64(index)
                case .drop: break
                }
            }
        }
        return (count, others)
    }
}

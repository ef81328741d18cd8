import Layer2
import Link
import MonotonicTime
import NetworkAddresses
import SeededRandom
import Wire

extension Simulation {
    // MARK: The switch

    package func losePair(_ from: VirtualNode, _ to: VirtualNode, _ probability: Double) {
        pairLoss[from.index * 1000 + to.index] = probability
    }

    /// Whether one frame gets through: draws for loss.
    private func passes(_ from: VirtualPort, _ to: VirtualPort, pair: Int?) -> Bool {
        guard from.reaches(to), !to.isFrozen, !random.chance(to.receiveLoss) else { return false }
        let probability = pair.flatMap { pairLoss.isEmpty ? nil : pairLoss[$0] } ?? loss
        return probability == 0 || random.unit() >= probability
    }

    private func delay() -> Interval { .microseconds(300 + Int64(random.below(1000))) }

    /// A frame that a speaker sends. Frames of one sender keep their order.
    func transmit(_ bytes: [UInt8], from node: VirtualNode) {
        framesSent += 1
        guard bytes.count > 13, !random.chance(node.port.transmitLoss), isBelowLimit(bytes, of: node) else { return }
        let time = max(now + delay(), node.lastDelivery + .microseconds(1))
        switch (bytes[12], bytes[13]) {
        case (0x88, 0xB5):
            node.lastDelivery = time
            recorded?.append(bytes)
            push(.speakers(source: node.index, bytes: bytes, target: nil), at: time)
        case (0x08, 0x06), (0x86, 0xDD):
            if UnicastCarrier.payloadStart(bytes) != nil { fallthrough }
            guard let frame = try? LinkFrame(parsing: bytes.span) else { return }
            transmit(frame, bytes, from: node)
        default:
            let target = MACAddress(rawValue: bytes[0..<6].reduce(0) { $0 << 8 | UInt64($1) })
            guard UnicastCarrier.payloadStart(bytes) != nil,
                let other = nodes.first(where: { $0.hardwareAddress == target })
            else { return }
            node.lastDelivery = time
            push(.speakers(source: node.index, bytes: bytes, target: other.index), at: time)
        }
    }

    private func isBelowLimit(_ bytes: [UInt8], of node: VirtualNode) -> Bool {
        guard let limit = node.port.groupFrameLimit, bytes[0] & 1 != 0 else { return true }
        let window = now.nanoseconds / 100_000_000
        if node.port.groupFrames.window != window { node.port.groupFrames = (window, 0) }
        node.port.groupFrames.count += 1
        return node.port.groupFrames.count <= limit
    }

    func deliver(_ bytes: [UInt8], from source: Int, to target: Int?) {
        let sender = nodes[source]
        if target == nil, filtersAll || sender.isFiltered { return }
        for node in nodes
        where (node.index != source || node.isReflected) && (target ?? node.index) == node.index {
            guard node.hasSpeaker, passes(sender.port, node.port, pair: source * 1000 + node.index) else {
                continue
            }
            hand(.speakers(bytes), to: node)
        }
    }

    func hand(_ frame: SpeakerFrame, to node: VirtualNode) {
        guard node.hasSpeaker, node.port.hasPower else { return }
        if node.isPaused {
            if node.pausedFrames.count < 400 { node.pausedFrames.append(frame) }
            return
        }
        drive(node) { speaker, now in Self.take(frame, by: &speaker, at: now) }
    }

    /// As the packet thread does it: a question is answered from the table, and what is none goes to the speaker.
    static func take(_ frame: SpeakerFrame, by speaker: inout LinkSpeaker, at now: Instant) -> [LinkEffect] {
        switch frame {
        case .speakers(let bytes): return speaker.receive(speakerFrame: bytes, at: now)
        case .neighbors(let bytes):
            var reply = [UInt8](repeating: 0, count: OutgoingFrame.maximumLength)
            var room = reply.mutableSpan
            switch speaker.answer(bytes.span, into: &room) {
            case .receive: return speaker.receive(frame: bytes.span, at: now)
            case .reply(let length): return [.send(Array(reply.prefix(length)))]
            case .replyAndReceive(let length):
                return [.send(Array(reply.prefix(length)))] + speaker.receive(frame: bytes.span, at: now)
            case .drop: return []
            }
        }
    }

    // MARK: Kernels, and who hears what

    private func transmit(_ frame: LinkFrame, _ bytes: [UInt8], from node: VirtualNode) {
        switch frame {
        case .arp(_, let packet):
            if packet.isProbe || packet.isAnnouncement { return spread(frame, bytes, .v4(packet.target), from: node) }
            switch packet.operation {
            case .request: question(.v4(packet.target), from: node)
            default: spread(frame, bytes, .v4(packet.sender), from: node)
            }
        case .solicitation(_, let message):
            if message.isDuplicateAddressDetection { return spread(frame, bytes, .v6(message.target), from: node) }
            question(.v6(message.target), from: node)
        case .advertisement(_, let message): spread(frame, bytes, .v6(message.target), from: node)
        }
    }

    /// Reaches the speakers that it is for, whose kernels let it through.
    private func spread(_ frame: LinkFrame, _ bytes: [UInt8], _ address: IPAddress, from node: VirtualNode) {
        let destination = frame.ethernet.destination
        for other in nodes
        where other !== node && (destination.isGroup || destination == other.hardwareAddress) {
            guard admits(frame, to: other),
                passes(node.port, other.port, pair: node.index * 1000 + other.index)
            else { continue }
            push(.neighbors(to: other.index, bytes), at: now + delay())
        }
        guard let squatter = squatters[address], passes(node.port, gateway, pair: nil) else { return }
        answer(address, squatter, to: node)
    }

    /// A question to a kernel: a node's, or the gateway's.
    private func question(_ address: IPAddress, from node: VirtualNode) {
        framesSent += 1
        if gatewayAddresses.contains(address) {
            guard hasGateway, passes(node.port, gateway, pair: nil), passes(gateway, node.port, pair: nil) else {
                return
            }
            return answer(address, gatewayHardware, to: node)
        }
        for other in nodes where other !== node && other.addresses.contains(address) {
            guard passes(node.port, other.port, pair: node.index * 1000 + other.index),
                passes(other.port, node.port, pair: other.index * 1000 + node.index),
                !random.chance(other.port.transmitLoss)
            else { continue }
            answer(address, other.hardwareAddress, to: node)
        }
    }

    private func answer(_ address: IPAddress, _ hardwareAddress: MACAddress, to node: VirtualNode) {
        let frame: OutgoingFrame
        switch address {
        case .v4(let address):
            let packet = ARPPacket(
                operation: .reply, senderHardware: hardwareAddress, sender: address,
                targetHardware: node.hardwareAddress, target: .unspecified)
            frame = .arp(packet, destination: node.hardwareAddress)
        case .v6(let address):
            let asker = node.addresses.lazy.compactMap(\.v6).first ?? .allNodes
            let message = NeighborAdvertisement(
                source: address, destination: asker, target: address, isSolicited: true, overrides: true,
                targetLinkLayer: hardwareAddress)
            frame = .advertisement(message, destination: node.hardwareAddress)
        }
        let bytes = frame.bytes(source: hardwareAddress)
        guard let parsed = try? LinkFrame(parsing: bytes.span), admits(parsed, to: node) else { return }
        push(.neighbors(to: node.index, bytes), at: now + delay() + delay())
    }

    /// A client beside the gateway asks who has the address.
    func ask(_ address: IPAddress) {
        let frame: OutgoingFrame
        switch address {
        case .v4(let address):
            let packet = ARPPacket.request(for: address, from: IPv4Address(192, 168, 57, 60), at: clientHardware)
            frame = .arp(packet, destination: .broadcast)
        case .v6(let address):
            let message = NeighborSolicitation(
                source: IPv6Address(high: 0xFE80_0000_0000_0000, low: 60), destination: address.solicitedNode,
                target: address, sourceLinkLayer: clientHardware)
            frame = .solicitation(message, destination: MACAddress(multicast: address.solicitedNode))
        }
        let bytes = frame.bytes(source: clientHardware)
        guard let parsed = try? LinkFrame(parsing: bytes.span) else { return }
        for node in nodes where admits(parsed, to: node) && passes(gateway, node.port, pair: nil) {
            push(.neighbors(to: node.index, bytes), at: now + delay())
        }
    }

    /// Whether the filters and groups of a node let an ARP or Neighbor Discovery frame through, as they are when it is sent.
    private func admits(_ frame: LinkFrame, to node: VirtualNode) -> Bool {
        guard let version = node.speaker?.interestVersion else { return false }
        if node.interest?.process != node.process || node.interest?.version != version {
            node.interest = node.speaker.map { (node.process, version, $0.interest) }
        }
        return node.interest?.value.admits(frame) ?? false
    }
}

extension FrameInterest {
    fileprivate func admits(_ frame: LinkFrame) -> Bool {
        switch frame {
        case .arp(_, let packet):
            if isListening || addresses.contains(.v4(packet.sender)) { return true }
            return packet.operation == .request
                ? addresses.contains(.v4(packet.target)) : askedHosts.contains(.v4(packet.sender))
        case .solicitation(_, let message):
            let target = IPAddress.v6(message.target)
            return addresses.contains(target) || addresses.contains(.v6(message.source))
                || isListening && expectedAddresses.contains(target)
        case .advertisement(_, let message):
            let target = IPAddress.v6(message.target)
            if isListening, !expectedAddresses.isEmpty { return true }
            return addresses.contains(target) || askedHosts.contains(target)
        }
    }
}

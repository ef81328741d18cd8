import Layer2
import Link
import MonotonicTime
import NetworkAddresses
import Wire

extension Simulation {
    // MARK: The switch

    package func losePair(_ from: VirtualNode, _ to: VirtualNode, _ probability: Double) {
        pairLoss[from.index * 1000 + to.index] = probability
    }

    /// Whether one frame gets through: draws for loss.
    private func passes(_ from: VirtualPort, _ to: VirtualPort, pair: Int?) -> Bool {
        guard from.reaches(to), !to.isFrozen else { return false }
        let probability = pair.flatMap { pairLoss.isEmpty ? nil : pairLoss[$0] } ?? loss
        return probability == 0 || random.unit() >= probability
    }

    private func delay() -> Interval { .microseconds(300 + Int64(random.below(1000))) }

    /// A frame that a speaker sends. Frames of one sender keep their order.
    func transmit(_ bytes: [UInt8], from node: VirtualNode) {
        framesSent += 1
        guard bytes.count > 13 else { return }
        let time = max(now + delay(), node.lastDelivery + .microseconds(1))
        switch (bytes[12], bytes[13]) {
        case (0x88, 0xB5):
            node.lastDelivery = time
            recorded?.append(bytes)
            push(.speakers(source: node.index, bytes: bytes, target: nil), at: time)
        case (0x08, 0x06), (0x86, 0xDD):
            if UnicastCarrier.payloadStart(bytes) != nil { fallthrough }
            guard let frame = try? LinkFrame(parsing: bytes.span) else { return }
            transmit(frame, from: node)
        default:
            let target = MACAddress(rawValue: bytes[0..<6].reduce(0) { $0 << 8 | UInt64($1) })
            guard UnicastCarrier.payloadStart(bytes) != nil,
                let other = nodes.first(where: { $0.hardwareAddress == target })
            else { return }
            node.lastDelivery = time
            push(.speakers(source: node.index, bytes: bytes, target: other.index), at: time)
        }
    }

    func deliver(_ bytes: [UInt8], from source: Int, to target: Int?) {
        let sender = nodes[source]
        if target == nil, filtersAll || sender.isFiltered { return }
        for node in nodes where node.index != source && (target ?? node.index) == node.index {
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
        drive(node) { speaker, now in
            switch frame {
            case .speakers(let bytes): speaker.receive(speakerFrame: bytes, at: now)
            case .neighbors(let frame): speaker.receive(frame, at: now)
            }
        }
    }

    // MARK: Kernels, and who hears an announcement

    private func transmit(_ frame: LinkFrame, from node: VirtualNode) {
        switch frame {
        case .arp(_, let packet):
            if packet.isProbe || packet.isAnnouncement { return spread(frame, .v4(packet.target), from: node) }
            guard packet.operation == .request else { return }
            question(.v4(packet.target), from: node)
        case .solicitation(_, let message):
            if message.isDuplicateAddressDetection { return spread(frame, .v6(message.target), from: node) }
            question(.v6(message.target), from: node)
        case .advertisement(_, let message): spread(frame, .v6(message.target), from: node)
        }
    }

    /// Reaches the speakers whose kernel filter lets it through: those that answer for the address or probe it.
    private func spread(_ frame: LinkFrame, _ address: IPAddress, from node: VirtualNode) {
        for other in nodes where other !== node {
            guard let speaker = other.speaker, speaker.layer2.addresses.contains(address),
                passes(node.port, other.port, pair: node.index * 1000 + other.index)
            else { continue }
            push(.neighbors(to: other.index, frame), at: now + delay())
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
                passes(other.port, node.port, pair: other.index * 1000 + node.index)
            else { continue }
            answer(address, other.hardwareAddress, to: node)
        }
    }

    private func answer(_ address: IPAddress, _ hardwareAddress: MACAddress, to node: VirtualNode) {
        let ethernet = { (type: EtherType) in
            EthernetHeader(destination: node.hardwareAddress, source: hardwareAddress, etherType: type)
        }
        let frame: LinkFrame
        switch address {
        case .v4(let address):
            frame = .arp(
                ethernet(.arp),
                ARPPacket(
                    operation: .reply, senderHardware: hardwareAddress, sender: address,
                    targetHardware: node.hardwareAddress, target: .unspecified))
        case .v6(let address):
            frame = .advertisement(
                ethernet(.ipv6),
                NeighborAdvertisement(
                    source: address, destination: .allNodes, target: address, isSolicited: true, overrides: true,
                    targetLinkLayer: hardwareAddress))
        }
        push(.neighbors(to: node.index, frame), at: now + delay() + delay())
    }
}

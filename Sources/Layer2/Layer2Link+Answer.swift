import NetworkAddresses
package import Wire

extension Layer2Link {
    /// The fast path: parses `frame`, and stores the answer into `reply` when it asks for an address that is answered
    /// for here. Constant time, no allocation.
    ///
    /// Answered are ARP requests to broadcast or to this interface, probes included (RFC 826, RFC 5227 §2.1.1), and
    /// neighbor solicitations by multicast or unicast, duplicate address detection included (RFC 4861 §7.2.4).
    ///
    /// - Parameter isListening: A question for an address that is not owned is handed on to `receive`, too.
    package mutating func answer(
        _ frame: Span<UInt8>, into reply: inout MutableSpan<UInt8>, isListening: Bool = false
    ) -> FastAnswer {
        do throws(DropReason) {
            let ethernet = try EthernetHeader(parsing: frame)
            // ARP first, and without the detour over an enum that has room for the longest message.
            if ethernet.etherType == .arp {
                return answer(ethernet, try ARPPacket(parsing: frame), into: &reply, isListening)
            }
            guard case .solicitation(_, let message) = try LinkFrame(parsing: frame) else { return .receive }
            return answer(ethernet, message, into: &reply, isListening)
        } catch {
            return drop(error)
        }
    }

    private mutating func answer(
        _ ethernet: EthernetHeader, _ packet: ARPPacket, into reply: inout MutableSpan<UInt8>, _ isListening: Bool
    ) -> FastAnswer {
        guard packet.operation == .request else { return .receive }
        guard ethernet.destination == .broadcast || ethernet.destination == hardwareAddress else {
            return drop(.destinationHardwareAddress)
        }
        guard packet.senderHardware != hardwareAddress else { return drop(.ownFrame) }
        // RFC 5227 §2.4: every ARP packet is looked at for a conflicting sender address.
        let isClaim = answers[packet.sender] != nil
        guard let hardware = answers[packet.target], !packet.isAnnouncement else {
            if isClaim || held[.v4(packet.target)] != nil || held[.v4(packet.sender)] != nil { return .receive }
            return isListening ? .receive : drop(.notOwned)
        }
        guard isUp else { return drop(.linkDown) }
        let length = packet.reply(at: hardware)
            .store(into: &reply, source: hardwareAddress, destination: packet.senderHardware)
        counters.arpReplies &+= 1
        return isClaim ? .replyAndReceive(length: length) : .reply(length: length)
    }

    private mutating func answer(
        _ ethernet: EthernetHeader, _ message: NeighborSolicitation, into reply: inout MutableSpan<UInt8>,
        _ isListening: Bool
    ) -> FastAnswer {
        guard ethernet.destination.isGroup || ethernet.destination == hardwareAddress else {
            return drop(.destinationHardwareAddress)
        }
        guard ethernet.source != hardwareAddress else { return drop(.ownFrame) }
        // Whoever asks from an address says that it has it, as the sender of an ARP packet does.
        let isClaim = answers[message.source] != nil
        guard let hardware = answers[message.target] else {
            if isClaim || held[.v6(message.target)] != nil || held[.v6(message.source)] != nil { return .receive }
            return isListening ? .receive : drop(.notOwned)
        }
        guard isUp else { return drop(.linkDown) }
        let isAnonymous = message.isDuplicateAddressDetection
        let destination =
            isAnonymous ? MACAddress(multicast: .allNodes) : message.sourceLinkLayer ?? ethernet.source
        let length = NeighborAdvertisement.answer(to: message, at: hardware)
            .store(into: &reply, source: hardwareAddress, destination: destination)
        counters.advertisements &+= 1
        return isClaim ? .replyAndReceive(length: length) : .reply(length: length)
    }

    private mutating func drop(_ reason: DropReason) -> FastAnswer {
        count(reason)
        return .drop(reason)
    }

    /// A frame that was not acted upon, here or by whoever drives this link.
    package mutating func count(_ reason: DropReason) { counters.drops[reason] &+= 1 }
}

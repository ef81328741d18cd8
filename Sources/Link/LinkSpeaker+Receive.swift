import Election
package import Layer2
import Membership
package import MonotonicTime
import NetworkAddresses
package import Wire

extension LinkSpeaker {
    /// The fast path for ARP and Neighbor Discovery: no allocation, whatever the size of the table.
    package mutating func answer(_ frame: Span<UInt8>, into reply: inout MutableSpan<UInt8>) -> FastAnswer {
        // A question for an address of somebody else's proves as well as any other frame that this node receives.
        layer2.answer(frame, into: &reply, isListening: membership.wantsProof)
    }

    /// A whole Ethernet frame that the fast path did not settle.
    package mutating func receive(frame: Span<UInt8>, at now: Instant) -> [LinkEffect] {
        guard frame.count >= EthernetHeader.length else {
            layer2.count(.truncated)
            return []
        }
        let type = EtherType(rawValue: frame.uint16(at: 12))
        if type == .hello || type == .ipv4 || (type == .ipv6 && frame.count > 20 && frame[20] == 17) {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(frame.count)
            for index in frame.indices { bytes.append(frame[index]) }
            return receive(speakerFrame: bytes, at: now)
        }
        do throws(DropReason) {
            return receive(try LinkFrame(parsing: frame), at: now)
        } catch {
            layer2.count(error)
            return []
        }
    }

    /// An ARP or Neighbor Discovery frame: proof of reception, a kernel's answer, perhaps a conflict.
    package mutating func receive(_ frame: LinkFrame, at now: Instant) -> [LinkEffect] {
        guard frame.ethernet.source != configuration.hardwareAddress else {
            layer2.count(.ownFrame)
            return []
        }
        var effects: [LinkEffect] = []
        switch frame {
        case .arp(_, let packet):
            if packet.isProbe {
                membership.heardForeign(at: now)
            } else {
                effects += perform(
                    membership.heardKernel(.v4(packet.sender), packet.senderHardware, at: now), at: now)
            }
        case .solicitation: membership.heardForeign(at: now)
        case .advertisement(let ethernet, let message):
            effects += perform(
                membership.heardKernel(.v6(message.target), message.targetLinkLayer ?? ethernet.source, at: now),
                at: now)
        }
        return effects + perform(layer2.receive(frame, at: now), at: now)
    }

    /// A Hello, Claims or Refuse frame by either carrier.
    package mutating func receive(speakerFrame bytes: [UInt8], at now: Instant) -> [LinkEffect] {
        let isGroup =
            bytes.count >= EthernetHeader.length && EtherType(rawValue: bytes.span.uint16(at: 12)) == .hello
        do throws(HelloDropReason) {
            guard let start = isGroup ? EthernetHeader.length : UnicastCarrier.payloadStart(bytes) else {
                throw .foreignProtocol
            }
            guard let keys = configuration.keys else { throw .keyless }
            let view = try HelloFrameView(bytes, at: start, cluster: configuration.cluster)
            guard view.isAuthentic(keys, authenticator) else { throw .unauthenticated }
            if isRestarting { return try receiveLast(view, at: now) }
            guard view.header.node != me else { return receiveOwnName(view, at: now) }
            return try receive(view, isGroup: isGroup, at: now)
        } catch {
            count(error)
            return []
        }
    }

    private mutating func receive(
        _ view: HelloFrameView, isGroup: Bool, at now: Instant
    ) throws(HelloDropReason) -> [LinkEffect] {
        let header = view.header
        let (verdict, directives) = membership.receive(header, details: view.sender, at: now)
        var effects = perform(directives, at: now)
        guard verdict == .accepted else {
            if case .dropped(let reason) = verdict {
                count(reason)
                if reason == .tooManyPeers { effects += reportCrowd(at: now) }
            }
            return effects
        }
        counters.framesAccepted &+= 1
        if isGroup { heardGroup(header.node, at: now) }
        switch try view.body() {
        case .hello(let heard, let unheard):
            membership.receiveHeard(heard, from: header.node)
            asked(header.node, forUnicast: unheard.contains(me), at: now)
        case .claims(let part):
            let isJoining = membership.phase == .joining
            for entry in part.entries {
                guard case .held(let owner) = entry.kind, owner != me, election.mayHaveHeld(entry.address, owner)
                else { continue }
                effects += perform(membership.expect(owner, isJoiner: isJoining, at: now), at: now)
            }
            let (list, directives) = election.receive(
                part, from: header.node, incarnation: header.incarnation, isStale: header.isStale,
                hearsMe: membership.isHeard(by: header.node, at: now), at: now)
            effects += perform(directives, at: now)
            if list == .complete {
                effects += perform(membership.receivedAllClaims(from: header.node, at: now), at: now)
            }
        case .refuse(let refusals):
            guard !header.isStale, header.phase != .joining else { break }
            for refusal in refusals { effects += perform(election.receive(refusal, at: now), at: now) }
        }
        return effects
    }

    /// The own name on another frame: an echo, another interface of this node, or another node with the same name.
    private mutating func receiveOwnName(_ view: HelloFrameView, at now: Instant) -> [LinkEffect] {
        let header = view.header
        // Before the siblings: VLAN interfaces share their parent's hardware address, but no two share an incarnation.
        switch membership.receiveOwnName(header, at: now) {
        case .reflection:
            count(.reflected)
            return []
        case .unproven:
            count(.rivalIncarnation)
            return []
        case .alive: break
        }
        if let sibling = configuration.siblings.first(where: { $0.hardwareAddress == header.hardwareAddress }) {
            guard sibling.goesFirst else {
                count(.reflected)
                return []
            }
            let isNew = membership.phase != .passive
            let directives = membership.fallSilent(.passive, incarnation: nextIncarnation(), at: now)
            return (isNew ? [.report(.sameSegment(interface: sibling.interfaceName))] : [])
                + perform(directives, at: now)
        }
        guard membership.givesWay(to: header) else {
            count(.rivalIncarnation)
            return []
        }
        let isNew = membership.phase != .conflict
        let directives = membership.fallSilent(.conflict, incarnation: nextIncarnation(), at: now)
        return (isNew ? [.report(.nameConflict(hardwareAddress: header.hardwareAddress))] : [])
            + perform(directives, at: now)
    }

    private mutating func reportCrowd(at now: Instant) -> [LinkEffect] {
        let timing = configuration.timing.membership
        if let last = reportedCrowdAt, now - last < timing.forget { return [] }
        reportedCrowdAt = now
        return [.report(.tooManyPeers(limit: timing.peerLimit))]
    }

    private mutating func count(_ reason: HelloDropReason) { counters.framesDropped[reason, default: 0] &+= 1 }
}

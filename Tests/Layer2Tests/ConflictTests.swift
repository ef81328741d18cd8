import Layer2
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

@Suite struct ConflictTests {
    private static let v4 = IPv4Address(192, 168, 57, 200)
    private static let v6 = IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8)

    private static func owner(_ address: IPAddress) -> VirtualLink {
        var timing = Layer2Timing()
        timing.refresh = .zero
        var virtual = VirtualLink(timing: timing)
        virtual.act { $0.own(address, at: $1) }
        virtual.run(until: .seconds(10))
        virtual.forget()
        return virtual
    }

    static let claims: [ARPPacket] = [
        .announcementRequest(of: v4, at: VirtualLink.foreign),
        .announcementReply(of: v4, at: VirtualLink.foreign),
        .request(for: IPv4Address(192, 168, 57, 30), from: v4, at: VirtualLink.foreign),
    ]

    @Test("a foreign claim reaches the watch through the fast path, and is defended in both forms", arguments: claims)
    func defended(claim: ARPPacket) {
        var virtual = Self.owner(.v4(Self.v4))
        let frame = OutgoingFrame.arp(claim, destination: .broadcast).bytes(source: VirtualLink.foreign)
        #expect(virtual.link.exchange(frame).answer == .receive)
        virtual.receive(claim)
        #expect(virtual.sent.count == 2)
        #expect(
            virtual.facts.map(\.fact) == [
                .conflict(.v4(Self.v4), hardwareAddress: VirtualLink.foreign, isDefended: true)
            ])
    }

    @Test("a persistent claimant is answered by at most one defence per 10 s, and every claim is counted")
    func defenceInterval() {
        var virtual = Self.owner(.v4(Self.v4))
        for tenth in 0..<350 as Range<Int64> {
            virtual.run(until: .seconds(10) + .milliseconds(100) * Int(tenth))
            virtual.receive(.announcementRequest(of: Self.v4, at: VirtualLink.foreign))
        }
        #expect(virtual.sent.map(\.at) == [10, 10, 20, 20, 30, 30, 40, 40].map { .seconds($0) })
        #expect(virtual.facts.map(\.at) == [10, 20, 30, 40].map { .seconds($0) })
        #expect(virtual.link.counters.conflicts == 350)
        #expect(virtual.link.counters.defences == 4)
    }

    @Test("a second claimant is reported at once")
    func secondClaimant() {
        var virtual = Self.owner(.v4(Self.v4))
        let other = MACAddress(2, 0xBA, 0xD0, 0, 0, 2)
        virtual.receive(.announcementRequest(of: Self.v4, at: VirtualLink.foreign))
        virtual.receive(.announcementRequest(of: Self.v4, at: other))
        #expect(
            virtual.facts.last?.fact == .conflict(.v4(Self.v4), hardwareAddress: other, isDefended: false))
    }

    @Test("two claimants in turn, or a flood of invented ones, give a few reports per 10 s, and all are counted")
    func manyClaimants() {
        var virtual = Self.owner(.v4(Self.v4))
        for number in 0..<1000 as Range<UInt64> {
            let claimant = MACAddress(rawValue: 0x02BA_D000_0000 + (number < 500 ? number % 2 : number))
            virtual.receive(.announcementRequest(of: Self.v4, at: claimant))
        }
        #expect(virtual.facts.count == 4)
        #expect(virtual.link.counters.conflicts == 1000)
        virtual.run(until: .seconds(20))
        virtual.receive(.announcementRequest(of: Self.v4, at: VirtualLink.foreign))
        #expect(virtual.facts.count == 5)
    }

    @Test("a flood of claims of 2,000 owned addresses leaves announcements their pace, and facts their place")
    func floodOfClaims() {
        var virtual = VirtualLink()
        virtual.act { link, now in
            for index in 0..<2000 { link.own(.v4(address(index)), at: now) }
        }
        virtual.run(until: .seconds(30))
        virtual.forget()
        let defencesBefore = virtual.link.counters.defences
        // 20,000 claims per second: of each address ten times, by ever new hosts.
        virtual.act { link, now in
            for index in 2000..<3000 { link.own(.v4(address(index)), at: now) }
        }
        for number in 0..<40_000 {
            let claimant = MACAddress(rawValue: 0x02BA_D000_0000 + UInt64(number))
            virtual.receive(.announcementRequest(of: address(number % 2000), at: claimant))
            virtual.run(until: .seconds(30) + Interval(nanoseconds: 50_000) * (number + 1))
        }
        let defences = virtual.link.counters.defences - defencesBefore
        #expect((100...110).contains(defences), "50 per second, and one burst of 10")
        #expect((200...310).contains(virtual.facts.count))
        // 1,000 first announcements at 2,000 frames per second take 0.5 s; a twentieth more is the defences'.
        let newcomers = Set((2000..<3000).map(address))
        let announced = virtual.sent.filter { sending in
            if case .arp(let packet, _) = sending.frame { newcomers.contains(packet.target) } else { false }
        }
        #expect(Set(announced.prefix(1000).map(\.frame)).count == 1000)
        #expect(announced[999].at - .seconds(30) < .milliseconds(550))
    }

    @Test("a claim from a cluster node's hardware address is reported, never defended")
    func node() {
        var virtual = Self.owner(.v4(Self.v4))
        virtual.act { link, _ in link.setNodes([VirtualLink.foreign]) }
        virtual.receive(.announcementReply(of: Self.v4, at: VirtualLink.foreign))
        virtual.run(until: .milliseconds(10_200))
        virtual.receive(.announcementReply(of: Self.v4, at: VirtualLink.foreign))
        #expect(virtual.facts.isEmpty, "a new owner's announcements may overtake its claim")
        virtual.run(until: .milliseconds(11_100))
        virtual.receive(.announcementReply(of: Self.v4, at: VirtualLink.foreign))
        #expect(
            virtual.facts.map(\.fact) == [.claimedByNode(.v4(Self.v4), hardwareAddress: VirtualLink.foreign)])
    }

    @Test("an address that was given up and taken again begins with no cluster node's claim remembered")
    func handedOver() {
        var virtual = Self.owner(.v4(Self.v4))
        virtual.act { link, _ in link.setNodes([VirtualLink.foreign]) }
        virtual.receive(.announcementReply(of: Self.v4, at: VirtualLink.foreign))
        virtual.act { link, _ in link.withdraw(.v4(Self.v4)) }
        virtual.run(until: .seconds(12))
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        virtual.receive(.announcementReply(of: Self.v4, at: VirtualLink.foreign))
        #expect(virtual.facts.isEmpty)
    }

    @Test("a foreign advertisement of an owned IPv6 address is a conflict, with or without its option")
    func advertisement() {
        let ethernet = EthernetHeader(
            destination: MACAddress(multicast: .allNodes), source: VirtualLink.foreign, etherType: .ipv6)
        for option in [VirtualLink.foreign, nil] {
            var virtual = Self.owner(.v6(Self.v6))
            var claim = NeighborAdvertisement.announcement(of: Self.v6, at: VirtualLink.foreign)
            claim.targetLinkLayer = option
            virtual.receive(.advertisement(ethernet, claim))
            #expect(virtual.sent.count == 1)
            #expect(
                virtual.facts.map(\.fact) == [
                    .conflict(.v6(Self.v6), hardwareAddress: VirtualLink.foreign, isDefended: true)
                ])
        }
    }

    @Test("a host that asks from an owned IPv6 address claims it, and gets its answer; for an address of others, too")
    func solicitation() throws {
        let other = IPv6Address(high: Self.v6.high, low: 0xC9)
        for isOtherOwned in [true, false] {
            var virtual = Self.owner(.v6(Self.v6))
            if isOtherOwned { virtual.act { $0.own(.v6(other), at: $1) } }
            virtual.forget()
            let claim = NeighborSolicitation(
                source: Self.v6, destination: other.solicitedNode, target: other, sourceLinkLayer: VirtualLink.foreign)
            let frame = OutgoingFrame.solicitation(claim, destination: MACAddress(multicast: other.solicitedNode))
                .bytes(source: VirtualLink.foreign)
            let answer = virtual.link.exchange(frame).answer
            #expect(answer == (isOtherOwned ? .replyAndReceive(length: NeighborAdvertisement.frameLength) : .receive))
            virtual.receive(try LinkFrame(parsing: frame.span))
            #expect(virtual.sent.count == 1)
            #expect(
                virtual.facts.map(\.fact) == [
                    .conflict(.v6(Self.v6), hardwareAddress: VirtualLink.foreign, isDefended: true)
                ])
        }
    }

    @Test("duplicate address detection of an owned address is answered, and is no claim")
    func detection() throws {
        var virtual = Self.owner(.v6(Self.v6))
        let frame = OutgoingFrame.solicitation(
            .probe(for: Self.v6), destination: MACAddress(multicast: Self.v6.solicitedNode)
        ).bytes(source: VirtualLink.foreign)
        #expect(virtual.link.exchange(frame).answer == .reply(length: NeighborAdvertisement.frameLength))
        #expect(virtual.facts.isEmpty && virtual.link.counters.conflicts == 0)
    }

    @Test("the absent node's own claim of an address that we help with is no conflict")
    func helped() {
        var virtual = VirtualLink()
        virtual.act { link, _ in link.help(.v4(Self.v4), answeringWith: VirtualLink.foreign) }
        virtual.receive(.announcementReply(of: Self.v4, at: VirtualLink.foreign))
        #expect(virtual.facts.isEmpty && virtual.sent.isEmpty)
    }

    @Test("somebody else's claim of an address that we help with is reported, and left to its owner")
    func helpedForeign() {
        var virtual = VirtualLink()
        let other = MACAddress(2, 0xBA, 0xD0, 0, 0, 2)
        virtual.act { link, _ in link.help(.v4(Self.v4), answeringWith: VirtualLink.foreign) }
        virtual.receive(.announcementReply(of: Self.v4, at: other))
        #expect(virtual.sent.isEmpty)
        #expect(
            virtual.facts.map(\.fact) == [.conflict(.v4(Self.v4), hardwareAddress: other, isDefended: false)])
    }

    @Test("our own frames, sent back, are no conflict")
    func reflected() {
        var virtual = Self.owner(.v4(Self.v4))
        virtual.receive(.announcementReply(of: Self.v4, at: VirtualLink.mac))
        #expect(virtual.facts.isEmpty && virtual.sent.isEmpty)
        #expect(virtual.link.counters.drops[.ownFrame] == 1)
    }

    @Test("a foreign host that claims one address and asks for another gets its answer, and is reported")
    func claimantAsks() {
        var virtual = Self.owner(.v4(Self.v4))
        let other = IPv4Address(192, 168, 57, 201)
        virtual.act { $0.own(.v4(other), at: $1) }
        let packet = ARPPacket.request(for: other, from: Self.v4, at: VirtualLink.foreign)
        let frame = OutgoingFrame.arp(packet, destination: .broadcast).bytes(source: VirtualLink.foreign)
        #expect(virtual.link.exchange(frame).answer == .replyAndReceive(length: 42))
    }
}

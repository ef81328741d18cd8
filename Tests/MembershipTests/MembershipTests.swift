import Membership
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

@Suite("Membership on one link")
struct MembershipTests {
    @Test("a speaker listens for 600 ms after the first foreign frame, then is ready")
    func joining() {
        var segment = Segment()
        segment.hello("b")
        segment.claims("b")
        segment.pass(500, greeting: ["b"])
        #expect(segment.membership.phase == .joining)
        segment.pass(200, greeting: ["b"])
        #expect(segment.membership.phase == .ready)
    }

    @Test("a missing list of claims prolongs the listening to 2 s at most")
    func joiningWithoutClaims() {
        var segment = Segment()
        segment.pass(1800, greeting: ["b"])
        #expect(segment.membership.phase == .joining)
        segment.pass(400, greeting: ["b"])
        #expect(segment.membership.phase == .ready)
    }

    @Test("a lone speaker becomes ready although it hears nobody; with known speakers it waits for a sign of life")
    func lone() {
        var alone = Segment(known: [])
        alone.pass(2200, gatewayAnswers: false)
        #expect(alone.membership.phase == .ready)
        var blocked = Segment(known: ["b"])
        blocked.pass(5000, gatewayAnswers: false)
        #expect(blocked.membership.phase == .joining)
    }

    @Test("a silent peer with a silent kernel is dead 500 ms after its last hello")
    func death() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        // The last hello was 90 ms ago.
        segment.pass(390, greeting: ["c"])
        #expect(segment.state("b") == .ready)
        segment.pass(50, greeting: ["c"])
        #expect(segment.state("b") == .dead)
    }

    @Test("a silent peer with a living kernel is absent, and dead when its kernel falls silent, too")
    func absence() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        // The last hello was 90 ms ago.
        segment.pass(240, greeting: ["c"], answering: ["b"])
        #expect(segment.state("b") == .ready)
        segment.pass(60, greeting: ["c"], answering: ["b"])
        #expect(segment.state("b") == .absent)
        segment.pass(5000, greeting: ["c"], answering: ["b"])
        #expect(segment.state("b") == .absent)
        segment.pass(600, greeting: ["c"])
        #expect(segment.state("b") == .dead)
    }

    @Test("an absent peer is dead at the end of the hold time")
    func hold() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.pass(119_000, greeting: ["c"], answering: ["b"])
        #expect(segment.state("b") == .absent)
        segment.pass(2000, greeting: ["c"], answering: ["b"])
        #expect(segment.state("b") == .dead)
    }

    @Test("an answer from another hardware address keeps nobody alive")
    func proxy() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        for _ in 0..<60 {
            segment.pass(10, greeting: ["c"])
            _ = segment.membership.heardKernel(Segment.address("b"), MACAddress(2, 7, 7, 7, 7, 7), at: segment.now)
        }
        #expect(segment.state("b") == .dead)
    }

    @Test("a peer that another one hears is not dead, and one that nobody hears is")
    func vouching() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.pass(3000, greeting: ["c"], hears: ["me", "b"])
        #expect(segment.state("b") == .ready)
        segment.pass(300, greeting: ["c"])
        #expect(segment.state("b") == .dead)
    }

    @Test("a dead peer whose claims are repeated by one that hears it is ready again, and dead when that one loses it")
    func vouchedForLater() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.pass(2000, greeting: ["c"])
        #expect(segment.membership.expect(NodeID(name: "b"), isJoiner: false, at: segment.now).isEmpty)
        segment.hello("c", hears: ["me", "b"])
        #expect(
            segment.membership.expect(NodeID(name: "b"), isJoiner: false, at: segment.now) == [.peer(NodeID(name: "b"))]
        )
        segment.pass(3000, greeting: ["c"], hears: ["me", "b"])
        #expect(segment.state("b") == .ready)
        segment.pass(300, greeting: ["c"])
        #expect(segment.state("b") == .dead)
    }

    @Test("a joining speaker asks for 16 nodes of the record each 50 ms, in turns, and for none that has answered")
    func recordAsks() {
        var segment = Segment()
        var environment = segment.membership.environment
        environment.known = (1...100).map { number in
            .init(
                id: NodeID(name: "n\(number)"), name: "n\(number)",
                addresses: [.v4(IPv4Address(192, 168, 57, 100 + UInt8(number)))])
        }
        environment.recorded = environment.known.map(\.id)
        segment.membership.configure(environment, timing: MembershipTiming(), at: segment.now)
        func asked(_ directives: [Membership.Directive]) -> [IPAddress] {
            directives.compactMap { directive in
                if case .ask(let address, _) = directive, address != Segment.gateway { address } else { nil }
            }
        }
        let first = asked(segment.pass(500))
        #expect(first.count == 160)
        #expect(Set(first).count == 100)
        for known in environment.known.dropLast() {
            _ = segment.membership.heardKernel(known.addresses[0], MACAddress(2, 0, 0, 0, 0, 9), at: segment.now)
        }
        #expect(asked(segment.pass(100)) == Array(repeating: environment.known[99].addresses[0], count: 2))
    }

    @Test("whoever hears nothing at all accuses nobody, and is deaf")
    func deaf() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        let directives = segment.pass(1000, gatewayAnswers: false)
        #expect(directives.contains(.becameDeaf))
        #expect(segment.membership.phase == .deaf)
        #expect(segment.state("b") == .ready)
        // The gateway is asked all the time. When it answers, the peers' lists are awaited anew.
        segment.pass(20)
        #expect(segment.membership.phase == .joining)
        segment.pass(1000, greeting: ["b", "c"])
        #expect(segment.membership.phase == .joining)
        for name in ["b", "c"] { segment.claims(name) }
        segment.pass(20)
        #expect(segment.membership.phase == .ready)
    }

    @Test("whoever hears a frame, and then nothing while it listens, is deaf, and knows of no death")
    func deafWhileJoining() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.pass(1000, gatewayAnswers: false)
        segment.hello("b")
        segment.pass(400, gatewayAnswers: false)
        #expect(segment.membership.phase == .joining)
        segment.pass(1000, gatewayAnswers: false)
        #expect(segment.membership.phase == .deaf)
        #expect(segment.state("b") == .ready && segment.state("c") == .ready)
    }

    @Test("without a gateway, two frames of any host end the deafness, and tell that the only peer is dead")
    func deafWithoutGateway() {
        var segment = Segment(known: ["b"])
        segment.becomeReady(with: ["b"])
        #expect(!segment.membership.wantsProof)
        segment.pass(400, gatewayAnswers: false)
        #expect(segment.membership.wantsProof)
        segment.pass(9600, gatewayAnswers: false)
        #expect(segment.membership.phase == .deaf && segment.membership.wantsProof)
        segment.membership.heardForeign(at: segment.now)
        segment.pass(100, gatewayAnswers: false)
        #expect(segment.membership.phase == .joining && segment.membership.wantsProof)
        segment.membership.heardForeign(at: segment.now)
        segment.pass(600, gatewayAnswers: false)
        #expect(segment.membership.phase == .ready && segment.state("b") == .dead)
        segment.pass(5000, gatewayAnswers: false)
        #expect(segment.membership.phase == .ready && !segment.membership.wantsProof)
    }

    @Test("an absent peer that cannot be asked is believed for 5 s, and asked anew when it can be")
    func blindRestart() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.hello("b", .restarting)
        segment.pass(400, greeting: ["c"], answering: ["b"])
        var environment = segment.membership.environment
        func setFamilies(_ families: Set<IPFamily>) {
            environment.families = families
            segment.membership.configure(environment, timing: MembershipTiming(), at: segment.now)
        }
        setFamilies([])
        segment.pass(4900, greeting: ["c"])
        #expect(segment.state("b") == .absent)
        setFamilies([.ipv4])
        segment.pass(400, greeting: ["c"])
        #expect(segment.state("b") == .absent)
        segment.pass(200, greeting: ["c"])
        #expect(segment.state("b") == .dead)
    }

    @Test("a peer with addresses of another family alone is believed for 5 s after it said that it restarts")
    func foreignFamily() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        var environment = segment.membership.environment
        environment.families = [.ipv6]
        segment.membership.configure(environment, timing: MembershipTiming(), at: segment.now)
        segment.hello("b", .restarting)
        segment.pass(4900, greeting: ["c"])
        #expect(segment.state("b") == .absent)
        segment.pass(200, greeting: ["c"])
        #expect(segment.state("b") == .dead)
    }

    @Test("a peer that says it restarts is absent at once, and stays so while it joins anew")
    func restarting() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.hello("b", .restarting)
        #expect(segment.state("b") == .absent)
        segment.hello("b", .joining, incarnation: 2)
        #expect(segment.state("b") == .absent)
        segment.hello("b", .ready, incarnation: 2)
        #expect(segment.state("b") == .absent)
        segment.claims("b")
        #expect(segment.state("b") == .ready)
    }

    @Test("a ready peer is here before its whole list is, and may be given addresses with it")
    func listing() {
        var segment = Segment()
        segment.hello("b")
        let peer = { (segment: Segment) in segment.membership.peers[NodeID(name: "b")] }
        #expect(peer(segment)?.state == .ready && peer(segment)?.isCandidate == false)
        segment.pass(3000, greeting: ["b"])
        #expect(segment.membership.phase == .ready && peer(segment)?.state == .ready)
        #expect(segment.membership.returning.contains(NodeID(name: "b")))
        segment.claims("b")
        #expect(peer(segment)?.isCandidate == true)
        #expect(segment.membership.returning.isEmpty)
    }

    @Test("since when a peer is ready counts from the end of its last joining")
    func readySince() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        let first = segment.membership.peers[NodeID(name: "b")]?.readySince
        segment.pass(1000, greeting: ["b", "c"])
        #expect(segment.membership.peers[NodeID(name: "b")]?.readySince == first)
        segment.hello("b", .restarting)
        segment.hello("b", .joining, incarnation: 2)
        segment.hello("b", incarnation: 2)
        #expect(segment.membership.peers[NodeID(name: "b")]?.readySince == segment.now)
    }

    @Test("a suspected peer that is heard again is suspected no more")
    func suspicionEnds() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.pass(300, greeting: ["c"])
        #expect(segment.membership.peers[NodeID(name: "b")]?.suspectedAt != nil)
        segment.pass(50, greeting: ["b", "c"])
        #expect(segment.membership.peers[NodeID(name: "b")]?.suspectedAt == nil && !segment.membership.wantsProof)
    }

    @Test("a speaker that hears ready peers, none of which hears it, is mute")
    func mute() {
        var segment = Segment()
        segment.hello("b", .joining, hears: [])
        #expect(!segment.membership.isMute(at: segment.now))
        segment.hello("b", hears: [])
        segment.hello("c", .joining, hears: ["me"])
        #expect(segment.membership.isMute(at: segment.now))
        segment.hello("c", hears: ["me"])
        #expect(!segment.membership.isMute(at: segment.now))
    }

    @Test("a peer hears this speaker itself, or a ready one that hears it and is heard")
    func heardBy() {
        var segment = Segment()
        func isHeard(_ phase: HelloPhase = .ready, hears: [String], after milliseconds: Int64 = 0) -> Bool {
            segment.hello("c", phase, hears: hears)
            let now = segment.now + .milliseconds(milliseconds)
            return segment.membership.isHeard(by: NodeID(name: "b"), at: now)
        }
        segment.hello("b", hears: ["me"])
        #expect(isHeard(hears: []))
        segment.hello("b", hears: ["c"])
        #expect(isHeard(hears: ["me"]) && !isHeard(hears: ["b"]))
        #expect(!isHeard(.joining, hears: ["me"]) && !isHeard(hears: ["me"], after: 300))
    }

    @Test(
        "a peer that is only heard of is absent, or ready when somebody hears it; a joining one is expected by joiners")
    func expected() {
        let id = NodeID(name: "d")
        for isVouched in [false, true] {
            var segment = Segment(known: ["b", "d"])
            _ = segment.membership.heardKernel(Segment.address("d"), Segment.hardware("d"), at: segment.now)
            segment.hello("b", hears: isVouched ? ["d"] : [])
            #expect(segment.membership.expect(id, isJoiner: false, at: segment.now) == [.peer(id)])
            let peer = segment.membership.peers[id]
            #expect(peer?.state == (isVouched ? .ready : .absent) && peer?.isCandidate == isVouched)
            #expect(peer?.hardwareAddress == Segment.hardware("d"))
        }
        var segment = Segment()
        segment.hello("d", .joining)
        #expect(segment.membership.expect(id, isJoiner: false, at: segment.now).isEmpty)
        #expect(segment.membership.expect(id, isJoiner: true, at: segment.now) == [.peer(id)])
    }

    @Test("a dead peer is forgotten after ten minutes")
    func forgotten() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.pass(599_000, greeting: ["c"])
        #expect(segment.state("b") == .dead)
        segment.pass(3000, greeting: ["c"])
        #expect(segment.state("b") == nil)
    }

    @Test("the hold ends for a peer that greets as ready without its whole list, and it is not dead")
    func holdOfListing() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.hello("b", .restarting)
        segment.hello("b", incarnation: 2)
        #expect(segment.state("b") == .absent)
        // Its kernel is silent: that it greets is enough.
        for _ in 0..<1250 {
            segment.pass(100, greeting: ["c"])
            #expect(segment.state("b") != .dead)
            segment.hello("b", incarnation: 2)
        }
        #expect(segment.state("b") == .ready)
    }

    @Test("an absent peer is not declared dead by a speaker whose own reception has stopped")
    func absenceWithoutReception() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.hello("b", .restarting)
        segment.pass(1000, greeting: ["c"], answering: ["b"])
        // The last answer was 50 ms before the last frame.
        segment.pass(50, greeting: ["c"])
        segment.hello("c")
        segment.pass(2000, gatewayAnswers: false)
        #expect(segment.state("b") == .absent)
        #expect(segment.membership.phase == .deaf)
    }

    @Test("a restart that is faster than any suspicion is an absence, too")
    func quickRestart() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.pass(320, greeting: ["c"])
        segment.hello("b", .joining, incarnation: 2)
        #expect(segment.state("b") == .absent)
    }

    @Test("a second incarnation is refused while the first is heard")
    func rival() {
        var segment = Segment()
        segment.becomeReady(with: ["b"])
        #expect(segment.hello("b", incarnation: 2) == .dropped(.rivalIncarnation))
        segment.hello("b", .deaf)
        #expect(segment.hello("b", .joining, incarnation: 2) == .accepted, "it holds nothing any more")
    }

    @Test("an old sequence number is refused")
    func replay() {
        var segment = Segment()
        segment.becomeReady(with: ["b"])
        segment.sequences["b1"] = 0
        #expect(segment.hello("b") == .dropped(.outdated))
    }

    @Test("a false death doubles the peer's interval, a silence beyond the longest interval does not")
    func falseDeath() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.pass(700, greeting: ["c"])
        #expect(segment.state("b") == .dead)
        segment.hello("b")
        #expect(segment.membership.peers[NodeID(name: "b")]?.interval == .milliseconds(200))
        segment.pass(700, greeting: ["c"])
        #expect(segment.state("b") == .ready)
        segment.pass(9000, greeting: ["c"])
        #expect(segment.state("b") == .dead)
        segment.hello("b")
        #expect(segment.membership.peers[NodeID(name: "b")]?.interval == .milliseconds(200))
    }

    @Test("a longer interval delays the own verdict on that peer alone: it is neither heard nor believed for longer")
    func doubledIntervalIsNoVoucher() {
        var segment = Segment(known: ["b", "c", "d"])
        segment.becomeReady(with: ["b", "c", "d"])
        for silence in [700, 1200, 2200] {
            segment.pass(silence, greeting: ["b", "d"])
            #expect(segment.state("c") == .dead)
            segment.hello("c")
        }
        #expect(segment.membership.peers[NodeID(name: "c")]?.interval == .milliseconds(800))
        segment.claims("c")
        segment.pass(50, greeting: ["b", "c", "d"])
        segment.hello("c", hears: ["me", "b"])
        segment.pass(400, greeting: ["d"])
        #expect(segment.membership.heard(at: segment.now, limit: 9) == [NodeID(name: "d")])
        #expect(segment.state("b") == .ready)
        segment.pass(200, greeting: ["d"])
        #expect(segment.state("b") == .dead, "vouched for by a peer that has been silent itself")
        #expect(segment.state("c") == .ready)
    }

    @Test("a peer that says itself that it is deaf stays dead, whoever repeats its claims")
    func deafIsNotVouched() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.hello("c", hears: ["me", "b"])
        segment.hello("b", .deaf)
        #expect(segment.membership.expect(NodeID(name: "b"), isJoiner: false, at: segment.now).isEmpty)
        #expect(segment.state("b") == .dead)
    }

    @Test("what a false death added is forgotten by half every six hours")
    func halving() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.pass(700, greeting: ["c"])
        segment.hello("b")
        segment.pass(1200, greeting: ["c"])
        segment.hello("b")
        for milliseconds in [400, 200, 100] as [Int64] {
            segment.hello("b")
            #expect(segment.membership.peers[NodeID(name: "b")]?.interval == .milliseconds(milliseconds))
            segment.now = segment.now + .seconds(6 * 3600)
        }
    }

    @Test("the own pause is not the peers' fault")
    func excuse() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.now = segment.now + .milliseconds(450)
        segment.membership.excuse(.milliseconds(450))
        segment.pass(20, gatewayAnswers: false)
        #expect(segment.membership.peers[NodeID(name: "b")]?.suspectedAt == nil)
        #expect(segment.membership.phase == .ready)
    }

    @Test("proof of reception from before a death proves nothing at the next silence")
    func proofIsOfOneSilence() {
        var segment = Segment()
        segment.becomeReady(with: ["b", "c"])
        segment.pass(700, greeting: ["c"])
        #expect(segment.state("b") == .dead)
        segment.pass(300, greeting: ["b", "c"])
        segment.pass(3000, gatewayAnswers: false)
        #expect(segment.membership.phase == .deaf && segment.state("b") == .ready)
    }

    @Test("a peer is told the claims for as long as it listens, whenever it begins to, and not once it is ready")
    func joinersAreTold() {
        var segment = Segment()
        func isTold(_ phase: HelloPhase, _ incarnation: UInt64, after milliseconds: Int64) -> Bool {
            segment.now = segment.now + .milliseconds(milliseconds)
            segment.hello("b", phase, incarnation: incarnation)
            return segment.directives.contains(.tellClaims)
        }
        #expect(isTold(.joining, 1, after: 0) && isTold(.joining, 1, after: 1900))
        #expect(!isTold(.joining, 1, after: 200))
        // Its process starts anew, and is ready early.
        #expect(isTold(.joining, 2, after: 400) && isTold(.joining, 2, after: 100))
        #expect(!isTold(.ready, 2, after: 100))
        // It hears again, under the same incarnation.
        _ = isTold(.deaf, 2, after: 10_000)
        #expect(isTold(.joining, 2, after: 100) && isTold(.joining, 2, after: 100))
    }

    private static func rival(
        _ incarnation: UInt64, _ sequence: UInt64, _ phase: HelloPhase = .ready
    ) -> HelloHeader {
        HelloHeader(
            cluster: ClusterID(rawValue: 1), node: NodeID(name: "b"), incarnation: incarnation, sequence: sequence,
            hardwareAddress: MACAddress(2, 5, 5, 5, 5, 5), phase: phase, isStale: false, details: 0)
    }

    @Test(
        "of two speakers of one name the joining one, or the lower incarnation, falls silent", arguments: [true, false])
    func ownName(isJoining: Bool) {
        var segment = Segment(name: "b")
        if !isJoining { segment.becomeReady(with: ["c"]) }
        #expect(segment.membership.receiveOwnName(Self.rival(100, 1), at: segment.now) == .reflection)
        #expect(segment.membership.givesWay(to: Self.rival(101, 1)))
        #expect(!segment.membership.givesWay(to: Self.rival(101, 1, .joining)))
        #expect(segment.membership.givesWay(to: Self.rival(99, 1)) == isJoining)
    }

    @Test("a rival is one whose sequence numbers rise; a recording of it is none, however often it is sent")
    func ownNameReplayed() {
        var segment = Segment(name: "b")
        func hear(_ sequence: UInt64, after milliseconds: Int) -> Membership.OwnName {
            segment.now = segment.now + .milliseconds(Int64(milliseconds))
            return segment.membership.receiveOwnName(Self.rival(101, sequence), at: segment.now)
        }
        #expect((0..<50).allSatisfy { _ in hear(7, after: 200) == .unproven })
        #expect(hear(8, after: 200) == .unproven)
        #expect(hear(9, after: 200) == .unproven, "the silence before counts anew")
        #expect(hear(10, after: 100) == .alive)
        #expect((8...10).allSatisfy { hear($0, after: 100) == .unproven })
        #expect(hear(11, after: 4000) == .unproven)
        #expect(hear(12, after: 100) == .unproven)
        #expect(hear(13, after: 100) == .alive)
    }

    @Test("frames from before a rejoining are reflections, too")
    func ownNameBefore() {
        var segment = Segment(name: "b")
        _ = segment.membership.rejoin(incarnation: 200, at: segment.now)
        for sequence in 1...9 {
            #expect(
                segment.membership.receiveOwnName(Self.rival(100, UInt64(sequence)), at: segment.now) == .reflection)
        }
    }

    @Test("the kernel of a node without a Lease is forgotten")
    func kernels() {
        var segment = Segment()
        _ = segment.membership.heardKernel(Segment.address("b"), Segment.hardware("b"), at: segment.now)
        var environment = segment.membership.environment
        #expect(segment.membership.kernel(of: NodeID(name: "b")) != nil)
        environment.known.removeAll { $0.name == "b" }
        segment.membership.configure(environment, timing: MembershipTiming(), at: segment.now)
        #expect(segment.membership.kernel(of: NodeID(name: "b")) == nil)
    }

    @Test("no more peers than one Hello can list, and a dead one makes room")
    func limit() {
        var segment = Segment()
        for index in 0..<150 { #expect(segment.hello("p\(index)") == .accepted) }
        #expect(segment.hello("one more") == .dropped(.tooManyPeers))
        segment.hello("p7", .deaf)
        #expect(segment.hello("one more") == .accepted)
        #expect(segment.hello("p7") == .dropped(.tooManyPeers))
    }
}

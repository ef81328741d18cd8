import Link
import Membership
import NetworkAddresses
import SeededRandom
import Wire

extension Simulation {
    /// Somebody records what speakers send, and sends it again later.
    package func records(duration: Double, replayAfter: Double, times: Int) {
        recorded = []
        after(duration) { s in
            let frames = s.recorded ?? []
            s.recorded = nil
            for round in 0..<times {
                s.after(replayAfter + Double(round)) { s in s.replay(frames) }
            }
        }
    }

    /// Somebody records one Hello of a node, and sends it to that node all the time.
    package func replaysHello(of node: VirtualNode, every period: Double, from start: Double, until end: Double) {
        recorded = []
        after(start) { s in
            let frames = s.recorded ?? []
            s.recorded = nil
            guard
                let hello = frames.last(where: { frame in
                    MACAddress(rawValue: frame[6..<12].reduce(0) { $0 << 8 | UInt64($1) }) == node.hardwareAddress
                        && frame[EthernetHeader.length + 3] == 1
                })
            else { return }
            for time in stride(from: 0, to: end - start, by: period) {
                s.after(time) { $0.hand(.speakers(hello), to: node) }
            }
        }
    }

    private func replay(_ frames: [[UInt8]]) {
        for (index, frame) in frames.enumerated() {
            after(Double(index) * 0.002) { s in
                for node in s.nodes { s.hand(.speakers(frame), to: node) }
            }
        }
    }

    /// Somebody with the key claims ever more addresses, for itself and for others that nobody knows.
    package func flood(duration: Double, addresses: Int) {
        let sender = EncodedSender(HelloSender(name: "flood", interfaceName: "eth0", addresses: []))
        var header = HelloHeader(
            cluster: ClusterID(rawValue: 77), node: sender.node, incarnation: 1, sequence: 0,
            hardwareAddress: MACAddress(2, 9, 9, 9, 9, 1), phase: .ready, isStale: false, details: sender.digest)
        for tick in 0..<Int(duration * 100) {
            header.sequence += 1
            let entries = (0..<40).map { _ in
                let owner = NodeID(rawValue: random.next())
                return ClaimEntry(
                    address: .v4(IPv4Address(rawValue: 0x0B00_0000 + UInt32(random.below(addresses)))), term: .max,
                    allocation: 1, kind: random.chance(0.5) ? .own : .held(owner: owner))
            }
            // Half of its lists never end.
            let part = ClaimsPart(
                generation: UInt32(tick), index: 0, count: random.chance(0.5) ? 1 : 2000, entries: entries)
            let frame = header
            after(Double(tick) * 0.01) { s in
                let payload = HelloFrame(header: frame, body: .claims(part))
                    .encoded(sender: sender, key: s.keys.current, authenticator: s.authenticator)
                let bytes = HelloFrame.ethernet(payload, from: frame.hardwareAddress)
                for node in s.nodes { s.hand(.speakers(bytes), to: node) }
            }
        }
    }

    /// Somebody with the key claims everything for a while, and is heard no more.
    package func claimEverything(term: UInt32, duration: Double) {
        let sender = EncodedSender(HelloSender(name: "stranger", interfaceName: "eth0", addresses: []))
        var header = HelloHeader(
            cluster: ClusterID(rawValue: 77), node: sender.node, incarnation: 1, sequence: 0,
            hardwareAddress: MACAddress(2, 9, 9, 9, 9, 1), phase: .ready, isStale: false, details: sender.digest)
        let entries = addresses.map { ClaimEntry(address: $0, term: term, allocation: 1, kind: .own) }
        for tick in 0..<Int(duration * 20) {
            header.sequence += 1
            let frame = header
            after(Double(tick) * 0.05) { s in
                let part = ClaimsPart(generation: 1, index: 0, count: 1, entries: entries)
                let payload = HelloFrame(header: frame, body: .claims(part))
                    .encoded(sender: sender, key: s.keys.current, authenticator: s.authenticator)
                let bytes = HelloFrame.ethernet(payload, from: frame.hardwareAddress)
                for node in s.nodes { s.hand(.speakers(bytes), to: node) }
            }
        }
    }

    /// Somebody without the key says that all nodes are leaving, deaf, or own everything.
    package func forge(duration: Double) {
        var time = 0.0
        while time < duration {
            let victim = random.pick(nodes)
            let phase = random.pick(HelloPhase.allCases)
            let isKnown = random.chance(0.5)
            let claims = random.chance(0.5)
            after(time) { s in
                let sender = EncodedSender(
                    HelloSender(name: victim.name, interfaceName: "eth0", addresses: victim.addresses))
                let header = HelloHeader(
                    cluster: ClusterID(rawValue: isKnown ? 77 : 78), node: sender.node,
                    incarnation: victim.speaker?.membership.incarnation ?? 0, sequence: 1 << 40,
                    hardwareAddress: victim.hardwareAddress, phase: phase, isStale: false, details: sender.digest)
                let body: HelloFrame.Body =
                    claims
                    ? .claims(
                        ClaimsPart(
                            generation: 1 << 20, index: 0, count: 1,
                            entries: s.addresses.map {
                                ClaimEntry(address: $0, term: .max, allocation: 1, kind: .own)
                            }))
                    : .hello(heard: [], unheard: [])
                let payload = HelloFrame(header: header, body: body)
                    .encoded(sender: sender, key: [99], authenticator: s.authenticator)
                let bytes = HelloFrame.ethernet(payload, from: victim.hardwareAddress)
                for node in s.nodes { s.hand(.speakers(bytes), to: node) }
            }
            time += 0.02
        }
    }
}

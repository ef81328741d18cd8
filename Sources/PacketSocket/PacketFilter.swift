import CLinux
package import NetworkAddresses
import Wire

/// A classic BPF program (Linux `Documentation/networking/filter.rst`) that runs on every frame of a socket's
/// EtherType, in the interrupt: what it refuses costs no wake-up.
///
/// It may let too much through, never too little: user space looks again at every frame.
package struct PacketFilter: Sendable {
    private(set) var instructions: [sock_filter] = []

    /// BPF_MAXINSNS, less those of ``program(on:)``. Kernels before 6.7 grant 20 KiB of option memory to a socket, which
    /// must hold the old and the new program while one replaces the other: some 1,000 instructions.
    package static let maximumInstructions = 4096 - 3

    package var count: Int { instructions.count }

    /// The filter for a socket that is bound to one interface.
    ///
    /// A frame for a VLAN or macvlan interface has that one's index by the time it is filtered, and its packet type; it
    /// comes to the sockets of the interface below nevertheless, on which it arrived.
    func program(on interfaceIndex: Int32) -> [sock_filter] {
        [
            // SKF_AD_OFF + SKF_AD_IFINDEX.
            sock_filter(code: 0x20, jt: 0, jf: 0, k: 0xFFFF_F000 + 8),
            sock_filter(code: 0x15, jt: 1, jf: 0, k: UInt32(bitPattern: interfaceIndex)),
            sock_filter(code: 0x06, jt: 0, jf: 0, k: 0),
        ] + instructions
    }

    /// ARP for one of `targets`; ARP from a sender that claims one of them; answers of `askedHosts`.
    ///
    /// Questions for other addresses are most of what a link has, so most of the program is for `targets`. Senders are
    /// hosts, and hosts are as a rule not among load balancer IPs: intervals tell them apart well enough.
    package static func arp(
        targets: some Sequence<IPv4Address>, askedHosts: some Sequence<IPv4Address>,
        instructions limit: Int = maximumInstructions
    ) -> PacketFilter {
        let owned = Intervals(targets.map(\.rawValue))
        let answers = FilterTable(Intervals(askedHosts.map(\.rawValue)), limit: max(limit / 128, 1))
        let claims = FilterTable(owned, instructions: limit / 3, fallback: max(limit / 64, 1))
        let questions = FilterTable(
            owned, instructions: limit - claims.instructionCount - answers.instructionCount - overhead,
            fallback: limit / 8)
        return PacketFilter { program, pass, drop in
            let claim = program.search(claims, at: 28, hit: pass, miss: drop)
            // RFC 5227 §1.1: a probe's sender, 0.0.0.0, claims nothing; and 0 is 0 in every hash, so that some tables have it.
            program.branch(.equal, 0, to: drop, else: claim)
            program.load(.word, at: 28)
            let sender = program.here
            let answer = program.search(answers, at: 28, hit: pass, miss: sender)
            let question = program.search(questions, at: 38, hit: pass, miss: sender)
            program.branch(.equal, 1, to: question, else: answer)
            program.load(.half, at: 20)
        }
    }

    /// Neighbor Solicitations and Advertisements whose target ends in the last 32 bits of one of `targets`, solicitations
    /// from a sender that claims one of them, and advertisements of `askedHosts`.
    package static func neighborDiscovery(
        targets: some Sequence<IPv6Address>, askedHosts: some Sequence<IPv6Address>,
        instructions limit: Int = maximumInstructions
    ) -> PacketFilter {
        let owned = targets.map { UInt32(truncatingIfNeeded: $0.low) }
        let asked = askedHosts.map { UInt32(truncatingIfNeeded: $0.low) }
        let advertised = FilterTable(
            Intervals(owned + asked), instructions: limit / 6, fallback: max(limit / 64, 1))
        let claims = FilterTable(Intervals(owned), instructions: limit / 6, fallback: max(limit / 64, 1))
        let questions = FilterTable(
            Intervals(owned),
            instructions: limit - advertised.instructionCount - claims.instructionCount - overhead, fallback: limit / 8)
        return PacketFilter { program, pass, drop in
            let advertisement = program.search(advertised, at: 74, hit: pass, miss: drop)
            program.branch(.equal, UInt32(NeighborAdvertisement.type), to: advertisement, else: drop)
            let other = program.here
            let claim = program.search(claims, at: 34, hit: pass, miss: drop)
            // RFC 4862 §5.4.2: who detects duplicates asks from ::, which claims nothing; and 0 is 0 in every hash.
            program.branch(.equal, 0, to: drop, else: claim)
            program.load(.word, at: 34)
            let sender = program.here
            let question = program.search(questions, at: 74, hit: pass, miss: sender)
            program.branch(.equal, UInt32(NeighborSolicitation.type), to: question, else: other)
            program.load(.byte, at: 54)
            let message = program.here
            program.branch(.equal, UInt32(IPv6Header.icmpv6), to: message, else: drop)
            program.load(.byte, at: 20)
        }
    }

    /// Neighbor Solicitations and Advertisements, whatever their target.
    package static var anyNeighborDiscovery: PacketFilter {
        PacketFilter { program, pass, drop in
            program.branch(.equal, UInt32(NeighborAdvertisement.type), to: pass, else: drop)
            let other = program.here
            program.branch(.equal, UInt32(NeighborSolicitation.type), to: pass, else: other)
            program.load(.byte, at: 54)
            let message = program.here
            program.branch(.equal, UInt32(IPv6Header.icmpv6), to: message, else: drop)
            program.load(.byte, at: 20)
        }
    }

    /// Every frame of the EtherType, but not those of VLANs without an interface or of other hosts.
    package static var all: PacketFilter { PacketFilter { program, pass, _ in program.jump(to: pass) } }

    /// No frame: an interface with nothing to answer for.
    package static var none: PacketFilter { PacketFilter { program, _, drop in program.jump(to: drop) } }

    /// Instructions beside the tables, and jumps that grow long when tables stand side by side.
    private static var overhead: Int { 64 }

    /// `body` writes what decides on a frame that is not to another host.
    private init(_ body: (inout FilterAssembler, _ pass: Int, _ drop: Int) -> Void) {
        var program = FilterAssembler()
        let pass = program.end(accepting: true)
        let drop = program.end(accepting: false)
        body(&program, pass, drop)
        // A frame of a VLAN without an interface comes with its tag removed; only its packet type, PACKET_OTHERHOST,
        // tells. So do unicast frames to others on a promiscuous interface.
        let own = program.here
        program.branch(.equal, 3, to: drop, else: own)
        // SKF_AD_OFF + SKF_AD_PKTTYPE.
        program.load(.byte, at: 0xFFFF_F000 + 4)
        instructions = program.instructions
    }
}

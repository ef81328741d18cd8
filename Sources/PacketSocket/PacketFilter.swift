internal import CLinux
package import NetworkAddresses
import Wire

/// A classic BPF program (Linux `Documentation/networking/filter.rst`) that runs on every frame of a socket's
/// EtherType, in the interrupt: what it refuses costs no wake-up.
///
/// It may let too much through, never too little: user space looks again at every frame.
package struct PacketFilter: Sendable {
    private(set) var instructions: [sock_filter] = []

    /// Intervals in all searches of one program: 6 instructions each, and kernels before 6.7 grant 20 KiB of option
    /// memory to a socket, which must hold the old and the new program while one replaces the other.
    package static let maximumIntervals = 256

    package var count: Int { instructions.count }

    /// ARP for one of `targets`; ARP from a sender that claims one of them; answers of `askedHosts`.
    package static func arp(
        targets: some Sequence<IPv4Address>, askedHosts: some Sequence<IPv4Address>,
        intervals limit: Int = maximumIntervals
    ) -> PacketFilter {
        let targetValues = targets.map(\.rawValue)
        let questions = Intervals(targetValues, limit: limit / 2 + limit / 8)
        let claims = Intervals(targetValues, limit: limit / 4)
        let answers = Intervals(askedHosts.map(\.rawValue), limit: limit / 8)
        var filter = PacketFilter()
        filter.dropOtherHosts()
        filter.load(.half, at: 20)
        let toAnswers = filter.farJump(unless: 1)
        filter.load(.word, at: 38)
        filter.accept(anyOf: questions)
        filter.load(.word, at: 28)
        let toClaims = filter.farJump()
        filter.land(toAnswers)
        filter.load(.word, at: 28)
        filter.accept(anyOf: answers)
        filter.land(toClaims)
        filter.accept(anyOf: claims)
        filter.drop()
        return filter
    }

    /// Neighbor Solicitations and Advertisements whose target ends in the last 32 bits of one of `targets`, and
    /// advertisements of `askedHosts`.
    package static func neighborDiscovery(
        targets: some Sequence<IPv6Address>, askedHosts: some Sequence<IPv6Address>,
        intervals limit: Int = maximumIntervals
    ) -> PacketFilter {
        let targetValues = targets.map { UInt32(truncatingIfNeeded: $0.low) }
        let askedValues = askedHosts.map { UInt32(truncatingIfNeeded: $0.low) }
        var filter = PacketFilter()
        filter.dropOtherHosts()
        filter.load(.byte, at: 20)
        filter.dropUnless(equal: UInt32(IPv6Header.icmpv6))
        filter.load(.byte, at: 54)
        let toAdvertisement = filter.farJump(unless: UInt32(NeighborSolicitation.type))
        filter.load(.word, at: 74)
        filter.accept(anyOf: Intervals(targetValues, limit: limit / 2))
        filter.drop()
        filter.land(toAdvertisement)
        filter.dropUnless(equal: UInt32(NeighborAdvertisement.type))
        filter.load(.word, at: 74)
        filter.accept(anyOf: Intervals(targetValues + askedValues, limit: limit / 2))
        filter.drop()
        return filter
    }

    /// Every frame of the EtherType, but not those of VLANs without an interface or of other hosts.
    package static var all: PacketFilter {
        var filter = PacketFilter()
        filter.dropOtherHosts()
        filter.accept()
        return filter
    }

    /// No frame: an interface with nothing to answer for.
    package static var none: PacketFilter {
        var filter = PacketFilter()
        filter.drop()
        return filter
    }

    // MARK: Instructions

    private enum Width: UInt16 {
        case word = 0x00
        case half = 0x08
        case byte = 0x10
    }

    private mutating func emit(_ code: UInt16, _ k: UInt32 = 0, jt: UInt8 = 0, jf: UInt8 = 0) {
        instructions.append(sock_filter(code: code, jt: jt, jf: jf, k: k))
    }

    /// BPF_LD | BPF_ABS: also drops a frame that is too short.
    private mutating func load(_ width: Width, at offset: UInt32) { emit(0x20 | width.rawValue, offset) }

    private mutating func accept() { emit(0x06, 0x4_0000) }
    private mutating func drop() { emit(0x06, 0) }

    private mutating func dropUnless(equal value: UInt32) {
        emit(0x15, value, jt: 1, jf: 0)
        drop()
    }

    /// A frame of a VLAN without an interface comes with its tag removed; only its packet type, PACKET_OTHERHOST,
    /// tells. So do unicast frames to others on a promiscuous interface.
    private mutating func dropOtherHosts() {
        // SKF_AD_OFF + SKF_AD_PKTTYPE.
        load(.byte, at: 0xFFFF_F000 + 4)
        emit(0x15, 3, jt: 0, jf: 1)
        drop()
    }

    /// A jump of any distance, forward, to where `land` says.
    private mutating func farJump() -> Int {
        emit(0x05)
        return instructions.count - 1
    }

    private mutating func farJump(unless value: UInt32) -> Int {
        emit(0x15, value, jt: 1, jf: 0)
        return farJump()
    }

    private mutating func land(_ jump: Int) {
        instructions[jump] = sock_filter(code: 0x05, jt: 0, jf: 0, k: UInt32(instructions.count - jump - 1))
    }

    /// Accepts when the accumulator is in one of the intervals, else falls through: a binary search.
    private mutating func accept(anyOf intervals: Intervals) {
        guard !intervals.values.isEmpty else { return }
        var misses: [Int] = []
        search(intervals.values[...], &misses)
        for miss in misses { land(miss) }
    }

    private mutating func search(_ intervals: ArraySlice<ClosedRange<UInt32>>, _ misses: inout [Int]) {
        if intervals.count == 1, let only = intervals.first {
            // A >= lower, then A > upper, else accept.
            emit(0x35, only.lowerBound, jt: 0, jf: 2)
            emit(0x25, only.upperBound, jt: 1, jf: 0)
            accept()
            misses.append(farJump())
            return
        }
        let middle = (intervals.startIndex + intervals.endIndex) / 2
        // A >= the upper half's lowest: jump over the lower half.
        emit(0x35, intervals[middle].lowerBound, jt: 0, jf: 1)
        let toUpper = farJump()
        search(intervals[..<middle], &misses)
        land(toUpper)
        search(intervals[middle...], &misses)
    }
}

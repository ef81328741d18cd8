import Layer2
import Link
import MonotonicTime
import Netlink
import NetworkAddresses
import PacketSocket
import Wire

/// One link on the packet thread: its core, and its sockets.
final class LinkPort<Core: LinkCore> {
    var core: Core
    private(set) var configuration: LinkConfiguration
    var counters = PacketCounters()
    let arp: PacketSocket
    private(set) var neighborDiscovery: PacketSocket?
    let hello: PacketSocket
    private(set) var carrier: CarrierSocket?
    private let chores: ChoreMailbox
    private var wantedGroups: Set<IPv6Address> = []
    /// What was joined before is lost, or of another interface.
    private var areGroupsLost = true
    private var appliedInterest: UInt64?
    private var nextInterest: Instant?
    /// When what could not be set up is tried again; `nil` when all is in place.
    private var nextAttempt: Instant?
    private let receiveBuffer: Int
    private var interface: NetworkInterface?
    private var interestTrouble: String?
    private var groupTrouble: String?
    private var carrierTrouble: String?

    /// Why something of this link does not work; `nil` when all does.
    var trouble: String? {
        let all = [interestTrouble, groupTrouble, carrierTrouble].compactMap(\.self)
        return all.isEmpty ? nil : all.joined(separator: "; ")
    }

    init(
        _ configuration: LinkConfiguration, settings: PacketLoopSettings, chores: ChoreMailbox, at now: Instant
    ) throws(PacketSocketError) {
        (self.configuration, self.chores) = (configuration, chores)
        receiveBuffer = settings.receiveBuffer
        let index = configuration.interfaceIndex
        arp = try Self.openARP(on: index, receiveBuffer: settings.receiveBuffer)
        hello = try PacketSocket(
            etherType: .hello, interfaceIndex: index, filter: .all, receiveBuffer: settings.receiveBuffer)
        try hello.join(HelloFrame.groupAddress)
        core = Core(configuration, at: now)
        counters.receiveBuffer = hello.receiveBuffer
        openCarrier()
    }

    /// With a ring, or where the kernel gives none with a receive buffer: fewer questions may wait then.
    private static func openARP(on index: Int32, receiveBuffer: Int) throws(PacketSocketError) -> PacketSocket {
        do throws(PacketSocketError) {
            return try PacketSocket(etherType: .arp, interfaceIndex: index, filter: .none, ringSlots: arpSlots)
        } catch {
            guard error.step == .ring else { throw error }
            return try PacketSocket(
                etherType: .arp, interfaceIndex: index, filter: .none, receiveBuffer: receiveBuffer)
        }
    }

    /// ARP questions that may wait: those of 30 ms at the rate of a flood, in one megabyte. The kernel's receive buffer holds
    /// some 500 of them where `net.core.rmem_max` is as it came.
    private static var arpSlots: Int { 8192 }

    /// Whether the sockets are on an interface that exists; they never are again otherwise. The ARP socket is the first that
    /// is opened: where it is still attached, nothing that was opened by the same index later is elsewhere.
    var isAttached: Bool { arp.isAttached }

    /// Descriptors to wait for, in the order that ``PacketThread`` drains them.
    var descriptors: [(Int32, Source)] {
        var all: [(Int32, Source)] = [(arp.descriptor, .arp), (hello.descriptor, .hello)]
        if let descriptor = neighborDiscovery?.descriptor { all.append((descriptor, .neighborDiscovery)) }
        if let descriptor = carrierDescriptor { all.append((descriptor, .carrier)) }
        return all
    }

    var carrierDescriptor: Int32? { carrier?.descriptor }
    var sockets: [PacketSocket] { [arp, hello] + [neighborDiscovery].compactMap(\.self) }

    enum Source { case arp, neighborDiscovery, hello, carrier }

    /// Netlink knows the hardware address better than a configuration that was made before it changed.
    func configure(_ configuration: LinkConfiguration, at now: Instant) -> [LinkEffect] {
        var configuration = configuration
        if let current = interface?.hardwareAddress { configuration.hardwareAddress = current }
        self.configuration = configuration
        return core.configure(configuration, at: now)
    }

    func interfaceChanged(_ interface: NetworkInterface, at now: Instant) -> [LinkEffect] {
        if let before = self.interface, interface.hasIPv6Again(since: before) {
            areGroupsLost = true
            nextAttempt = now
        }
        self.interface = interface
        let hardwareAddress = interface.hardwareAddress ?? configuration.hardwareAddress
        configuration.hardwareAddress = hardwareAddress
        return core.interfaceChanged(
            hardwareAddress: hardwareAddress, isUp: interface.isUp && interface.hasCarrier, at: now)
    }

    // MARK: What must arrive

    /// When the filter must be made anew, or tried again; `nil` when it fits.
    var interestDeadline: Instant? { core.interestVersion == appliedInterest ? nextAttempt : nextInterest }

    /// Brings filters and group memberships up to date, as a rule at once: an address that is taken, and a filter that does
    /// not know it yet, is a gap. Changes that follow each other closely wait for at most 10 ms, and only so long that
    /// filters of thousands of addresses take no more than a fifth of the thread's time.
    /// What the kernel refuses is tried again after 5 s.
    /// - Parameter isUrgent: An address was just taken, and its claim goes out next: nothing is waited for.
    /// - Returns: whether the set of descriptors has changed.
    func applyInterest(at now: Instant, isUrgent: Bool = false) -> Bool {
        let isDue =
            core.interestVersion == appliedInterest
            ? nextAttempt.map { $0 <= now } ?? false : isUrgent || nextInterest.map { $0 <= now } ?? true
        guard isDue else { return false }
        appliedInterest = core.interestVersion
        defer { nextInterest = now + Self.spacing(after: KernelClock.monotonicNanoseconds() - now.nanoseconds) }
        let interest = core.interest
        let before = (neighborDiscovery != nil, carrier != nil)
        interestTrouble = nil
        if carrier == nil { openCarrier() }
        joinGroups(of: interest)
        let isInPlace = [fitARP(to: interest), fitNeighborDiscovery(to: interest), carrier != nil]
        nextAttempt = isInPlace.contains(false) ? now + .seconds(5) : nil
        return before != (neighborDiscovery != nil, carrier != nil)
    }

    /// - Returns: whether the kernel has taken a filter.
    private func fitARP(to interest: FrameInterest) -> Bool {
        let (targets, asked) = (interest.addresses.compactMap(\.v4), interest.askedHosts.compactMap(\.v4))
        let filters = Self.coarser.lazy.map {
            interest.isListening ? PacketFilter.all : .arp(targets: targets, askedHosts: asked, instructions: $0)
        }
        return attach(filters, to: arp)
    }

    /// - Returns: whether the kernel has taken a filter, or none is needed.
    private func fitNeighborDiscovery(to interest: FrameInterest) -> Bool {
        let (targets, asked) = (interest.addresses.compactMap(\.v6), interest.askedHosts.compactMap(\.v6))
        guard !targets.isEmpty || !asked.isEmpty || interest.isListening && !interest.expectedAddresses.isEmpty else {
            // Its filter would run on every IPv6 packet of the node. What it counted goes with it.
            takeKernelDrops()
            var sockets = [neighborDiscovery].compactMap(\.self)
            neighborDiscovery = nil
            chores.close(&sockets)
            return true
        }
        openNeighborDiscovery()
        guard let neighborDiscovery else { return false }
        let filters = Self.coarser.lazy.map {
            interest.isListening
                ? PacketFilter.anyNeighborDiscovery
                : .neighborDiscovery(targets: targets, askedHosts: asked, instructions: $0)
        }
        return attach(filters, to: neighborDiscovery)
    }

    private func joinGroups(of interest: FrameInterest) {
        let addresses = interest.addresses.compactMap(\.v6) + interest.expectedAddresses.compactMap(\.v6)
        let wanted = Set(addresses.map(\.solicitedNode))
        guard wanted != wantedGroups || areGroupsLost || counters.groupsFailed > 0 else { return }
        chores.want(wanted, on: configuration.interfaceIndex, anew: areGroupsLost)
        (wantedGroups, areGroupsLost) = (wanted, false)
    }

    /// Takes in what came of the groups that were wanted; what the kernel refuses is tried again after 5 s.
    func take(_ outcome: GroupOutcome, at now: Instant) {
        groupTrouble = outcome.error.map { "\(outcome.failed) solicited-node groups are not joined: \($0)" }
        (counters.groupsJoined, counters.groupsFailed) = (outcome.joined, outcome.failed)
        if outcome.failed > 0 { nextAttempt = nextAttempt ?? now + .seconds(5) }
    }

    /// From the start of one change of filters that took this long to the next.
    static func spacing(after nanoseconds: Int64) -> Interval {
        min(max(Interval(nanoseconds: nanoseconds) * 5, .milliseconds(1)), .milliseconds(10))
    }

    /// Instructions for a filter, tried in this order where the kernel's option memory is short.
    private static var coarser: [Int] { [PacketFilter.maximumInstructions, 1000, 250] }

    /// - Returns: whether the kernel takes one of them; the first will do.
    private func attach(_ filters: some Sequence<PacketFilter>, to socket: PacketSocket) -> Bool {
        var refusal: PacketSocketError?
        for filter in filters {
            do throws(PacketSocketError) {
                try socket.attach(filter)
                return true
            } catch {
                refusal = error
            }
        }
        if let refusal { interestTrouble = "\(refusal)" }
        return false
    }

    private func openNeighborDiscovery() {
        guard neighborDiscovery == nil else { return }
        do throws(PacketSocketError) {
            neighborDiscovery = try PacketSocket(
                etherType: .ipv6, interfaceIndex: configuration.interfaceIndex, filter: .none,
                receiveBuffer: receiveBuffer)
        } catch {
            interestTrouble = "\(error)"
        }
    }

    private func openCarrier() {
        do throws(PacketSocketError) {
            carrier = try CarrierSocket(
                interfaceIndex: configuration.interfaceIndex, port: HelloFrame.port, receiveBuffer: receiveBuffer)
            carrierTrouble = nil
        } catch {
            carrierTrouble = "no unicast carrier on port \(HelloFrame.port): \(error)"
        }
    }

    // MARK: Frames and reports

    /// The socket that a frame leaves by: the one of its EtherType, so that the kernel labels it right.
    func descriptor(for frame: [UInt8]) -> Int32 {
        guard frame.count >= EthernetHeader.length else { return arp.descriptor }
        switch EtherType(rawValue: frame.span.uint16(at: 12)) {
        case .arp: return arp.descriptor
        case .ipv6: return neighborDiscovery?.descriptor ?? arp.descriptor
        default: return hello.descriptor
        }
    }

    func takeKernelDrops() {
        let drops = [arp.takeDrops(), hello.takeDrops(), neighborDiscovery?.takeDrops(), carrier?.takeDrops()]
        for count in drops { counters.kernelDrops &+= UInt64(count ?? 0) }
    }

    /// The next datagram of the unicast carrier, as the frame that it came in; the sender's hardware address is gone.
    func receiveFromCarrier() -> [UInt8]? {
        guard let (payload, source) = carrier?.receive() else { return nil }
        let own = configuration.ownAddresses.first { $0.family == source.family } ?? source
        return UnicastCarrier.frame(payload, from: source, .zero, to: own, configuration.hardwareAddress) ?? []
    }
}

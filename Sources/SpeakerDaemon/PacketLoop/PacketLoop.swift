import Foundation
package import Link
package import MonotonicTime
package import Netlink
package import PacketSocket

/// The packet thread, seen from the rest of the process.
///
/// One plain thread serves all links: it waits for their sockets, netlink, its mailbox and the next deadline, answers
/// questions in batches, and hands everything else to the link's ``LinkCore``. Nothing that the control plane does can
/// delay it: configurations are put into a mailbox (the newest wins), and facts come back through one bounded stream.
/// Beside it, ``RouteThread`` tells of the default gateways, and ``ChoreThread`` does what takes the kernel long.
package final class PacketLoop<Core: LinkCore>: Sendable {
    /// What happened, oldest first. When nobody listens the oldest are lost; the next report makes up for them.
    package let events: AsyncStream<PacketEvent>
    private let continuation: AsyncStream<PacketEvent>.Continuation
    private let mailbox: PacketMailbox
    private let chores: ChoreMailbox
    private let choresEnd: WakeDescriptor
    private let routesEnd: WakeDescriptor
    private let settings: PacketLoopSettings
    /// A node's death can be 10,000 facts at once.
    private static var eventLimit: Int { 16384 }

    /// Opens nothing yet but the wake-up descriptors.
    package init(settings: PacketLoopSettings = PacketLoopSettings()) throws(PacketSocketError) {
        self.settings = settings
        (mailbox, chores) = (try PacketMailbox(), try ChoreMailbox())
        (choresEnd, routesEnd) = (try WakeDescriptor(), try WakeDescriptor())
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.eventLimit))
    }

    /// Starts the thread, in the network namespace of the caller.
    /// - Throws: what is missing to open packet sockets, or to read the interfaces, in words for the operator.
    package func start() throws {
        try PacketSocket.requireCapability()
        // Read once here, so that the first error is the caller's; the thread makes its own monitor.
        _ = try LinkMonitor.snapshot()
        let (mailbox, settings, continuation, routesEnd) = (mailbox, settings, continuation, routesEnd)
        let (chores, choresEnd) = (chores, choresEnd)
        Thread.detachNewThread { RouteThread(stop: routesEnd) { continuation.yield($0) }.run() }
        Thread.detachNewThread {
            ChoreThread(mailbox: chores) { index, outcome in mailbox.put { $0.groups[index] = outcome } }.run()
            choresEnd.signal()
        }
        Thread.detachNewThread {
            do {
                // Its sockets are closed by the end of this scope, before anybody hears of the end.
                var thread = PacketThread<Core>(mailbox: mailbox, chores: chores, settings: settings) {
                    continuation.yield($0)
                }
                thread.run()
            }
            routesEnd.signal()
            chores.stop()
            choresEnd.wait()
            continuation.finish()
            mailbox.threadEnded()
        }
    }

    /// Replaces the configuration of all links: new interfaces are opened, missing ones closed.
    package func configure(_ links: [LinkConfiguration]) { mailbox.put { $0.links = links } }

    /// Asks for a `report` of every link.
    package func requestReports() { mailbox.put { $0.wantsReports = true } }

    /// Tells the peers that this speaker restarts, answers on until they answer in its place, and ends the thread.
    package func handOver() async {
        mailbox.put { $0.isRestarting = true }
        await mailbox.waitForEnd()
    }

    /// Ends the thread and waits for that; every socket of a link is closed afterwards.
    package func stop() async {
        mailbox.put { $0.isStopping = true }
        await mailbox.waitForEnd()
    }
}

/// What a packet thread can be told at its start.
package struct PacketLoopSettings: Sendable, Hashable {
    /// Octets of receive buffer to ask the kernel for, per socket.
    package var receiveBuffer = 4 << 20
    /// Between two reports that nobody asked for.
    package var reportInterval: Interval = .seconds(10)
    /// Changes of other interfaces, as those of pods, are nobody's business.
    package var selection = LinkSelection()

    package init() {}
}

/// What the packet thread tells the control plane.
package enum PacketEvent: Sendable {
    case fact(LinkFact, link: String)
    case report(LinkReport, PacketCounters)
    /// The thread turns: with the reports, also when there is no link to report of.
    case pulse
    /// The node's interfaces, at the start and after every change of those that may be used.
    case network(NetworkState)
    /// The node's default gateways, at the start and after every change.
    case gateways(Set<Gateway>)
    /// What of a link's sockets could not be opened or changed, tried again while the link is configured; `nil` when all
    /// is in place. On change, and with the reports.
    case trouble(String?, link: String)
    /// Why netlink does not tell of the node's interfaces, tried again; `nil` when it does. On change, and with the reports.
    case netlink(problem: String?)
    /// Why netlink does not tell of the default gateways, tried again; `nil` when it does.
    case routes(problem: String?)

    /// The link that it is about.
    package var link: String? {
        switch self {
        case .fact(_, let link), .trouble(_, let link): link
        case .report(let report, _): report.interfaceName
        case .pulse, .network, .gateways, .netlink, .routes: nil
        }
    }
}

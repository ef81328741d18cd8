import MonotonicTime
import Netlink
import PacketSocket

/// Follows the default gateways, on a thread of its own: where a node has hundreds of thousands of routes, reading them
/// takes as long as peers wait for a Hello.
struct RouteThread {
    let stop: WakeDescriptor
    let tell: (PacketEvent) -> Void

    /// At most a fifth of a processor, however often the default routes change.
    private static let restFactor = 4

    /// Until `stop` is signalled.
    func run() {
        KernelThread.setName("routes")
        var monitor: RouteMonitor?
        var told: Set<Gateway>?
        while true {
            let began = KernelClock.monotonicNanoseconds()
            do throws(NetlinkError) {
                if monitor == nil { monitor = try RouteMonitor() } else { try monitor?.update() }
                tell(.routes(problem: nil))
            } catch {
                monitor = nil
                tell(.routes(problem: "cannot read the node's default routes from netlink: \(error.reason)"))
            }
            guard let descriptor = monitor?.descriptor, let gateways = monitor?.gateways else {
                if isStopped(within: .seconds(5)) { return }
                continue
            }
            if gateways != told {
                told = gateways
                tell(.gateways(gateways))
            }
            let rest = Interval(nanoseconds: KernelClock.monotonicNanoseconds() - began) * Self.restFactor
            if isStopped(within: rest) || isStopped(orReadable: descriptor) { return }
        }
    }

    private func isStopped(within interval: Interval) -> Bool {
        var waiting = PollSet()
        waiting.add(stop.descriptor)
        waiting.wait(nanoseconds: interval.nanoseconds)
        return waiting.isReady(0)
    }

    private func isStopped(orReadable descriptor: Int32) -> Bool {
        var waiting = PollSet()
        waiting.add(stop.descriptor)
        waiting.add(descriptor)
        waiting.wait(nanoseconds: -1)
        return waiting.isReady(0)
    }
}

import Link
import PacketSocket
import Synchronization

/// What the packet thread was told since it last looked.
struct PacketOrders: Sendable {
    /// `nil`: as before.
    var links: [LinkConfiguration]?
    /// What came of the groups that were wanted, by interface.
    var groups: [Int32: GroupOutcome] = [:]
    var wantsReports = false
    var isRestarting = false
    var isStopping = false
}

/// From the control plane and the thread of chores to the packet thread. The thread takes the lock once per ring, never per packet.
final class PacketMailbox: Sendable {
    private struct State: Sendable {
        var orders = PacketOrders()
        var hasEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    let signal: WakeDescriptor
    private let state = Mutex(State())

    init() throws(PacketSocketError) { signal = try WakeDescriptor() }

    func put(_ change: (inout PacketOrders) -> Void) {
        state.withLock { change(&$0.orders) }
        signal.signal()
    }

    func take() -> PacketOrders {
        signal.clear()
        return state.withLock { state in
            defer { state.orders = PacketOrders() }
            return state.orders
        }
    }

    func threadEnded() {
        let waiting = state.withLock { state in
            state.hasEnded = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiting.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}

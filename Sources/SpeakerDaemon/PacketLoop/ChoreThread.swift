import NetworkAddresses
import PacketSocket
import Synchronization

/// Does what the kernel takes its time for, on a thread of its own: nobody's question waits for it.
///
/// For each group that is joined or left the kernel goes through all that the interface is in, and older kernels wait for
/// whoever changes an interface meanwhile: thousands of groups take longer than peers wait for a Hello. A packet socket is
/// closed when every processor has let go of it.
struct ChoreThread {
    let mailbox: ChoreMailbox
    /// What came of the groups that were wanted on an interface.
    let tell: (Int32, GroupOutcome) -> Void

    /// Until the mailbox says so; closes everything then.
    func run() {
        KernelThread.setName("chores")
        var memberships: [Int32: GroupMembership] = [:]
        var waiting = PollSet()
        waiting.add(mailbox.signal.descriptor)
        while true {
            waiting.wait(nanoseconds: -1)
            var chores = mailbox.take()
            // Closed before the groups, which may take long.
            chores.sockets = []
            if chores.isStopping { return }
            for (index, wish) in chores.groups {
                // Closed first: leaving takes from the interface what was joined on it anew.
                if wish.isAnew { memberships[index] = nil }
                let membership = memberships[index] ?? GroupMembership(interfaceIndex: index)
                let (failed, error) = membership.set(wish.groups)
                memberships[index] = wish.groups.isEmpty ? nil : membership
                tell(index, GroupOutcome(joined: membership.count, failed: failed, error: error))
            }
        }
    }
}

/// How many solicited-node groups of a link are joined, and how many the kernel refuses, with its last reason.
struct GroupOutcome: Sendable {
    var joined: Int
    var failed: Int
    var error: PacketSocketError?
}

/// What the packet thread leaves to ``ChoreThread``.
final class ChoreMailbox: Sendable {
    struct Chores: Sendable {
        /// By interface: the newest wish counts.
        var groups: [Int32: Wish] = [:]
        /// Closed by whoever lets go of them.
        var sockets: [PacketSocket] = []
        var isStopping = false
    }

    struct Wish: Sendable {
        var groups: Set<IPv6Address>
        /// Whatever was joined before is of an interface that is gone, or has lost its groups.
        var isAnew: Bool
    }

    let signal: WakeDescriptor
    private let chores = Mutex(Chores())

    init() throws(PacketSocketError) { signal = try WakeDescriptor() }

    func want(_ groups: Set<IPv6Address>, on interfaceIndex: Int32, anew isAnew: Bool) {
        put { chores in
            let wasAnew = chores.groups[interfaceIndex]?.isAnew ?? false
            chores.groups[interfaceIndex] = Wish(groups: groups, isAnew: isAnew || wasAnew)
        }
    }

    /// Takes over sockets that nothing else holds.
    func close(_ sockets: inout [PacketSocket]) {
        guard !sockets.isEmpty else { return }
        put { chores in
            chores.sockets += sockets
            sockets = []
        }
    }

    func stop() { put { $0.isStopping = true } }

    func take() -> Chores {
        signal.clear()
        return chores.withLock { chores in
            defer { chores = Chores(isStopping: chores.isStopping) }
            return chores
        }
    }

    private func put(_ change: (inout Chores) -> Void) {
        chores.withLock { change(&$0) }
        signal.signal()
    }
}

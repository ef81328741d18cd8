import Glibc
import Netlink
import SpeakerDaemon
import Testing

@Suite(.enabled(if: Segment.isPossible, "needs root, for packet sockets"), .timeLimit(.minutes(2)))
struct DescriptorTests {
    /// In a process of its own: the limit is the process's.
    @Test(
        "threads that get no descriptor say so, and go on as soon as there are more"
    )
    func exhausted() async throws {
        await #expect(processExitsWith: .success) {
            // What the runtime's timers need is open before there is nothing left: it traps when it can't have that.
            try await Task.sleep(for: .milliseconds(1), clock: .continuous)
            try await Task.sleep(for: .milliseconds(1), clock: .suspending)
            var (isMissing, isThere) = (false, false)
            var routes: [String?] = []
            // A descriptor that another thread closes meanwhile is one more than was counted: then all is tried again.
            for _ in 0..<20 where !isMissing {
                let loop = try PacketLoop<Layer2Core>()
                var events = loop.events.makeAsyncIterator()
                // One at a time: enough for the checks at the start, too few for a monitor that reads a snapshot.
                let next = dup(0)
                close(next)
                let before = try Self.setDescriptorLimit(rlim_t(next + 1))
                try loop.start()
                var isTold = false
                routes = []
                while !isTold || routes.isEmpty, let event = await events.next() {
                    switch event {
                    case .netlink(problem: .some): (isMissing, isTold) = (true, true)
                    case .network: isTold = true
                    case .routes(let problem): routes = [problem]
                    default: break
                    }
                }
                _ = try Self.setDescriptorLimit(before)
                loop.configure([])
                while isMissing, !isThere || routes.last != .some(nil), let event = await events.next() {
                    switch event {
                    case .network(let state): isThere = !state.interfaces.isEmpty
                    case .routes(let problem): routes.append(problem)
                    default: break
                    }
                }
                await loop.stop()
            }
            #expect(isMissing && isThere)
            #expect(routes.first == "cannot read the node's default routes from netlink: Too many open files")
        }
    }

    /// - Returns: the limit before.
    private static func setDescriptorLimit(_ value: rlim_t) throws -> rlim_t {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        try #require(unsafe getrlimit(resource, &limit) == 0)
        let before = limit.rlim_cur
        limit.rlim_cur = value
        try #require(unsafe setrlimit(resource, &limit) == 0)
        return before
    }
}

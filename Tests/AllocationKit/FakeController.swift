package import ControllerDaemon
import MonotonicTime
package import Reconciliation

/// A controller beside ``FakeAPI``: it sees changes as late, and writes as late, as the test wants.
package final class FakeController {
    package private(set) var state: ControllerState
    private let api: FakeAPI
    private var cursor: Int
    /// Decided, but not sent yet: what a paused process has in its hands.
    package private(set) var held: [Work] = []
    /// The sentences of the Events that came with its writes.
    package private(set) var told: [String] = []

    package init(_ api: FakeAPI, policy: ControllerPolicy = ControllerPolicy()) {
        self.api = api
        state = ControllerState(policy: policy, watches: Set(Watch.allCases))
        cursor = api.log.count
        for list in api.lists { state.apply(list, at: api.now) }
    }

    package var planner: ControllerPlanner? { state.planner }

    package func lead() { state.becameLeader(at: api.now) }
    package func stopLeading() { state.lostLeadership() }

    /// - Parameter observe: sees each change before the controller does.
    package func deliver(observe: (ClusterChange, ControllerPlanner?) -> Void = { _, _ in }) {
        while cursor < api.log.count {
            let change = api.log[cursor]
            cursor += 1
            observe(change, state.planner)
            state.apply(change, at: api.now)
        }
    }

    /// Takes work without doing it.
    package func decide() {
        while let work = state.next(at: api.now) { held.append(work) }
    }

    package func performHeld() throws {
        while !held.isEmpty {
            let work = held.removeFirst()
            let result = try api.perform(work)
            if case .service(_, let write) = work, result == .written { told += write.events.map(\.message) }
            state.finished(work, result, at: api.now.instant)
        }
    }

    /// Works until nothing is left to do.
    /// - Returns: false when it never comes to rest.
    package func settle(observe: (ClusterChange, ControllerPlanner?) -> Void = { _, _ in }) throws -> Bool {
        for _ in 0..<60 {
            deliver(observe: observe)
            decide()
            guard !held.isEmpty || cursor < api.log.count else {
                // Chores are looked at once a second.
                api.advance(.milliseconds(1100))
                decide()
                if held.isEmpty { return true }
                continue
            }
            try performHeld()
        }
        return false
    }
}

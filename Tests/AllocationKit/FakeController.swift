package import ControllerDaemon
import KubernetesModel
import MonotonicTime
package import Reconciliation
import SeededRandom

/// A controller beside ``FakeAPI``: it sees changes as late, and writes as late, as the test wants.
package final class FakeController {
    package private(set) var state: ControllerState
    private let api: FakeAPI
    private var cursor: Int
    private var dice: SeededGenerator
    /// Decided, but not sent yet: what a paused process has in its hands.
    package private(set) var held: [Work] = []
    /// The sentences of the Events that came with its writes.
    package private(set) var told: [String] = []

    /// - Parameter seed: of the order in which its writes reach the API.
    package init(_ api: FakeAPI, policy: ControllerPolicy = ControllerPolicy(), seed: UInt64 = 0) {
        (self.api, dice) = (api, SeededGenerator(seed: seed))
        state = ControllerState(policy: policy, watches: Set(Watch.allCases))
        cursor = api.log.count
        for list in api.lists { state.apply(list, at: api.now) }
    }

    /// One that leads from the start.
    package static func leading(
        _ api: FakeAPI, policy: ControllerPolicy = ControllerPolicy(), seed: UInt64 = 0
    ) -> FakeController {
        let controller = FakeController(api, policy: policy, seed: seed)
        controller.lead()
        return controller
    }

    package var planner: ControllerPlanner? { state.planner }

    package func lead() {
        state.becameLeader()
        cursor = api.log.count
        for list in api.lists { state.apply(list, at: api.now) }
    }

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
        var taken: [Work] = []
        while let work = state.next(at: api.now) { taken.append(work) }
        // The order in which a set gives them out differs from run to run: a seed has to tell the same story again.
        held += taken.sorted { $0.subject < $1.subject }.shuffled(using: &dice)
    }

    /// - Parameter performed: called after each write.
    package func performHeld(performed: (Work) -> Void = { _ in }) throws {
        while !held.isEmpty {
            let work = held.removeFirst()
            let result = try api.perform(work)
            performed(work)
            if case .service(_, let write) = work, result == .written { told += write.events.map(\.message) }
            state.finished(work, result, at: api.now.instant)
        }
    }

    /// Works until nothing is left to do.
    /// - Returns: false when it never comes to rest.
    package func settle(
        observe: (ClusterChange, ControllerPlanner?) -> Void = { _, _ in }, performed: (Work) -> Void = { _ in }
    ) throws -> Bool {
        for _ in 0..<200 {
            deliver(observe: observe)
            decide()
            guard !held.isEmpty || cursor < api.log.count else {
                // Chores are looked at once a second.
                api.advance(.milliseconds(1100))
                decide()
                if held.isEmpty, !state.isRetrying { return true }
                if held.isEmpty { api.advance(state.idle(at: api.now.instant) ?? .seconds(1)) }
                continue
            }
            try performHeld(performed: performed)
        }
        return false
    }
}

extension Work {
    fileprivate var subject: String {
        switch self {
        case .service(let object, _): "service \(object.namespace ?? "")/\(object.name ?? "")"
        case .pool(let object, _): "pool \(object.name ?? "")"
        case .deleteAnnouncement(let key, _), .trimAnnouncement(let key, _): "announcement \(key)"
        }
    }
}

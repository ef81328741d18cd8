import KubernetesModel
import MonotonicTime
import Reconciliation

/// Keeps `Announced` as it is for a moment when a Service's announcers fall silent: at a failover one speaker's record
/// goes before the next one's comes, and nobody should be told that an address is lost which is not.
struct HandoverPause: Sendable {
    private struct Pause: Sendable {
        var end: Instant
        var isOver = false
    }

    private var pauses: [ObjectKey: Pause] = [:]

    /// Longer than a failover and the writes of both records.
    static let length = Interval.seconds(3)

    /// When the next pause ends.
    var nextEnd: Instant? { pauses.values.lazy.filter { !$0.isOver }.map(\.end).min() }

    /// The plan as it is to be written now.
    mutating func hold(_ plan: ServicePlan, for service: Service, at now: Instant) -> ServicePlan {
        guard let told = service.announced, plan.fallsSilent(service) else {
            pauses[service.key] = nil
            return plan
        }
        let pause = pauses[service.key] ?? Pause(end: now + Self.length)
        pauses[service.key] = pause
        guard now < pause.end else { return plan }
        var held = plan
        held.conditions?.announced.status = true
        held.conditions?.announced.reason = told.reason
        held.conditions?.announced.message = told.message
        return held
    }

    /// The Services whose pause has ended since the last call: to be looked at again.
    mutating func takeEnded(at now: Instant) -> [ObjectKey] {
        let ended = pauses.filter { !$0.value.isOver && $0.value.end <= now }.map(\.key)
        for key in ended { pauses[key]?.isOver = true }
        return ended
    }

    mutating func forget(_ key: ObjectKey) { pauses[key] = nil }
}

extension ServicePlan {
    /// Whether nobody says any more that the addresses are announced, which are the same as before.
    fileprivate func fallsSilent(_ service: Service) -> Bool {
        conditions?.announced.reason == "NotAnnounced" && isShown(in: service)
    }
}

extension Service {
    /// The status's `Announced`, if it is true.
    fileprivate var announced: Condition? {
        status?.conditions?.first { $0.type == ConditionType.announced && $0.status == .true }
    }
}

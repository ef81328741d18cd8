package import AddressPools
package import KubernetesModel
package import MonotonicTime
package import NetworkAddresses

/// What the cluster should look like, as far as the controller decides it: a value made from a ``ClusterSnapshot``.
package struct ControllerPlan: Sendable, Hashable {
    /// Every Service that has, or should have, something of Herald's in its status.
    package var services: [ObjectKey: ServicePlan]
    package var pools: [String: PoolPlan]
    /// What is left in ServiceL2Status of Services and nodes that are gone, and of speakers that have fallen silent.
    package var leftovers: [Leftover]

    /// Plans from scratch, as a controller does when it starts.
    package init(
        for snapshot: ClusterSnapshot, policy: ControllerPolicy, memory: ControllerMemory = ControllerMemory(),
        at now: PlanTime
    ) {
        self = ControllerPlanner(snapshot, policy: policy, memory: memory, at: now).plan
    }

    init(services: [ObjectKey: ServicePlan], pools: [String: PoolPlan], leftovers: [Leftover]) {
        (self.services, self.pools, self.leftovers) = (services, pools, leftovers)
    }
}

/// What an operator settles by flags.
package struct ControllerPolicy: Sendable, Hashable {
    /// Which Services are Herald's: those of this class, or those without one.
    package var loadBalancerClass: String?
    /// Where the ServiceL2Status objects are.
    package var namespace: String
    /// How long an address that a foreign host uses is chosen for nobody after a speaker last reported that host.
    package var conflictRetention: Interval = .seconds(600)

    package init(loadBalancerClass: String? = nil, namespace: String = "herald-system") {
        (self.loadBalancerClass, self.namespace) = (loadBalancerClass, namespace)
    }
}

/// One reading of both clocks: quarantine is counted on the monotonic one, records are stamped with the other.
package struct PlanTime: Sendable, Hashable {
    package var instant: Instant
    package var wall: Timestamp

    package init(instant: Instant, wall: Timestamp) { (self.instant, self.wall) = (instant, wall) }
}

/// What one Service should have.
package struct ServicePlan: Sendable, Hashable {
    /// In the order of `spec.ipFamilies`.
    package var addresses: [IPAddress]
    package var pool: String?
    /// `nil` when the Service is not Herald's (any more): its traces are removed.
    package var conditions: Conditions?

    package struct Conditions: Sendable, Hashable {
        package var allocated: Verdict
        package var announced: Verdict
    }

    /// A condition without its times.
    package struct Verdict: Sendable, Hashable {
        package var status: Bool
        package var reason: String
        package var message: String
    }
}

/// What became of one Service's request.
package enum AllocationOutcome: Sendable, Hashable {
    case satisfied
    /// The Service keeps what it has, but asks for something else.
    case kept(AllocationObstacle)
    case refused(AllocationObstacle)
}

package enum AllocationObstacle: Sendable, Hashable {
    case refusal(Refusal)
    case problem(RequestProblem)

    /// Whether a foreign host uses an address.
    var isDispute: Bool { if case .refusal(.addressConflict) = self { true } else { false } }

    package var code: String {
        switch self {
        case .refusal(let refusal): refusal.code
        case .problem(let problem): problem.code
        }
    }

    package var sentence: String {
        switch self {
        case .refusal(let refusal): refusal.sentence
        case .problem(let problem): problem.sentence
        }
    }
}

/// What of a Service's status another controller writes over.
package enum ContestedStatus: Sendable, Hashable {
    /// And what stands there instead.
    case addresses([String])
    /// Its conditions or its annotation.
    case marks
}

/// Why a Service's addresses are others than the status shows, for the Event that tells of the write.
package struct AllocationChange: Sendable, Hashable {
    package var choice: Fulfilment.Choice?
    package var lost: [Allocator.Loss] = []
}

/// What one pool's status should say.
package struct PoolPlan: Sendable, Hashable {
    package var ready: ServicePlan.Verdict
    package var v4: PoolUsage
    package var v6: PoolUsage
    package var conflicts: [IPAddressPool.Conflict]
}

/// Something to clear away.
package enum Leftover: Sendable, Hashable {
    /// A ServiceL2Status whose Service is gone, or is no load balancer any more.
    case object(ObjectKey)
    /// Entries of nodes that are gone, or whose speaker is silent: what is to remain.
    case entries(ObjectKey, remaining: [ServiceL2Status.Announced])
}

/// What the controller knows beyond the snapshot: its decisions that the API server may not show yet.
package struct ControllerMemory: Sendable, Equatable {
    package var decisions: [ObjectKey: Decision] = [:]
    package var quarantine = Quarantine()
    package var conflicts: [IPAddress: SeenConflict] = [:]
    /// `nil`: every speaker is given the whole hold.
    package var silence: SpeakerSilence?

    package init() {}

    package struct Decision: Sendable, Equatable {
        package var uid: String?
        package var addresses: [IPAddress]
        package var sharing: SharingTerms?
        /// The addresses in the Service's status when it was last looked at.
        package var seen: [IPAddress]
        /// What the Service had last of the families that it has nothing of now.
        package var last: [IPAddress] = []
    }
}

/// A foreign host that uses an address of a pool.
package struct SeenConflict: Sendable, Hashable {
    package var hardwareAddress: String
    package var seen: Timestamp
}

import ControllerDaemon
import KubernetesModel
import MonotonicTime
import Reconciliation
import SeededRandom

/// A random history of a small cluster, with what must hold after each step.
package struct AllocationHistory {
    package let seed: UInt64
    private var random: SeededGenerator
    private let api = FakeAPI()
    private var controller: FakeController
    package private(set) var violations: [String] = []
    package private(set) var trace: [String] = []
    /// Addresses that must not move in this step: those of Services that nobody touched.
    private var settledBefore: [ObjectKey: [String]] = [:]
    private var touchedService: ObjectKey?
    /// What somebody wrote into a status in this step.
    private var forged: [String] = []
    /// What each Service had last of each family, as far as this leader can know.
    private var had: [ObjectKey: [String]] = [:]
    /// Whether what was written before this step says nothing about what may be there after it.
    private var isFight = false

    package init(seed: UInt64) {
        (self.seed, random) = (seed, SeededGenerator(seed: seed))
        controller = .leading(api, seed: seed)
        api.put(
            Node(
                metadata: ObjectMeta(name: "n1"),
                status: .init(addresses: [.init(type: "InternalIP", address: "10.0.0.3")])))
    }

    package static let steps = 30

    /// Up to the first step after which a rule is broken.
    package mutating func run() {
        for _ in 0..<Self.steps where violations.isEmpty {
            settledBefore = addresses()
            (touchedService, forged, isFight) = (nil, [], false)
            do {
                try step()
                try settle()
                check()
            } catch {
                violations.append("\(error)")
            }
        }
    }

    /// The seed, what happened, and which rules it broke.
    package var report: String {
        let verdict = violations.isEmpty ? ["every rule held"] : violations.map { "BROKEN: \($0)" }
        return (["seed \(seed)"] + (trace + verdict).map { "    \($0)" }).joined(separator: "\n")
    }

    // MARK: What happens

    private mutating func step() throws {
        switch random.below(100) {
        case ..<34: putService()
        case ..<46: if let key = anyService() { note("delete \(key)"); api.deleteService(key); touchedService = key }
        case ..<60: putPool()
        case ..<64:
            let name = poolName()
            note("delete pool \(name)")
            api.deletePool(name)
        case ..<68: wipeOrForge()
        case ..<73: conflict()
        case ..<76: node()
        case ..<84: restart()
        case ..<93: try fight()
        default:
            let seconds = Int64(random.below(90))
            note("wait \(seconds) s")
            api.advance(.seconds(seconds))
        }
    }

    private mutating func note(_ text: String) { trace.append(text) }
    private func key(_ index: Int) -> ObjectKey {
        ObjectKey(namespace: index % 3 == 0 ? "red" : "default", name: "s\(index)")
    }
    private mutating func poolName() -> String { ["a", "b", "c"][random.below(3)] }
    private mutating func anyService() -> ObjectKey? {
        let keys = api.services.keys.sorted()
        return keys.isEmpty ? nil : keys[random.below(keys.count)]
    }

    private mutating func putService() {
        let key = key(random.below(9))
        var annotations: [String: String] = [:]
        if random.below(4) == 0 { annotations["lb.cluster.home/addresses"] = "10.0.0.\(random.below(10))" }
        if random.below(6) == 0 { annotations["lb.cluster.home/pool"] = poolName() }
        if random.below(2) == 0 { annotations["lb.cluster.home/sharing-key"] = ["k", "l"][random.below(2)] }
        let (families, policy) = [
            (["IPv4"], "SingleStack"), (["IPv4"], "SingleStack"), (["IPv6"], "SingleStack"),
            (["IPv4", "IPv6"], "PreferDualStack"), (["IPv6", "IPv4"], "RequireDualStack"),
        ][random.below(5)]
        let service = Service(
            metadata: ObjectMeta(
                name: key.name, namespace: key.namespace, labels: random.below(2) == 0 ? ["tier": "web"] : nil,
                annotations: annotations, finalizers: random.below(10) == 0 ? ["example.com/wait"] : nil),
            spec: .init(
                type: random.below(12) == 0 ? "ClusterIP" : "LoadBalancer",
                ports: [.init(protocol: "TCP", port: 80 + random.below(3))], selector: ["app": "web"],
                ipFamilies: families, ipFamilyPolicy: policy,
                externalTrafficPolicy: random.below(4) == 0 ? "Local" : "Cluster"))
        note("put \(key) \(service.spec?.type ?? "") \(annotations) \(policy) \(families)")
        api.put(service)
        touchedService = key
    }

    private mutating func putPool() {
        let name = poolName()
        let first = random.below(8)
        var entries = ["10.0.0.\(first)-10.0.0.\(first + random.below(4))"]
        if random.below(2) == 0 { entries.append("fd00::\(first)-fd00::\(first + random.below(3))") }
        let allocation: IPAddressPool.ServiceAllocation? =
            switch random.below(5) {
            case 0: .init(priority: random.below(3), namespaces: ["red"])
            case 1: .init(serviceSelectors: [.init(matchLabels: ["tier": "web"])])
            default: nil
            }
        let pool = IPAddressPool(
            metadata: ObjectMeta(name: name),
            spec: .init(addresses: entries, autoAssign: random.below(6) != 0, serviceAllocation: allocation))
        note(
            "put pool \(name) \(entries) auto \(pool.spec.autoAssign ?? true) \(allocation == nil ? "open" : "restricted")"
        )
        api.put(pool)
    }

    private mutating func wipeOrForge() {
        guard let key = anyService() else { return }
        forged = [[], ["10.0.0.\(random.below(10))"], ["203.0.113.1"]][random.below(3)]
        note("somebody writes \(forged) to \(key)")
        api.setStatus(key, addresses: forged)
        touchedService = key
    }

    private mutating func conflict() {
        guard let key = anyService() else { return }
        if random.below(2) == 0, let address = api.addresses(of: key).first {
            let isAnnounced = random.below(2) == 0
            note("conflict on \(address)\(isAnnounced ? ", which is announced" : "")")
            api.put(ServiceL2Status(conflictOf: key, address, "02:00:00:00:00:99", isAnnounced: isAnnounced))
        } else {
            api.deleteAnnouncement(ServiceL2Status(of: key, []).key)
        }
    }

    private mutating func node() {
        let node = Node(
            metadata: ObjectMeta(name: "n1"),
            status: .init(addresses: [.init(type: "InternalIP", address: "10.0.0.\(random.below(10))")]))
        note("node moves to \(node.status?.addresses?.first?.address ?? "")")
        api.put(node)
    }

    private mutating func restart() {
        note("restart")
        controller = .leading(api, seed: seed)
        had = [:]
    }

    /// A leader is paused with decisions in its hands; another one leads meanwhile; then the first one's writes arrive.
    private mutating func fight() throws {
        note("a paused leader writes late")
        let paused = controller
        putService()
        if random.below(2) == 0 { putPool() }
        paused.deliver()
        paused.decide()
        controller = .leading(api, seed: seed)
        if random.below(2) == 0 { controller.decide() }
        if random.below(2) == 0 { try paused.performHeld() }
        try controller.performHeld()
        try paused.performHeld()
        paused.stopLeading()
        // Everybody whose status both may have written.
        (settledBefore, isFight, had) = ([:], true, [:])
    }

    private mutating func settle() throws {
        var differences: [String] = []
        let now = api
        var known = Set(AllocationOracle(api).duplicates())
        var made: [String] = []
        injectFaults()
        defer { api.fault = { _ in nil } }
        let rests = try controller.settle(
            observe: { change, planner in
                guard var planner else { return }
                let memory = planner.memory
                var snapshot = planner.snapshot
                snapshot.apply(change.trimmed)
                planner.apply(change.trimmed, at: now.now)
                let full = ControllerPlan(for: snapshot, policy: planner.policy, memory: memory, at: now.now)
                if full != planner.plan { differences.append(Self.difference(full, planner.plan)) }
            },
            performed: { work in
                let found = Set(AllocationOracle(now).duplicates())
                // What was there before, by two leaders or by new terms of sharing, is nobody's doing here.
                made += found.subtracting(known).map { "\($0) since \(work)" }.sorted()
                known = found
            })
        if let first = made.first { violations.append(first) }
        if !rests { violations.append("the controller never comes to rest") }
        if let first = differences.first { violations.append("incremental differs from full: \(first)") }
    }

    /// Some writes conflict or are refused, and those of one Service for up to two minutes.
    private mutating func injectFaults() {
        let victim = random.below(3) == 0 ? anyService() : nil
        let end = api.now.instant + .seconds(Int64(random.below(120)))
        var dice = SeededGenerator(seed: random.next())
        let api = api
        if let victim { note("writes of \(victim) are refused") }
        api.fault = { [unowned api] work in
            if case .service(let object, _) = work,
                ObjectKey(namespace: object.namespace, name: object.name ?? "") == victim
            {
                return api.now.instant < end ? .failed : nil
            }
            return [nil, nil, nil, nil, nil, nil, .conflict, .failed][dice.below(8)]
        }
    }

    private static func difference(_ full: ControllerPlan, _ incremental: ControllerPlan) -> String {
        for key in Set(full.services.keys).union(incremental.services.keys).sorted()
        where full.services[key] != incremental.services[key] {
            return
                "\(key): full \(String(describing: full.services[key])) other \(String(describing: incremental.services[key]))"
        }
        return "pools: full \(full.pools) other \(incremental.pools)"
    }

    private func addresses() -> [ObjectKey: [String]] {
        api.services.mapValues(\.ingressTexts)
    }

    private mutating func rememberAddresses() {
        for (key, now) in addresses() {
            let last = key == touchedService ? [] : had[key] ?? []
            had[key] = now + last.filter { old in !now.contains { AllocationOracle.areAlike($0, old) } }
        }
        had = had.filter { api.services[$0.key] != nil }
    }

    // MARK: What must hold

    private mutating func check() {
        let oracle = AllocationOracle(api)
        violations += oracle.duplicates().map(\.description)
        violations += oracle.pendingThoughAllocatable()
        violations += oracle.moved(from: settledBefore, except: touchedService)
        violations += oracle.notGivenBack(had, before: settledBefore, except: touchedService)
        rememberAddresses()
        if !isFight { violations += oracle.assignedByRefused(since: settledBefore, except: forged) }
        let writes = api.writes
        let fresh = FakeController.leading(api, seed: seed)
        if (try? fresh.settle()) != true || api.writes != writes {
            let plans = (fresh.planner?.plan, controller.planner?.plan)
            let text = if let new = plans.0, let old = plans.1 { Self.difference(new, old) } else { "\(plans)" }
            violations.append("a new leader changes something: \(text)")
        }
    }
}

import AddressPools
import KubernetesModel
import MonotonicTime
import NetworkAddresses
import Reconciliation

/// `lbctl explain service NAME`: the daemons' own decisions about one Service, step by step, and what to do.
///
/// Nothing is decided here: the controller's planner and the speakers' plan are asked, on the same objects.
struct ServiceExplanation {
    private(set) var lines: [String] = []
    private var advice: [String] = []
    private let service: Service
    private let snapshot: ClusterSnapshot
    private let now: Timestamp
    private let heraldNamespace: String
    private let speakers: SpeakerStates
    /// Who is recorded to announce what of the Service.
    private let entries: [ServiceL2Status.Announced]

    /// nil when there is no such Service.
    init?(_ key: ObjectKey, in snapshot: ClusterSnapshot, heraldNamespace: String, now: Timestamp) {
        let policy = snapshot.policy
        guard let service = snapshot.services[key],
            let plan = SpeakerPlan.explain(key, in: snapshot, policy: policy)
        else { return nil }
        (self.service, self.snapshot, self.now, self.heraldNamespace) = (service, snapshot, now, heraldNamespace)
        speakers = SpeakerStates(snapshot, at: now)
        entries = ServiceView.entries(in: snapshot)[key] ?? []
        let planner = ControllerPlanner(
            snapshot,
            policy: ControllerPolicy(loadBalancerClass: policy.loadBalancerClass, namespace: heraldNamespace),
            at: PlanTime(instant: Instant(nanoseconds: 0), wall: now))
        let (state, _) = ServiceView.state(
            of: service, servedClass: policy.loadBalancerClass, ServiceView.announced(entries, of: service), speakers)
        let isLoadBalancer = service.spec?.type == "LoadBalancer"
        lines.append("Service \(key): \(isLoadBalancer ? state.text : "not a load balancer")")
        if let refusal = plan.refusal, refusal != .noAddress {
            lines += ["", refusal.sentence]
            advice.append(refusal.remedy)
        } else {
            allocation(key, planner)
            for address in plan.addresses { announcement(address) }
        }
        if advice.isEmpty {
            advice.append(
                "Nothing. If a client cannot reach it all the same, see on its LAN who answers: \(ProgramName.current) probe ADDRESS"
            )
        }
        lines += ["", "What to do"] + advice.uniqued().map { "  \($0)" }
    }

    // MARK: Allocation

    private mutating func allocation(_ key: ObjectKey, _ planner: ControllerPlanner) {
        lines += ["", "Allocation"]
        guard let request = planner.request(of: key), let outcome = planner.outcome(of: key) else {
            lines.append("  the controller does not count this Service among its own")
            return
        }
        lines.append("  asks for \(Self.wish(request))")
        for pool in snapshot.pools.values.sorted(by: { $0.key < $1.key }) {
            lines.append("  pool \(pool.metadata.name): \(verdict(of: pool, key, request, planner))")
        }
        switch outcome {
        case .satisfied:
            let message = planner.plan(for: key)?.conditions?.allocated.message ?? ""
            lines.append("  → \(message)")
            if let plan = planner.plan(for: key), Set(plan.addresses) != Set(service.ingressAddresses) {
                lines.append("  → the Service's status does not say so yet")
                advice.append(
                    "Wait for the controller, or see whether one leads: kubectl get lease -n \(heraldNamespace) \(HeraldObjects.controllerLease)"
                )
            }
        case .kept(let obstacle):
            lines.append("  → what it has is kept, but another request is not met: \(obstacle.sentence)")
            advice.append(obstacle.sentence)
        case .refused(let obstacle):
            lines.append("  → no address: \(obstacle.sentence)")
            advice.append(obstacle.sentence)
        }
        for loss in planner.change(of: key)?.lost ?? [] {
            lines.append("  → it loses \(loss.address): \(loss.refusal.sentence)")
            advice.append(loss.refusal.sentence)
        }
    }

    static func wish(_ request: AddressRequest) -> String {
        let families =
            switch request.families {
            case .single(let family): "one \(family.rawValue) address"
            case .preferBoth(let primary): "both families if one pool has both, \(primary.rawValue) first"
            case .requireBoth(let primary): "both families from one pool, \(primary.rawValue) first"
            }
        var text = families
        if !request.addresses.isEmpty {
            text = request.addresses.map(\.description).joined(separator: " and ") + " (\(families))"
        }
        if let pool = request.pool { text += ", from pool \(pool)" }
        if let sharing = request.sharing { text += ", shared under the key \"\(sharing.key)\"" }
        return text
    }

    /// Whether the pool holds the Service's addresses, or would serve it if it had to.
    private func verdict(
        of pool: IPAddressPool, _ key: ObjectKey, _ request: AddressRequest, _ planner: ControllerPlanner
    ) -> String {
        let name = pool.metadata.name
        if let held = planner.allocator.holdings[Holder(key)], held.pool == name {
            let isGiven = Set(held.addresses).isSubset(of: service.ingressAddresses)
            return "\(isGiven ? "has given" : "would give") it "
                + held.addresses.map(\.description).joined(separator: " and ")
        }
        if pool.spec.autoAssign == false, request.pool == nil, request.addresses.isEmpty {
            return "gives addresses only to Services that ask for it by name (autoAssign: false)"
        }
        if let wanted = request.pool, wanted != name { return "not asked for" }
        var (allocator, trial) = (planner.allocator, request)
        trial.pool = name
        let nobody = Holder(namespace: "", name: "")
        switch allocator.fulfil(trial, for: nobody, at: Instant(nanoseconds: 0)) {
        case .satisfied, .assigned:
            let next =
                allocator.holdings[nobody]?.addresses.map(\.description).joined(separator: " and ") ?? "an address"
            return "could give it \(next)"
        case .kept(let refusal), .refused(let refusal): return refusal.sentence
        }
    }

    // MARK: Announcement

    private mutating func announcement(_ address: SpeakerExplanation.Address) {
        lines += ["", "Announcement of \(address.text)"]
        if let pool = address.pool {
            if address.refusal == .serviceNotAdvertised(pool: pool) {
                lines.append("  pool \(pool)")
            } else {
                lines.append(
                    address.advertisements.isEmpty
                        ? "  pool \(pool); no L2Advertisement selects it, so every eligible node may announce it"
                        : "  pool \(pool), by L2Advertisement \(address.advertisements.joined(separator: ", "))")
            }
        }
        let choices = Set(address.nodes.filter { $0.verdict.weight != nil }.map(\.links))
        if let choice = choices.first, choices.count == 1 { lines.append("  on \(Self.links(choice))") }
        if !address.sharedWith.isEmpty {
            lines.append("  shared with \(address.sharedWith.map(\.description).joined(separator: ", "))")
            if address.isSharedApart {
                lines.append(
                    "  the sharing Services have no eligible node in common: the oldest one's nodes announce it")
                advice.append("Give the Services that share \(address.text) endpoints on a common node.")
            }
        }
        let entries = entries.filter { $0.address == address.text }
        for node in address.nodes {
            var line = "  node \(node.name): \(node.verdict.sentence)"
            if node.verdict.weight != nil {
                if choices.count > 1 { line += ", on \(Self.links(node.links))" }
                if let refusal = speakers.linkRefusal(node.name, node.links) { line += "; \(refusal)" }
            }
            let place = place(entries, node.name)
            if place.isEmpty, node.verdict.weight != nil, let silence = speakers.silence(node.name) {
                line += ", but \(silence)"
            }
            lines.append(line + place)
        }
        let announced = entries.filter(\.isAnnouncing)
        if let refusal = address.refusal {
            lines.append("  → not announced: \(refusal.sentence)")
            advice.append(
                refusal.remedy.replacing("NAMESPACE", with: service.key.namespace).replacing(
                    "NAME", with: service.metadata.name))
        } else if let conflict = entries.compactMap(\.conflict).first {
            let places = announced.map { "\($0.node) on \($0.interface)" }.joined(separator: " and ")
            lines.append(
                announced.isEmpty
                    ? "  → not announced: a foreign host (\(conflict)) uses the address"
                    : "  → announced by \(places), but a foreign host (\(conflict)) claims the address, too")
            advice.append(
                "Find the host with \(conflict) and give it another address, or: \(ProgramName.current) probe \(address.text)"
            )
        } else if announced.isEmpty {
            silence(address)
        } else {
            let silences = announced.map(\.node).uniqued().compactMap { node in
                speakers.silence(node).map { "node \(node): \($0)" }
            }
            let places = announced.map { "\($0.node) on \($0.interface)" }.joined(separator: " and ")
            guard !silences.isEmpty else {
                lines.append("  → announced by \(places)")
                return
            }
            lines.append("  → recorded as announced by \(places), but \(silences.joined(separator: "; "))")
            advice.append(
                "See who answers (another node may, in its place): \(ProgramName.current) probe \(address.text)")
            advice.append(
                "See the node and its speaker: kubectl get pods -n \(heraldNamespace) -l app.kubernetes.io/component=speaker -o wide"
            )
        }
    }

    static func links(_ choice: LinkChoice) -> String {
        let named = choice.named.sorted().joined(separator: ", ")
        let byDefault = "the links whose subnet has the address, or all if there is none"
        if choice.named.isEmpty { return byDefault }
        return choice.usesDefault ? "\(byDefault); and on \(named)" : "interface \(named), as the L2Advertisement says"
    }

    /// Nobody announces it though the plan has no objection of its own: is there a node, and does a speaker run there?
    private mutating func silence(_ address: SpeakerExplanation.Address) {
        let able = address.nodes.filter { $0.verdict.weight != nil }
        guard !able.isEmpty else {
            lines.append("  → not announced: no node may")
            for node in address.nodes {
                if case .refused(let refusal) = node.verdict { advice.append("Node \(node.name): \(refusal.remedy).") }
            }
            return
        }
        let running = able.filter { speakers.state($0.name).isRunning }
        let ready = running.filter { speakers.linkRefusal($0.name, $0.links) == nil }
        func names(_ nodes: [SpeakerExplanation.Node]) -> String { nodes.map(\.name).joined(separator: ", ") }
        if running.isEmpty {
            lines.append("  → not announced: no speaker runs on \(names(able))")
            advice.append("Start them: kubectl rollout status daemonset/herald-speaker -n \(heraldNamespace)")
        } else if ready.isEmpty {
            lines.append("  → not announced: no link for it on \(names(running))")
            let named = running.reduce(into: Set<String>()) { $0.formUnion($1.links.named) }
            advice.append(
                named.isEmpty
                    ? "See why their interfaces are down, or are left out by the speakers' --interfaces and --exclude-interfaces."
                    : "Correct interfaces (\(named.sorted().joined(separator: ", "))) of L2Advertisement \(address.advertisements.joined(separator: ", ")); `\(ProgramName.current) speakers` lists the links. If a node should have it, see that it is up, and not left out by the speakers' --interfaces or --exclude-interfaces."
            )
        } else {
            lines.append("  → not announced yet, though \(names(ready)) could")
            advice.append(
                "Wait a second. If it lasts, look at the speakers' logs: kubectl logs -n \(heraldNamespace) -l app.kubernetes.io/component=speaker"
            )
        }
    }

    private func place(_ entries: [ServiceL2Status.Announced], _ node: String) -> String {
        guard let entry = entries.first(where: { $0.node == node && $0.isAnnouncing }) else { return "" }
        let since = entry.since.map { " for \(Age.text(since: $0, now: now))" } ?? ""
        let silence = speakers.silence(node).map { ", but \($0)" } ?? ""
        return "; announces it on \(entry.interface)\(entry.hardwareAddress.map { " (\($0))" } ?? "")\(since)\(silence)"
    }
}

import KubernetesModel
import Reconciliation
import Testing

/// One row of the table in docs/allocation.md: what happens, and what the Services have then.
struct AllocationCase: Sendable, CustomTestStringConvertible {
    /// A sentence about what is asked for.
    var title: String
    var steps: [Step]
    /// What MetalLB does instead, when it differs, and why Herald does not.
    var metallb: String?
    /// The cluster's own Services have IPv4 only.
    var isSingleStack: Bool

    init(_ title: String, metallb: String? = nil, isSingleStack: Bool = false, _ steps: [Step]) {
        (self.title, self.steps, self.metallb, self.isSingleStack) = (title, steps, metallb, isSingleStack)
    }

    var testDescription: String { title }

    enum Step: Sendable {
        case pool(IPAddressPool)
        case deletePool(String)
        case service(Service)
        /// With a finalizer, the Service is only marked.
        case delete(String)
        case node(Node)
        case serviceRange(ServiceCIDR)
        case namespace(Namespace)
        /// Somebody else writes the Service's status: addresses, or host names.
        case status(String, [String])
        /// A speaker reports that a foreign host uses the address, which it announces itself, or else has not begun to.
        case conflict(String, String, hardwareAddress: String, isAnnounced: Bool = false)
        /// Another controller starts, for Services of this class.
        case restart(loadBalancerClass: String?)
        case expect(String, Expectation)
    }

    struct Expectation: Sendable, Hashable {
        /// All entries of the status, host names too.
        var addresses: [String]
        var pool: String?
        /// Of the condition Allocated.
        var reason: String

        static func has(_ addresses: String..., from pool: String) -> Expectation {
            Expectation(addresses: addresses, pool: pool, reason: "Allocated")
        }

        static func keeps(_ addresses: String..., from pool: String, reason: String) -> Expectation {
            Expectation(addresses: addresses, pool: pool, reason: reason)
        }

        static func none(_ reason: String) -> Expectation { Expectation(addresses: [], pool: nil, reason: reason) }
    }

    /// The row of the table.
    var row: String {
        let results = steps.compactMap { step -> String? in
            guard case .expect(let service, let expectation) = step else { return nil }
            let what = expectation.addresses.isEmpty ? "nothing" : expectation.addresses.joined(separator: ", ")
            let pool = expectation.pool.map { " (\($0))" } ?? ""
            return "`\(service)`: \(what)\(pool), \(expectation.reason)"
        }
        return "| \(title) | \(results.joined(separator: "<br>")) | \(metallb ?? "same") |"
    }
}

// MARK: Builders

typealias Step = AllocationCase.Step

extension AllocationCase.Step {
    static var restart: Self { .restart(loadBalancerClass: nil) }

    static func pool(
        _ name: String, _ addresses: String..., auto: Bool = true, avoidBuggy: Bool = false,
        allocation: IPAddressPool.ServiceAllocation? = nil
    ) -> Self {
        .pool(
            IPAddressPool(
                metadata: ObjectMeta(name: name),
                spec: .init(
                    addresses: addresses, autoAssign: auto, avoidBuggyIPs: avoidBuggy, serviceAllocation: allocation)))
    }

    static func service(
        _ name: String, _ annotations: [String: String] = [:], namespace: String = "default",
        ports: [Int] = [80], families: [String] = ["IPv4"], policy: String = "SingleStack",
        _ adjust: (inout Service) -> Void = { _ in }
    ) -> Self {
        var service = Service(
            metadata: ObjectMeta(name: name, namespace: namespace, annotations: annotations),
            spec: .init(
                type: "LoadBalancer", ports: ports.map { .init(name: "p\($0)", protocol: "TCP", port: $0) },
                selector: ["app": name], ipFamilies: families, ipFamilyPolicy: policy))
        adjust(&service)
        return .service(service)
    }

    static func node(_ name: String, _ address: String, podCIDRs: [String] = []) -> Self {
        .node(
            Node(
                metadata: ObjectMeta(name: name), spec: .init(podCIDRs: podCIDRs),
                status: .init(addresses: [.init(type: "InternalIP", address: address)])))
    }

    static func serviceRange(_ name: String, _ range: String) -> Self {
        .serviceRange(ServiceCIDR(metadata: ObjectMeta(name: name), spec: .init(cidrs: [range])))
    }

    static func namespace(_ name: String, _ labels: [String: String]) -> Self {
        .namespace(Namespace(metadata: ObjectMeta(name: name, labels: labels)))
    }
}

import KubernetesModel
import Logging
import MonotonicTime
import ServiceLifecycle
import Synchronization
import Testing

@testable import KubernetesClient

@Suite("Client contract: leases", .serialized, .timeLimit(.minutes(ContractServer.minutes)))
struct ClientContractLeaseTests {
    /// A deadline that a renewal meets on a busy machine, too: whoever misses it loses the Lease, as is right.
    static let timing = LeaderElectionTiming(
        leaseDuration: .seconds(10), renewDeadline: .seconds(8), retryPeriod: .milliseconds(300))

    /// Who leads, and whether ever two did.
    final class Throne: Sendable {
        struct State {
            var leaders: Set<String> = []
            var reigns: [String] = []
            var hadTwo = false
            var doomed: Set<String> = []
            /// Whether the one that left last could still act as the leader.
            var leftLeading = false
        }
        private let state = Mutex(State())
        var current: State { state.withLock { $0 } }

        func enter(_ name: String) {
            state.withLock { state in
                state.leaders.insert(name)
                state.reigns.append(name)
                if state.leaders.count > 1 { state.hadTwo = true }
            }
        }
        func doom(_ name: String) { state.withLock { _ = $0.doomed.insert(name) } }
        func leave(_ name: String) {
            state.withLock { state in
                state.leftLeading = LeaderElector.isLeading()
                state.leaders.remove(name)
            }
        }

        func wait(_ condition: (State) -> Bool) async throws {
            for _ in 0..<2000 where !condition(current) { try await Task.sleep(for: .milliseconds(20)) }
            try #require(condition(current))
        }
    }

    static func candidate(
        _ name: String, _ contract: ContractServer, _ throne: Throne, _ client: APIClient? = nil,
        timing: LeaderElectionTiming = ClientContractLeaseTests.timing
    ) async throws {
        let elector = LeaderElector(
            client ?? contract.client, namespace: "contract", name: "leader", identity: name, timing: timing)
        try await elector.run {
            throne.enter(name)
            defer { throne.leave(name) }
            try await Task.sleep(for: .seconds(600))
        }
    }

    @Test("of three candidates one leads; when it dies another takes over, and never two lead")
    func fight() async throws {
        try await ContractServer.run { contract in
            let throne = Throne()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["a", "b", "c"] {
                    group.addTask {
                        try await withThrowingTaskGroup(of: Void.self) { inner in
                            inner.addTask { try await Self.candidate(name, contract, throne) }
                            inner.addTask {
                                while !throne.current.doomed.contains(name) {
                                    try await Task.sleep(for: .milliseconds(20))
                                }
                            }
                            // A death: cancelled, hence without a release.
                            try await inner.next()
                            inner.cancelAll()
                        }
                    }
                }
                for round in 1...3 {
                    try await throne.wait { $0.reigns.count >= round && $0.leaders.count == 1 }
                    let leader = try #require(throne.current.leaders.first)
                    let lease = try await contract.client.get(Lease.self, name: "leader", namespace: "contract")
                    #expect(lease.spec?.holderIdentity == leader)
                    throne.doom(leader)
                    try await throne.wait { !$0.leaders.contains(leader) }
                }
                try await group.waitForAll()
            }
            #expect(Set(throne.current.reigns) == ["a", "b", "c"])
            #expect(!throne.current.hadTwo)
            let lease = try await contract.client.get(Lease.self, name: "leader", namespace: "contract")
            #expect(lease.spec?.leaseTransitions == 2)
        }
    }

    @Test("a leader renews while other requests fill the client's gate and use up its rate")
    func fullGate() async throws {
        try await ContractServer.run { contract in
            let busy = try ContractTransport.client(
                url: contract.url, authority: contract.authorityPEM, credentials: .token(contract.adminToken),
                limits: RequestLimits(rate: 0.001, burst: 1, concurrency: 1))
            try await busy.closing { busy in
                _ = try await busy.gate.enter()
                let throne = Throne()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await Self.candidate("a", contract, throne, busy) }
                    try await throne.wait { $0.leaders == ["a"] }
                    let first = try await contract.client.get(Lease.self, name: "leader", namespace: "contract")
                    var renewed = first
                    for _ in 0..<1000 where renewed.spec?.renewTime == first.spec?.renewTime {
                        try await Task.sleep(for: .milliseconds(20))
                        renewed = try await contract.client.get(Lease.self, name: "leader", namespace: "contract")
                    }
                    #expect(renewed.spec?.renewTime != first.spec?.renewTime)
                    #expect(throne.current.reigns == ["a"] && throne.current.leaders == ["a"])
                    group.cancelAll()
                    try? await group.waitForAll()
                }
                busy.gate.leave()
            }
        }
    }

    /// Takes its time for every request.
    struct SlowTransport: APITransport {
        let transport: any APITransport
        let delay: Duration

        func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
            do { try await Task.sleep(for: delay) } catch { throw .cancelled }
            return try await transport.send(request)
        }

        func makeWatchChannel() -> any WatchChannel { transport.makeWatchChannel() }
        func shutdown() async {}
    }

    @Test("an API server that takes a fifth of the renew deadline for each answer has a leader, who stays one")
    func slow() async throws {
        try await ContractServer.run { contract in
            let fast = contract.client
            let slow = try APIClient(fast.configuration, selection: fast.selection, limits: RequestLimits()) { _ in
                SlowTransport(transport: fast.transport, delay: .milliseconds(1400))
            }
            let throne = Throne()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let timing = LeaderElectionTiming(
                        leaseDuration: .seconds(10), renewDeadline: .seconds(7), retryPeriod: .seconds(1))
                    try await Self.candidate("a", contract, throne, slow, timing: timing)
                }
                try await throne.wait { $0.leaders == ["a"] }
                let first = try await fast.get(Lease.self, name: "leader", namespace: "contract")
                try await Task.sleep(for: .seconds(9))
                let last = try await fast.get(Lease.self, name: "leader", namespace: "contract")
                #expect(last.spec?.renewTime != first.spec?.renewTime && throne.current.reigns == ["a"])
                group.cancelAll()
                try? await group.waitForAll()
            }
        }
    }

    @Test("a leader cut off from the API server stops before others may take over, and leads again after")
    func cutOff() async throws {
        try await ContractServer.run { contract in
            let throne = Throne()
            var timing = Self.timing
            timing.leaseDuration = .seconds(15)
            try await withThrowingTaskGroup(of: Void.self) { [timing] group in
                group.addTask { try await Self.candidate("a", contract, throne, timing: timing) }
                try await throne.wait { $0.leaders == ["a"] }
                let clock = ContinuousClock()
                let start = clock.now
                try await contract.pause()
                try await throne.wait { $0.leaders.isEmpty }
                #expect(clock.now - start < timing.leaseDuration.duration)
                #expect(!throne.current.leftLeading)
                try await contract.resume()
                try await throne.wait { $0.leaders == ["a"] }
                group.cancelAll()
                try? await group.waitForAll()
            }
        }
    }

    @Test("a request that gets its turn when leading is over is not sent")
    func late() async throws {
        final class Reign: Sendable {
            let isOver = Mutex(false)
        }
        try await ContractServer.run { contract in
            let slow = try ContractTransport.client(
                url: contract.url, authority: contract.authorityPEM, credentials: .token(contract.adminToken),
                limits: RequestLimits(rate: 1, burst: 1))
            try await slow.closing { slow in
                let reign = Reign()
                try await LeaderElector.$reign.withValue(LeaderElector.Reign { reign.isOver.withLock { !$0 } }) {
                    func create(_ name: String) async throws(APIError) {
                        try await slow.submit(Lease(metadata: ObjectMeta(name: name, namespace: "contract")))
                    }
                    try await create("in-time")
                    async let end: Void = {
                        try await Task.sleep(for: .milliseconds(200))
                        reign.isOver.withLock { $0 = true }
                    }()
                    // The rate holds it back for a second.
                    await #expect { try await create("late") } throws: { ($0 as? APIError)?.isCancelled == true }
                    try await end
                }
            }
            let leases = try await contract.client.list(Lease.self, namespace: "contract").items
            #expect(leases.map(\.metadata.name) == ["in-time"])
        }
    }

    struct Candidate: ServiceLifecycle.Service {
        let contract: ContractServer
        let throne: Throne

        func run() async throws { try await ClientContractLeaseTests.candidate("a", contract, throne) }
    }

    @Test("a leader whose last renewal failed gives the lease up at shutdown all the same")
    func shutdownAfterFailure() async throws {
        try await ContractServer.run { contract in
            let throne = Throne()
            let services = ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [Candidate(contract: contract, throne: throne)], logger: Logger(label: "test")))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await services.run() }
                try await throne.wait { $0.leaders == ["a"] }
                try await contract.pause()
                // One renewal is given up after a third of the renew deadline.
                try await Task.sleep(for: .milliseconds(4500))
                await services.triggerGracefulShutdown()
                try await throne.wait { $0.leaders.isEmpty }
                try await contract.resume()
                try await group.waitForAll()
            }
            let lease = try await contract.client.get(Lease.self, name: "leader", namespace: "contract")
            #expect(lease.spec?.holderIdentity == "")
        }
    }
}

import FoundationEssentials
import KubernetesModel
import NetworkAddresses
import ObjectStore
import Synchronization

/// The store with everything that depends on it (served kinds, allocations, access policy, watchers), behind one lock.
///
/// Every step inside the lock is synchronous and short; text is assembled outside, from immutable versions.
final class Cluster: Sendable {
    struct State: Sendable {
        var store: ObjectStore
        var registry: Registry
        var allocator: ServiceAllocator
        var policy: AccessPolicy?
        var watchers: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
        var nextWatcher = 0

        /// What follows from objects that were read from elsewhere. History is not taken over: watches must list again.
        init(restored: ObjectStore, ranges: [IPPrefix]) {
            store = restored
            store.compact()
            allocator = ServiceAllocator(ranges: ranges)
            for service in store.values("services") { allocator.claim(service) }
            registry = Registry(customResourceDefinitions: store.values(CustomResources.storage))
            for definition in registry.all where definition.secondsToLive != nil { store.resumeExpiry(of: definition) }
        }
    }

    private let state: Mutex<State>
    private let journal: Journal?
    private let ranges: [IPPrefix]

    init(configuration: APIServerConfiguration, journal: Journal?) throws {
        self.journal = journal
        var store = ObjectStore(logLimit: configuration.historyLimit)
        try journal?.replay(into: &store)
        ranges = configuration.serviceRanges.compactMap { IPPrefix($0) }
        state = Mutex(State(restored: store, ranges: ranges))
        try bootstrap()
        try journal?.rewrite(read { $0.store.snapshot() }, version: read { $0.store.version })
    }

    /// Reads one consistent state.
    func read<Value: Sendable, Failure: Error>(_ body: (inout State) throws(Failure) -> Value) throws(Failure) -> Value
    {
        try state.withLock { (state) throws(Failure) -> Value in try body(&state) }
    }

    /// Changes the store; what it writes is journalled and announced to watchers before anybody else can read it.
    ///
    /// Once the journal could not be written, this change and all that follow are refused: nothing is confirmed that a
    /// restart would lose.
    func write(_ body: (inout State) throws(APIFailure) -> WriteOutcome) throws(APIFailure) -> WriteOutcome {
        try state.withLock { (state) throws(APIFailure) -> WriteOutcome in
            try checkJournal()
            let outcome = try body(&state)
            settle(&state)
            try checkJournal()
            return outcome
        }
    }

    private func checkJournal() throws(APIFailure) {
        guard let failure else { return }
        throw APIFailure(
            code: 500, reason: "InternalError",
            message: "Internal error occurred: the data directory cannot be written (\(failure)); "
                + "no change is taken until the server is started again")
    }

    /// Removes what has outlived its time.
    func expire(at now: Timestamp) {
        state.withLock { state in
            guard failure == nil else { return }
            state.store.expire(at: now)
            settle(&state)
        }
    }

    /// Makes durable and known what the last calls into the store did.
    private func settle(_ state: inout State) {
        let entries = state.store.takeJournal()
        guard !entries.isEmpty else { return }
        journal?.append(entries)
        if let journal, journal.needsRewrite {
            try? journal.rewrite(state.store.snapshot(), version: state.store.version)
        }
        for storage in Set(entries.map(\.storage)) {
            if AccessPolicy.storages.contains(storage) { state.policy = nil }
            if storage == CustomResources.storage {
                state.registry = Registry(customResourceDefinitions: state.store.values(storage))
            }
            for continuation in (state.watchers[storage] ?? [:]).values { continuation.yield() }
        }
    }

    // MARK: Watchers

    /// A signal after every change of a collection; readers fetch the changes themselves, so nothing queues up.
    func signals(_ storage: String) -> (id: Int, stream: AsyncStream<Void>, end: AsyncStream<Void>.Continuation) {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[storage, default: [:]][state.nextWatcher] = continuation
            return state.nextWatcher
        }
        return (id, stream, continuation)
    }

    func removeWatcher(_ storage: String, _ id: Int) {
        state.withLock { _ = $0.watchers[storage]?.removeValue(forKey: id) }
    }

    /// Wakes all watchers, so that each looks at the state of the server again.
    func wakeWatchers() {
        state.withLock { state in
            for continuations in state.watchers.values {
                for continuation in continuations.values { continuation.yield() }
            }
        }
    }

    func endWatches() {
        state.withLock { state in
            for continuations in state.watchers.values {
                for continuation in continuations.values { continuation.finish() }
            }
            state.watchers.removeAll()
        }
    }

    func compact() {
        state.withLock { $0.store.compact() }
        wakeWatchers()
    }

    /// Goes back to objects and versions as they were.
    func restore(_ store: ObjectStore) throws {
        try state.withLock { state in
            let (watchers, nextWatcher) = (state.watchers, state.nextWatcher)
            state = State(restored: store, ranges: ranges)
            (state.watchers, state.nextWatcher) = (watchers, nextWatcher)
            try journal?.rewrite(state.store.snapshot(), version: state.store.version)
        }
        wakeWatchers()
    }

    /// Why objects are no longer safe on disk, if so.
    var failure: String? { journal?.failure }

    /// Gives the data directory free; no change is taken any more.
    func close() { journal?.close() }

    // MARK: Access

    func allows(_ request: AccessRequest, by user: User) -> Bool {
        policy().allows(request, by: user)
    }

    func policy() -> AccessPolicy {
        state.withLock { state in
            if let policy = state.policy { return policy }
            let policy = AccessPolicy(state.store)
            state.policy = policy
            return policy
        }
    }

    // MARK: First start

    /// Namespaces, roles and the API server's own Service, as in every new cluster.
    private func bootstrap() throws {
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            try ensure("", "v1", "namespaces", ["metadata": ["name": .string(name)]])
        }
        for (plural, object) in AccessPolicy.bootstrap { try ensure(AccessPolicy.group, "v1", plural, object) }
        for name in ["system-cluster-critical", "system-node-critical"] {
            let value: Int64 = name == "system-node-critical" ? 2_000_001_000 : 2_000_000_000
            try ensure(
                "scheduling.k8s.io", "v1", "priorityclasses",
                ["metadata": ["name": .string(name)], "value": .integer(value)])
        }
        let ranges = read { state in state.allocator.families.compactMap { state.allocator.range($0) } }
        if !ranges.isEmpty {
            try ensure(
                "networking.k8s.io", "v1", "servicecidrs",
                [
                    "metadata": ["name": "kubernetes"],
                    "spec": ["cidrs": .array(ranges.map { .string("\($0)") })],
                ])
        }
        guard let first = read({ $0.allocator.families.first.flatMap($0.allocator.range) }),
            let address = first.first.successor
        else { return }
        try ensure(
            "", "v1", "services",
            [
                "metadata": [
                    "name": "kubernetes", "namespace": "default",
                    "labels": ["component": "apiserver", "provider": "kubernetes"],
                ],
                "spec": [
                    "type": "ClusterIP", "clusterIP": .string("\(address)"),
                    "ports": [["name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443]],
                ],
            ])
    }

    private func ensure(_ group: String, _ version: String, _ plural: String, _ object: JSONValue) throws {
        guard let definition = read({ $0.registry.definition(group, version, plural) }),
            let name = object.at("metadata", "name")?.string
        else { return }
        let key = ObjectKey(namespace: object.at("metadata", "namespace")?.string, name: name)
        guard read({ $0.store.value(definition.storage, key) }) == nil else { return }
        let request = WriteRequest(
            definition, key, manager: "kube-apiserver", now: Clock.now, uid: UUID().uuidString.lowercased())
        _ = try create(object, request)
    }
}

/// The wall clock, for the timestamps of objects.
enum Clock {
    static var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
    static var seconds: Int64 { Int64(Date().timeIntervalSince1970) }
}

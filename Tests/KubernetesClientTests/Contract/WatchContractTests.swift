import EmbeddedAPIServer
import KubernetesClient
import KubernetesModel
import MonotonicTime
import Testing

@Suite("Client contract: watches", .serialized, .timeLimit(.minutes(ContractServer.minutes)))
struct ClientContractWatchTests {
    @Test("a reflector lists, then follows every change once, in order")
    func follows() async throws {
        try await ContractServer.run { contract in
            for index in 0..<5 { try await contract.put("s\(index)") }
            try await whileReflecting(contract.client) { recorder in
                try await recorder.wait("the list") { $0.lists == 1 && $0.services.count == 5 }
                try await contract.put("s0", revision: 1)
                try await contract.put("new")
                try await contract.client.delete(Service.self, name: "s1", namespace: "contract")
                try await recorder.wait("the changes") { $0.deleted == 1 && $0.applied >= 2 && $0.services.count == 5 }
                #expect(recorder.revision("s0") == "1")
                #expect(recorder.current.repeated.isEmpty && recorder.current.problems.isEmpty)
            }
        }
    }

    @Test("a watch that the server ends at its time is resumed without a list, a loss or a repetition")
    func resumes() async throws {
        try await ContractServer.run { contract in
            try await contract.put("a")
            try await whileReflecting(contract.client, pace: WatchPace(seconds: 1...1)) { recorder in
                try await recorder.wait("the list") { $0.lists == 1 }
                for revision in 1...40 {
                    try await contract.put("a", revision: revision)
                    try await Task.sleep(for: .milliseconds(80))
                }
                try await recorder.wait("the last revision") { _ in recorder.revision("a") == "40" }
                let state = recorder.current
                #expect(state.lists == 1 && state.repeated.isEmpty && state.problems.isEmpty)
                #expect(state.applied == 40)
            }
        }
    }

    @Test("a quiet watch proves its life at its pace")
    func freshness() async throws {
        try await ContractServer.run { contract in
            try await whileReflecting(contract.client, pace: WatchPace(seconds: 1...1)) { recorder in
                // A loaded machine takes its time for the first connection; the pace is that of the watch from there.
                try await recorder.wait("the proofs of life") { $0.alive.count >= 5 }
                let alive = recorder.current.alive
                let gaps = zip(alive, alive.dropFirst()).map { ($1 - $0).seconds }
                #expect((gaps.max() ?? 100) < 5)
            }
        }
    }

    @Test(
        "connections that are cut again and again lose and repeat nothing",
        .disabled(
            if: ContractServer.isReal, "a real API server cannot be told to cut connections: see the proxy's faults"))
    func cuts() async throws {
        try await ContractServer.run { contract in
            try await contract.put("a")
            try await whileReflecting(contract.client) { recorder in
                try await recorder.wait("the list") { $0.lists == 1 }
                for revision in 1...6 {
                    try await contract.put("a", revision: revision)
                    contract.embedded?.dropConnections()
                    try await contract.put("b", revision: revision)
                    try await Task.sleep(for: .milliseconds(250))
                }
                try await recorder.wait("the last revision") { _ in
                    recorder.revision("a") == "6" && recorder.revision("b") == "6"
                }
                #expect(recorder.current.repeated.isEmpty)
            }
        }
    }

    @Test("a watch that is too old lists anew, and sees what is gone")
    func expires() async throws {
        try await ContractServer.run { contract in
            for index in 0..<3 { try await contract.put("s\(index)") }
            try await FaultProxy.run(to: contract.address()) { proxy in
                try await contract.withClient(through: proxy) { client in
                    try await whileReflecting(client) { recorder in
                        try await recorder.wait("the list") { $0.services.count == 3 }
                        // Out of reach of the watch: one is made, one is changed, and the history of it is forgotten.
                        proxy.set(.reset)
                        proxy.resetAll()
                        try await contract.put("s3")
                        try await contract.put("s0", revision: 9)
                        try await contract.forgetHistory()
                        proxy.set(.none)
                        try await recorder.wait("the new list") { $0.lists >= 2 && $0.services.count == 4 }
                        #expect(recorder.revision("s0") == "9")
                        let expired = recorder.current.problems.contains {
                            if case .expired = $0 { true } else { false }
                        }
                        #expect(expired)
                    }
                }
            }
        }
    }

    @Test("an API server that comes back is followed within 10 s, without a new list")
    func returns() async throws {
        try await ContractServer.run { contract in
            try await contract.put("a")
            try await whileReflecting(contract.client) { recorder in
                try await recorder.wait("the list") { $0.lists == 1 }
                try await contract.stop()
                try await Task.sleep(for: .seconds(4))
                try await contract.start()
                try await contract.put("a", revision: 1)
                try await recorder.wait("the change", seconds: 10) { _ in recorder.revision("a") == "1" }
                // What a real API server remembers begins with its start, so it may ask for a new list.
                #expect(ContractServer.isReal || recorder.current.lists == 1)
            }
        }
    }

    @Test(
        "an API server that comes back with older data is listed anew, though it takes the watch from before",
        .disabled(if: ContractServer.isReal, "the etcd of the contract's API server is not restored from a backup"))
    func wentBack() async throws {
        try await ContractServer.run { contract in
            guard let server = contract.embedded else { return }
            try await contract.put("old")
            let backup = server.backup()
            for index in 0..<20 { try await contract.put("lost\(index)") }
            try await whileReflecting(contract.client) { recorder in
                try await recorder.wait("the list") { $0.services.count == 21 && !$0.alive.isEmpty }
                try await contract.stop()
                try server.restore(backup)
                try await contract.start()
                try await contract.put("old", revision: 7)
                try await recorder.wait("the new list") { $0.lists == 2 && $0.services.count == 1 }
                try await recorder.wait("the change") { _ in recorder.revision("old") == "7" }
                #expect(recorder.current.problems.contains { if case .wentBack = $0 { true } else { false } })
            }
        }
    }

    @Test("an object of the wrong shape is skipped and reported, the others go on")
    func skips() async throws {
        try await ContractServer.run { contract in
            try await contract.put("a")
            // Odd takes every Service, and refuses those whose annotation says so.
            let found = await withTaskGroup(of: [String].self) { group in
                let names = OddNames()
                group.addTask {
                    await contract.client.reflect(
                        OddService.self, namespace: "contract", pace: WatchPace(seconds: 1...2)
                    ) {
                        await names.take($0)
                    }
                    return []
                }
                group.addTask {
                    for _ in 0..<600 {
                        if await names.skipped == ["bad"], await names.applied.contains("z") { break }
                        try? await contract.put(
                            await names.skipped.isEmpty ? "bad" : "z", revision: Int.random(in: 1...9_999_999))
                        try? await Task.sleep(for: .milliseconds(50))
                    }
                    return await names.skipped + (await names.applied)
                }
                var result: [String] = []
                while let next = await group.next() {
                    if !next.isEmpty { result = next }
                    group.cancelAll()
                }
                return result
            }
            #expect(found.contains("bad") && found.contains("z"))
            // A list says which objects it could not show.
            let (lists, list) = AsyncStream.makeStream(of: [ObjectKey].self)
            let unreadable = await withTaskGroup { group in
                group.addTask {
                    await contract.client.reflect(OddService.self, namespace: "contract") {
                        if case .change(.replaced(_, let keys)) = $0 { list.yield(keys) }
                    }
                }
                defer { group.cancelAll() }
                return await lists.first { _ in true }
            }
            #expect(unreadable == [ObjectKey(namespace: "contract", name: "bad")])
        }
    }
}

/// A Service type that cannot stand one name.
struct OddService: KubernetesObject {
    static var resource: ResourceType { Service.resource }
    var metadata: ObjectMeta

    enum CodingKeys: String, CodingKey { case metadata }

    init(from decoder: any Decoder) throws {
        metadata = try decoder.container(keyedBy: CodingKeys.self).decode(ObjectMeta.self, forKey: .metadata)
        if metadata.name == "bad" {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "a bad name"))
        }
    }
}

actor OddNames {
    private(set) var skipped: [String] = []
    private(set) var applied: Set<String> = []

    func take(_ event: ReflectorEvent<OddService>) {
        switch event {
        case .change(.applied(let object)): applied.insert(object.metadata.name)
        case .problem(.skipped(let object)):
            if !skipped.contains(object.key.name) { skipped.append(object.key.name) }
        default: break
        }
    }
}

import KubernetesClient
import KubernetesModel
import Testing

/// What the client must do with any API server, over either transport.
@Suite("Client contract: objects", .serialized, .timeLimit(.minutes(ContractServer.minutes)))
struct ClientContractObjectTests {
    @Test("a client that is dropped without a shutdown, even while it watches, does no harm")
    func dropped() async throws {
        try await ContractServer.run { contract in
            for _ in 0..<3 {
                let client = try contract.client(.token(contract.adminToken))
                _ = try await client.list(Service.self, namespace: "contract")
                try await whileReflecting(client) { try await $0.wait("the list") { $0.lists == 1 } }
            }
        }
    }

    static func service(_ name: String) -> Service {
        Service(
            metadata: ObjectMeta(name: name, namespace: "contract"),
            spec: Service.Spec(type: "LoadBalancer", ports: [Service.Port(port: 80)]))
    }

    @Test("an object is made, read, changed by every kind of patch, replaced and deleted")
    func life() async throws {
        try await ContractServer.run { contract in
            let client = contract.client
            let made = try await client.create(Self.service("a"))
            #expect(made.metadata.uid?.isEmpty == false)
            let read = try await client.get(Service.self, name: "a", namespace: "contract")
            #expect(read.metadata.resourceVersion == made.metadata.resourceVersion)
            let merged = try await client.patch(
                Service.self, name: "a", namespace: "contract",
                .merge(["status": ["loadBalancer": ["ingress": [["ip": "192.0.2.1", "ipMode": "VIP"]]]]]),
                subresource: "status")
            #expect(merged.status?.loadBalancer?.ingress?.first?.ip == "192.0.2.1")
            let applied = try await client.patch(
                Service.self, name: "a", namespace: "contract",
                .apply(["metadata": ["annotations": ["x": "1"]]], fieldManager: "contract"))
            #expect(applied.metadata.annotations?["x"] == "1")
            let edited = try await client.patch(
                Service.self, name: "a", namespace: "contract",
                .merge(["metadata": ["annotations": ["y": "2"]]]))
            #expect(edited.metadata.annotations?["y"] == "2" && edited.metadata.annotations?["x"] == "1")
            try await client.delete(Service.self, name: "a", namespace: "contract", uid: made.metadata.uid)
            let error = await #expect(throws: APIError.self) {
                try await client.get(Service.self, name: "a", namespace: "contract")
            }
            #expect(error?.isNotFound == true && error?.reason == "NotFound")
        }
    }

    @Test("a write with an old resource version is a conflict, a second create of the same name too, but another one")
    func conflicts() async throws {
        try await ContractServer.run { contract in
            let client = contract.client
            let metadata = ObjectMeta(name: "l", namespace: "contract")
            let made = try await client.create(Lease(metadata: metadata, spec: Lease.Spec(holderIdentity: "a")))
            var second = made
            second.spec?.holderIdentity = "b"
            _ = try await client.replace(second)
            let stale = await #expect(throws: APIError.self) { try await client.replace(made) }
            #expect(stale?.isConflict == true && stale?.isAlreadyExists == false)
            let twice = await #expect(throws: APIError.self) { try await client.create(made) }
            // A real API server calls a create with a version an internal error (500).
            #expect(twice != nil)
            let again = await #expect(throws: APIError.self) {
                try await client.create(Lease(metadata: metadata, spec: nil))
            }
            #expect(again?.isAlreadyExists == true && again?.isConflict == false)
        }
    }

    @Test("entries of one list map, written by several managers, do not wipe each other")
    func serverSideApply() async throws {
        try await ContractServer.run { contract in
            let client = contract.client
            _ = try await client.create(Self.service("a"))
            for type in ["lb.cluster.home/Allocated", "lb.cluster.home/Announced"] {
                let condition: JSONValue = [
                    "type": .string(type), "status": "True", "reason": "R", "message": "m",
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                ]
                try await client.patch(
                    Service.self, name: "a", namespace: "contract",
                    .apply(["status": ["conditions": [condition]]], fieldManager: type), subresource: "status")
            }
            let read = try await client.get(Service.self, name: "a", namespace: "contract")
            #expect(read.status?.conditions?.count == 2)
        }
    }

    @Test("a long list comes in pages, complete")
    func pages() async throws {
        try await ContractServer.run { contract in
            for index in 0..<1203 { try await contract.put("s\(index)") }
            let list = try await contract.client.list(Service.self, namespace: "contract")
            #expect(Set(list.items.map(\.metadata.name)).count == 1203)
            #expect(!list.resourceVersion.isEmpty && list.skipped.isEmpty)
        }
    }

    @Test("Events are counted, not repeated")
    func events() async throws {
        try await ContractServer.run { contract in
            let service = try await contract.client.create(Self.service("a"))
            let recorder = EventRecorder(contract.client, component: "lb-controller")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await recorder.run() }
                for _ in 0..<50 {
                    recorder.record(
                        .warning, reason: "PoolExhausted", message: "full", regarding: ObjectReference(service))
                }
                var events: [Event] = []
                for _ in 0..<1000 where events.isEmpty {
                    events = try await contract.client.list(Event.self, namespace: "contract").items
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(events.count == 1)
                #expect(events.first?.reason == "PoolExhausted" && events.first?.involvedObject.name == "a")
                group.cancelAll()
            }
            #expect(try await contract.client.list(Event.self, namespace: "contract").items.count == 1)
        }
    }
}

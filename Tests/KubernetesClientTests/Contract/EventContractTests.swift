import KubernetesClient
import KubernetesModel
import Logging
import ServiceLifecycle
import Testing

@Suite("Client contract: Events", .serialized, .timeLimit(.minutes(ContractServer.minutes)))
struct ClientContractEventTests {
    @Test("what was only counted is written at shutdown")
    func eventsAtShutdown() async throws {
        try await ContractServer.run { contract in
            let service = ObjectReference(apiVersion: "v1", kind: "Service", namespace: "contract", name: "a")
            let recorder = EventRecorder(contract.client, component: "lb-controller")
            let group = ServiceGroup(
                configuration: ServiceGroupConfiguration(services: [recorder], logger: Logger(label: "test")))
            async let running: Void = group.run()
            recorder.record(.warning, reason: "PoolExhausted", message: "full", regarding: service)
            var events: [Event] = []
            for _ in 0..<1000 where events.isEmpty {
                try await Task.sleep(for: .milliseconds(20))
                events = try await contract.client.list(Event.self, namespace: "contract").items
            }
            // Until the recorder has heard of it, too.
            try await Task.sleep(for: .milliseconds(300))
            for _ in 0..<5 { recorder.record(.warning, reason: "PoolExhausted", message: "full", regarding: service) }
            await group.triggerGracefulShutdown()
            try await running
            events = try await contract.client.list(Event.self, namespace: "contract").items
            #expect(events.map(\.count) == [6])
        }
    }
}

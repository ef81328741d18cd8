import EmbeddedAPIServer
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MonotonicTime
import NetworkAddresses
import Reconciliation
import Testing

@testable import SpeakerDaemon

/// How long the record says that a foreign host uses an address.
@Suite struct ConflictRecordTests {
    typealias World = AnnouncementRecordsTests

    static let start = World.start
    static let address = World.address
    static let laptop = MACAddress(2, 0, 0, 0, 0, 9)

    /// One speaker and what the API holds of it: each write that is due goes through at once.
    private struct Speaker {
        var records = AnnouncementRecords(node: "node-a")
        var entries: [String: [ServiceL2Status.Announced]] = [:]
        private var plan: SpeakerPlan?

        mutating func conflict(at seconds: Int64, _ plan: SpeakerPlan) {
            records.conflict(address, on: "eth0", with: laptop, at: start + .seconds(seconds), plan: plan)
        }

        mutating func write(at seconds: Int64, _ plan: SpeakerPlan) {
            if plan != self.plan { records.planChanged() }
            self.plan = plan
            for write in records.due(at: start + .seconds(seconds), plan: plan) {
                entries[write.name] = write.entries
                records.wrote(write)
            }
        }

        /// `nil` without an entry, else whether it says that there is a conflict.
        func isInConflict(_ service: String = "a") -> Bool? {
            entries["default.\(service)"]?.first.map { $0.conflict != nil }
        }
    }

    @Test("one claim by a laptop is forgotten after ten minutes, and each further one makes it ten minutes more")
    func passive() {
        let plan = World.plan(["a"])
        var speaker = Speaker()
        World.took(&speaker.records)
        speaker.conflict(at: 0, plan)
        speaker.write(at: 0, plan)
        #expect(speaker.isInConflict() == true)
        speaker.conflict(at: 500, plan)
        speaker.write(at: 1099, plan)
        #expect(speaker.isInConflict() == true)
        #expect(speaker.records.nextDeadline(at: Self.start + .seconds(1099)) == Self.start + .seconds(1100))
        speaker.write(at: 1100, plan)
        #expect(speaker.entries["default.a"] == [World.entry()], "it is announced all the time")
        speaker.write(at: 1101, plan)
        #expect(speaker.records.nextDeadline(at: Self.start + .seconds(1101)) == nil)
    }

    @Test("a probe's conflict ends when another node announces the address undisputed, and not before")
    func probed() {
        let unclaimed = World.plan(["a"])
        var speaker = Speaker()
        speaker.conflict(at: 0, unclaimed)
        speaker.write(at: 0, unclaimed)
        #expect(speaker.isInConflict() == true)

        var disputed = World.entry("node-b")
        disputed.conflict = "02:00:00:00:00:09"
        var elsewhere = World.entry("node-b")
        elsewhere.interface = "eth1"
        let likewise = World.entry("node-c", since: nil)
        let stillContested = World.plan(["a"], [World.status("a", [disputed, elsewhere, likewise])])
        speaker.write(at: 10, stillContested)
        #expect(speaker.isInConflict() == true)

        speaker.write(at: 20, World.plan(["a"], [World.status("a", [World.entry("node-b"), likewise])]))
        #expect(speaker.entries["default.a"] == [])
    }

    @Test("the conflict of an address that was replaced is not written to the Service that has the address next")
    func replaced() {
        var speaker = Speaker()
        speaker.conflict(at: 0, World.plan(["a"]))
        speaker.write(at: 0, World.plan(["a"]))
        #expect(speaker.isInConflict() == true)

        var another = speaker
        another.write(at: 5, World.plan(["b"]))
        #expect(another.isInConflict("b") == nil, "also when the plan without a holder was never looked at")

        speaker.write(at: 5, World.plan([]))
        #expect(speaker.entries["default.a"] == [])
        speaker.write(at: 6, World.plan([]))
        #expect(speaker.records.nextDeadline(at: Self.start + .seconds(6)) == nil, "nothing is kept of it")
        speaker.write(at: 10, World.plan(["b"]))
        #expect(speaker.isInConflict("b") == nil)
        speaker.conflict(at: 11, World.plan([]))
        #expect(speaker.records.nextDeadline(at: Self.start + .seconds(12)) == nil, "nobody is left to tell")
    }

    @Test("through server-side apply, the entry of a conflict that is over leaves the object, and no other one does")
    func applied() async throws {
        let plan = World.plan(["a"])
        try await withEmbeddedAPIServer { server in
            let definition = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../manifests/crds/servicel2statuses.yaml")
            try server.install(manifest: String(contentsOf: definition, encoding: .utf8))
            try server.install(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "herald-system"]])
            let file = FileManager.default.temporaryDirectory.appending(path: "herald-\(UUID().uuidString)")
            try server.kubeconfig().write(to: file, atomically: true, encoding: .utf8)
            defer { try? FileManager.default.removeItem(at: file) }
            let client = try APIClient(.kubeconfig(path: file.path))
            let name = "default.a"
            _ = try await client.create(
                ServiceL2Status(metadata: ObjectMeta(name: name, namespace: "herald-system")))

            func write(_ records: inout AnnouncementRecords, by node: String, at seconds: Int64) async throws {
                for write in records.due(at: Self.start + .seconds(seconds), plan: plan) {
                    try await client.patch(
                        ServiceL2Status.self, name: name, namespace: "herald-system",
                        write.patch(fieldManager: "lb-speaker-\(node)"), subresource: "status")
                    records.wrote(write)
                }
            }
            func nodes() async throws -> [String] {
                let object = try await client.get(ServiceL2Status.self, name: name, namespace: "herald-system")
                return (object.status?.addresses ?? []).map(\.node).sorted()
            }

            var (a, b) = (AnnouncementRecords(node: "node-a"), AnnouncementRecords(node: "node-b"))
            a.conflict(Self.address, on: "eth0", with: Self.laptop, at: Self.start, plan: plan)
            World.took(&b)
            try await write(&a, by: "node-a", at: 0)
            try await write(&b, by: "node-b", at: 0)
            #expect(try await nodes() == ["node-a", "node-b"])
            try await write(&a, by: "node-a", at: 600)
            #expect(try await nodes() == ["node-b"])
            await client.shutdown()
        }
    }
}

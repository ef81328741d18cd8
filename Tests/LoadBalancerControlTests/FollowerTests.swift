import ArgumentParser
import EmbeddedAPIServer
import Foundation
import KubernetesClient
import KubernetesModel
import MonotonicTime
import Reconciliation
import Testing

@testable import LoadBalancerControl

@Suite("-w")
struct FollowerTests {
    /// The first snapshot that `isMet` holds for, after `changes` were made to a cluster that is being followed.
    private static func follow(
        _ changes: String, until isMet: @escaping @Sendable (ClusterSnapshot) -> Bool
    ) async throws -> Bool {
        try await withEmbeddedAPIServer { server in
            let crds = "\(Scratch.root)/manifests/crds"
            for file in try FileManager.default.contentsOfDirectory(atPath: crds)
            where file.hasSuffix("s.yaml") {
                try server.install(manifest: String(contentsOfFile: "\(crds)/\(file)", encoding: .utf8))
            }
            return try await Scratch.with { folder in
                try server.writeKubeconfig("\(folder)/kubeconfig")
                let client = try APIClient(.kubeconfig(path: "\(folder)/kubeconfig"))
                return try await client.closing { client in
                    let follower = SnapshotFollower(ClusterReader(client: client, heraldNamespace: "herald-system"))
                    let (snapshots, seen) = AsyncStream.makeStream(of: ClusterSnapshot.self)
                    return try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try await follower.follow { seen.yield($0) } }
                        var isChanged = false
                        for await snapshot in snapshots {
                            if isMet(snapshot) { break }
                            if !isChanged { try server.install(manifest: changes) }
                            isChanged = true
                        }
                        group.cancelAll()
                        return isChanged
                    }
                }
            }
        }
    }

    @Test("the cluster's Service ranges are followed as the controller does", .timeLimit(.minutes(3)))
    func ranges() async throws {
        let range = """
            apiVersion: networking.k8s.io/v1
            kind: ServiceCIDR
            metadata: {name: more}
            spec: {cidrs: [10.99.0.0/16]}
            """
        let isFollowed = try await Self.follow(range) { $0.serviceCIDRs[ObjectKey(name: "more")] != nil }
        #expect(isFollowed)
    }

    @Test("what lasts is told once, with every change of its reason, and when it is over")
    func troubles() async {
        let (lines, line) = AsyncStream.makeStream(of: String.self)
        let troubles = Troubles { line.yield($0) }
        func event(_ problem: ReflectorProblem) -> ReflectorEvent<Service> { .problem(problem) }
        let expired = APIError(code: .status(401), reason: "Unauthorized", message: "Unauthorized")
        await troubles.succeeded("look")
        for delay in 1...3 {
            await troubles.take(event(.interrupted(expired, retryIn: .seconds(Int64(delay)))))
            await troubles.failed("look", "\(expired)")
        }
        await troubles.take(event(.expired(retryIn: .seconds(1))))
        await troubles.take(event(.silent))
        await troubles.succeeded("look")
        await troubles.take(ReflectorEvent<Service>.change(.replaced([])))
        await troubles.failed("look", "again")
        line.finish()
        var told: [String] = []
        for await line in lines { told.append(line) }
        #expect(
            told == [
                "Unauthorized (401 Unauthorized); what was read last stays; trying again",
                "the API server fell silent; what was read last stays; trying again", "the API server answers again",
                "again; what was read last stays; trying again",
            ])
    }

    @Test("hosts --watch says that the API server is gone, and back, and keeps the names", .timeLimit(.minutes(3)))
    func hosts() async throws {
        try await withEmbeddedAPIServer(APIServerConfiguration(host: "127.0.0.2")) { server in
            try await Scratch.with { folder in
                try server.writeKubeconfig("\(folder)/kubeconfig")
                let client = try APIClient(.kubeconfig(path: "\(folder)/kubeconfig"))
                try await client.closing { client in
                    let (tables, seen) = AsyncStream.makeStream(of: HostTable.self)
                    let (lines, line) = AsyncStream.makeStream(of: String.self)
                    let follower = HostsFollower(
                        ClusterReader(client: client, heraldNamespace: "herald-system"),
                        troubles: Troubles { line.yield($0) })
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            try await follower.follow({ HostTable($0) }) { table in
                                seen.yield(table)
                                return true
                            }
                        }
                        for await _ in tables { break }
                        await server.stop()
                        for await line in lines {
                            #expect(line.hasSuffix("; what was read last stays; trying again"))
                            break
                        }
                        try await server.start()
                        for await line in lines where line == "the API server answers again" { break }
                        group.cancelAll()
                    }
                    seen.finish()
                    for await table in tables { Issue.record("a table was shown meanwhile: \(table)") }
                }
            }
        }
    }

    @Test("a row that is printed again stands in the columns of the first table")
    func columns() throws {
        let rows = [("a", "k8s-control-plane-node"), ("b", "k8s-node2")].map { id, node in
            ResourceRow(id: id, cells: [.init(node), .init("Ready")], object: .null)
        }
        let columns = [TextTable.Column(title: "NODE"), TextTable.Column(title: "STATE")]
        let output = try OutputOptions.parse([])
        let first = output.text(rows, columns: columns).split(separator: "\n")
        let again = output.text([rows[1]], among: rows, columns: columns, headings: false)
        #expect(first.count == 3 && first[2] == again, "\(first) \(again)")
        #expect(
            try OutputOptions.parse(["--no-headers"]).text(rows, columns: columns)
                == first.dropFirst().joined(separator: "\n"))
    }

    @Test("what only says that a speaker lives is no news; everything else is")
    func news() async {
        func row(_ id: String, _ object: JSONValue, pulse: String? = nil) -> ResourceRow {
            ResourceRow(id: id, cells: [], object: object, pulse: pulse)
        }
        let shown = ShownRows()
        let first = await shown.news(
            [row("a", ["state": "Ready", "seen": 1], pulse: "seen"), row("b", ["seen": 1])], [])
        #expect(first.isFirst && first.rows.map(\.id) == ["a", "b"])
        let second = await shown.news(
            [row("a", ["state": "Ready", "seen": 2], pulse: "seen"), row("b", ["seen": 2])], [])
        #expect(!second.isFirst && second.rows.map(\.id) == ["b"])
        let third = await shown.news(
            [row("a", ["state": "Silent", "seen": 2], pulse: "seen"), row("b", ["seen": 2])], [])
        #expect(third.rows.map(\.id) == ["a"])
    }

    @Test("what is deleted is printed once more, as such")
    func deleted() async {
        let columns = [TextTable.Column(title: "NAME"), .init(title: "STATE"), .init(title: "AGE")]
        func row(_ id: String) -> ResourceRow {
            ResourceRow(
                id: id, cells: [.init(id), .init("Ready"), "5s"], object: ["name": .string(id), "state": "Ready"])
        }
        let shown = ShownRows()
        _ = await shown.news([row("a"), row("b")], columns)
        let news = await shown.news([row("a")], columns)
        #expect(news.rows.map(\.id) == ["b"] && !news.isFirst)
        #expect(news.rows[0].cells.map(\.text) == ["b", "Deleted", "5s"])
        #expect(news.rows[0].object == ["name": "b", "state": "Deleted"])
        #expect(await shown.news([row("a")], columns).rows.isEmpty)
        #expect(await shown.news([row("a"), row("b")], columns).rows.map(\.id) == ["b"])
    }
}

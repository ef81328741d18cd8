import EmbeddedAPIServer
import Foundation
import KubernetesModel
import ObjectStore
import Testing

/// What the data directory keeps.
@Suite struct PersistenceTests {
    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let path = NSTemporaryDirectory() + "herald-api-\(UInt32.random(in: 0...UInt32.max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private func withServer<Value: Sendable>(
        _ directory: String, _ body: @Sendable @escaping (APIProbe) async throws -> Value
    ) async throws -> Value {
        var configuration = APIServerConfiguration()
        configuration.dataDirectory = directory
        return try await APIProbe.embedded(configuration, body)
    }

    @Test("objects, keys and the version survive a restart")
    func restart() async throws {
        try await withDirectory { directory in
            let (before, token, authority) = try await withServer(directory) { probe in
                try await probe.post(probe.configMaps(), probe.configMap("kept"))
                try await probe.post(probe.configMaps(), probe.configMap("gone"))
                try await probe.delete(probe.configMaps("/gone"))
                return (
                    try await probe.get(probe.configMaps()), probe.token, probe.embedded?.certificateAuthorityPEM
                )
            }
            try await withServer(directory) { probe in
                let after = try await probe.get(probe.configMaps())
                #expect(after.items == before.items)
                #expect(after.version == before.version)
                #expect(probe.token == token)
                #expect(probe.embedded?.certificateAuthorityPEM == authority)
                // History is not kept: a watch from before must list again.
                let events = try await probe.watch(probe.configMaps("?resourceVersion=2"), count: 1)
                #expect(events.first?.type == "ERROR")
                #expect(events.first?.at("object", "code") == 410)
            }
        }
    }

    @Test("a torn last line is dropped, damage before it is refused")
    func damage() async throws {
        try await withDirectory { directory in
            try await withServer(directory) { probe in
                for name in ["a", "b"] { try await probe.post(probe.configMaps(), probe.configMap(name)) }
            }
            let path = directory + "/journal.jsonl"
            let whole = try String(contentsOfFile: path, encoding: .utf8)
            try (whole + #"{"storage":"configmaps","na"#).write(toFile: path, atomically: true, encoding: .utf8)
            try await withServer(directory) { probe in
                #expect(try await probe.get(probe.configMaps()).names == ["a", "b"])
                try await probe.post(probe.configMaps(), probe.configMap("c"))
            }
            try ("nonsense\n" + String(contentsOfFile: path, encoding: .utf8))
                .write(toFile: path, atomically: true, encoding: .utf8)
            await #expect { try await withServer(directory) { _ in } } throws: { error in
                "\(error)".contains("is damaged in line 1")
            }
        }
    }

    @Test("a second server is refused the directory of the first, and harms nothing")
    func second() async throws {
        try await withDirectory { directory in
            try await withServer(directory) { probe in
                try await probe.post(probe.configMaps(), probe.configMap("a"))
                var configuration = APIServerConfiguration()
                configuration.dataDirectory = directory
                let error = #expect(throws: (any Error).self) { try EmbeddedAPIServer(configuration) }
                #expect(error?.localizedDescription.contains("another process uses it") == true)
                try await probe.post(probe.configMaps(), probe.configMap("b"))
            }
            try await withServer(directory) { probe in
                let names = try await probe.get(probe.configMaps()).names
                #expect(names == ["a", "b"])
            }
        }
    }

    @Test("a change that cannot be written is refused, and so is every later one; what was confirmed is kept")
    func full() async throws {
        try await withDirectory { directory in
            try await withServer(directory) { probe in
                try await probe.post(probe.configMaps(), probe.configMap("a"))
                try Self.fill(directory + "/journal.jsonl")
                for name in ["b", "c"] {
                    let refused = try await probe.post(probe.configMaps(), probe.configMap(name))
                    #expect(refused.status == 500)
                    #expect(refused.message.contains("no change is taken until the server is started again"))
                }
                #expect(try await probe.get("/readyz").status == 500)
                #expect(try await probe.get(probe.configMaps("/a")).status == 200)
            }
            try await withServer(directory) { probe in
                let names = try await probe.get(probe.configMaps()).names
                let status = try await probe.post(probe.configMaps(), probe.configMap("b")).status
                #expect(names == ["a"] && status == 201)
            }
        }
    }

    /// Makes every write to an open file fail with ENOSPC, as on a full disk.
    private static func fill(_ path: String) throws {
        let full = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
            guard let descriptor = Int32(name), target == path else { continue }
            #expect(dup2(full.fileDescriptor, descriptor) == descriptor)
        }
    }

    @Test("secrets on disk are for their owner only")
    func permissions() async throws {
        try await withDirectory { directory in
            try await withServer(directory) { _ in }
            for name in ["", "/admin.token", "/ca.key", "/service-account.key", "/journal.jsonl"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: directory + name)
                let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
                #expect(mode & 0o077 == 0, "\(name)")
            }
        }
    }
}

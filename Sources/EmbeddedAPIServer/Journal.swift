import Foundation
import KubernetesModel
import ObjectStore
import Synchronization

/// Objects on disk: a snapshot, and the changes since, one JSON line each.
///
/// A change is written before its request is answered, so a killed process loses nothing that it confirmed. A torn last
/// line is dropped; damage before it is refused. The snapshot is replaced by rename, and changes that it already has
/// are skipped by version, so a crash between the two steps is harmless. One process at a time has the directory, from
/// `init` until ``close()`` or its end, however it ends.
final class Journal: Sendable {
    private struct State {
        var file: FileHandle
        var written = 0
        var rewriteSize = Journal.rewriteSize
        var failure: String?
    }

    private let directory: String
    private let state: Mutex<State>
    /// The journal is folded into a new snapshot when it has grown to this.
    private static let rewriteSize = 64 << 20

    struct Damage: LocalizedError, CustomStringConvertible {
        let description: String
        var errorDescription: String? { description }
    }

    init(directory: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let path = directory + "/journal.jsonl"
        if !FileManager.default.fileExists(atPath: path),
            !FileManager.default.createFile(
                atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        {
            throw Damage(description: "cannot write \(path): check the permissions of the data directory")
        }
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        // Children keep neither the file nor its lock.
        guard fcntl(file.fileDescriptor, F_SETFD, FD_CLOEXEC) == 0,
            fcntl(file.fileDescriptor, F_SETFL, O_APPEND) == 0
        else { throw Damage(description: "cannot append to \(path)") }
        guard flock(file.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Damage(description: "another process uses it: end that one, or choose another folder")
        }
        state = Mutex(State(file: file))
    }

    func replay(into store: inout ObjectStore) throws {
        let snapshot = directory + "/snapshot.jsonl"
        if FileManager.default.fileExists(atPath: snapshot) {
            try read(snapshot, into: &store, mayBeTorn: false)
        }
        try read(directory + "/journal.jsonl", into: &store, mayBeTorn: true)
    }

    private func read(_ path: String, into store: inout ObjectStore, mayBeTorn: Bool) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let floor = store.version
        var start = 0
        var line = 0
        while start < bytes.count {
            line += 1
            guard let end = bytes[start...].firstIndex(of: 0x0a) else {
                guard mayBeTorn else { throw Damage(description: "\(path) is cut off in line \(line)") }
                return
            }
            do {
                let value = try JSONParser.parse(Array(bytes[start..<end]))
                guard let storage = value["storage"]?.string, let name = value["name"]?.string,
                    let version = value["version"]?.integer.flatMap({ UInt64(exactly: $0) })
                else { throw Damage(description: "line \(line) is no record") }
                if version > floor || !mayBeTorn {
                    let entry = ObjectStore.JournalEntry(
                        storage: storage, key: ObjectKey(namespace: value["namespace"]?.string, name: name),
                        version: version, encoded: value["object"]?.jsonBytes)
                    try store.restore(entry)
                }
            } catch {
                // Only what follows the last complete line can be the trace of a crash.
                throw Damage(
                    description: "\(path) is damaged in line \(line) (\(error)): move the file away to start without it"
                )
            }
            start = end + 1
        }
    }

    /// A line that cannot be written whole is the last one: ``failure`` is set.
    func append(_ entries: [ObjectStore.JournalEntry]) {
        var bytes: [UInt8] = []
        for entry in entries { Self.write(entry, into: &bytes) }
        state.withLock { state in
            guard state.failure == nil else { return }
            do {
                try state.file.write(contentsOf: Data(bytes))
                state.written += bytes.count
            } catch {
                state.failure = error.localizedDescription
            }
        }
    }

    func close() {
        state.withLock { state in
            state.failure = state.failure ?? "the server has ended"
            // A child that is just being started may still have the file, and would keep the lock for a moment.
            _ = flock(state.file.fileDescriptor, LOCK_UN)
            try? state.file.close()
        }
    }

    /// Why objects are no longer safe on disk, if so.
    var failure: String? { state.withLock { $0.failure } }

    var needsRewrite: Bool { state.withLock { $0.written > $0.rewriteSize } }

    /// Writes a new snapshot and empties the journal. Where that fails, for want of space, say, nothing is lost, and it is
    /// tried again when the journal has grown by as much once more.
    func rewrite(_ entries: [ObjectStore.JournalEntry], version: UInt64) throws {
        var bytes: [UInt8] = []
        for entry in entries { Self.write(entry, into: &bytes) }
        // The version counter never goes back, even when the newest change was a deletion.
        Self.write(
            ObjectStore.JournalEntry(storage: "", key: ObjectKey(name: "version"), version: version, encoded: nil),
            into: &bytes)
        do {
            // Written beside and renamed: there is always one whole snapshot.
            try Data(bytes).write(to: URL(fileURLWithPath: directory + "/snapshot.jsonl"), options: .atomic)
            try state.withLock { state in
                try state.file.truncate(atOffset: 0)
                (state.written, state.rewriteSize) = (0, Self.rewriteSize)
            }
        } catch {
            state.withLock { $0.rewriteSize = $0.written + Self.rewriteSize }
            throw error
        }
    }

    private static func write(_ entry: ObjectStore.JournalEntry, into bytes: inout [UInt8]) {
        let head: JSONValue = [
            "storage": .string(entry.storage), "namespace": .string(entry.key.namespace),
            "name": .string(entry.key.name),
            "version": .integer(Int64(clamping: entry.version)),
        ]
        head.write(into: &bytes)
        if let encoded = entry.encoded {
            bytes.removeLast()
            bytes.append(contentsOf: #","object":"#.utf8)
            bytes.append(contentsOf: encoded)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(0x0a)
    }
}

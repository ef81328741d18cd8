import ChildProcess
import Foundation

/// A lab that another terminal holds, found by its first process in /proc: no file tells of it.
package struct HeldLab: Sendable {
    /// The lab's PID 1, as this process sees it.
    let process: Int
    /// The `lbctl lab` that somebody started, and what is between the two.
    let ancestors: [Int]
    /// The user whose process it is; nil when it has several.
    let owner: Int?

    /// Which of the running labs is meant.
    package enum Unclear: Error, Equatable, CustomStringConvertible {
        case none
        case noSuch(Int)
        case several([Int])
        /// Whoever marks a process as a lab could have another user's command run in it.
        case foreign(Int, owner: Int?)

        package var description: String {
            switch self {
            case .none: "no lab is being held; run `lbctl lab --hold` in another terminal"
            case .noSuch(let process): "process \(process) is no `lbctl lab`"
            case .foreign(let process, let owner):
                "the lab of process \(process) belongs to \(owner.map { "user \($0)" } ?? "another user"): "
                    + "only its own user may enter it"
            case .several(let processes):
                "\(processes.count) labs are running; say with --lab which is meant: "
                    + processes.map(String.init).joined(separator: ", ") + " (process ids of `lbctl lab`)"
            }
        }
    }

    /// - Parameter process: the process id of the `lbctl lab` that is meant; nil when there is but one.
    package static func find(_ process: Int? = nil) throws -> HeldLab {
        try choose(process, of: all(), user: Int(geteuid()))
    }

    static func choose(_ process: Int?, of labs: [HeldLab], user: Int) throws(Unclear) -> HeldLab {
        let meant =
            process.map { process in labs.filter { $0.process == process || $0.ancestors.contains(process) } } ?? labs
        let own = meant.filter { $0.owner == user }
        guard own.count < 2 else { throw .several(own.map(\.name).sorted()) }
        if let lab = own.first { return lab }
        if let lab = meant.first { throw .foreign(lab.name, owner: lab.owner) }
        throw process.map { .noSuch($0) } ?? .none
    }

    /// The process id that people know.
    private var name: Int { ancestors.last ?? process }

    private static func all() throws -> [HeldLab] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int.init).compactMap { process in
            // `NSpid: 4711 1`: PID 1 of a namespace one below ours.
            guard isMarked(process), let line = status(process, "NSpid"), line.count == 2, line[1] == 1 else {
                return nil
            }
            // unshare, and the lbctl that runs it.
            let parents = sequence(first: process) { status($0, "PPid")?.first }.dropFirst().prefix(2)
            // Real, effective, saved, and of the file system.
            let users = Set(status(process, "Uid") ?? [])
            return HeldLab(
                process: process, ancestors: Array(parents), owner: users.count == 1 ? users.first : nil)
        }
    }

    private static func isMarked(_ process: Int) -> Bool {
        guard let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
        return environment.split(separator: 0).contains { $0.starts(with: "\(LabIsolation.marker)=".utf8) }
    }

    /// The numbers of a line of /proc/PID/status.
    private static func status(_ process: Int, _ key: String) -> [Int]? {
        guard let status = FileManager.default.contents(atPath: "/proc/\(process)/status") else { return nil }
        return String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("\(key):") }?
            .split(whereSeparator: \.isWhitespace).dropFirst().compactMap { Int($0) }
    }

    /// Runs `command` on `node` with this terminal, and returns its exit status.
    ///
    /// The lab's root folder is entered too: it may have been started in a chroot(2).
    ///
    /// - Parameter programs: is put in front of PATH, so that `lbctl` is this one.
    package func run(_ command: [String], on node: String, programs: String) async throws -> Int32 {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        // Another user namespace is that of a lab without root.
        let isForeign = Self.userNamespace("\(process)") != Self.userNamespace("self")
        return
            try await Program(
                ["nsenter", "--target", String(process)] + (isForeign ? ["--user", "--preserve-credentials"] : [])
                    + [
                        "--mount", "--root", "--wd", "--net", "--pid",
                        "ip", "netns", "exec", node, "env", "KUBECONFIG=\(LabFiles.kubeconfig)",
                        "PATH=\(programs):\(path)",
                    ] + command
            ).runInForeground()
    }

    private static func userNamespace(_ process: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/user")
    }
}

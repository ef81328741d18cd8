import ChildProcess
import Foundation
import Subprocess

/// The wall around the lab: fresh PID, mount and network namespaces, made with util-linux's unshare(1).
///
/// The process inside is PID 1 of its namespace, so when it ends, however it ends, the kernel kills every process of the
/// lab and frees every namespace, mount and tmpfs. It ends when its standard input does, whose other end only the
/// outer process holds: killing the outer process by any signal therefore ends the lab. Nothing is ever written to
/// the machine's own files, so there is nothing to clean up afterwards.
package enum LabIsolation {
    /// Set inside; its value tells nothing.
    static let marker = "HERALD_LAB_INSIDE"

    package static var isInside: Bool { ProcessInfo.processInfo.environment[marker] != nil }

    /// Why the wall could not be built.
    package struct Refusal: Error, CustomStringConvertible {
        package let description: String
    }

    /// Runs this program again with `arguments` inside the wall; returns its exit status.
    ///
    /// - Parameters:
    ///   - interrupted: returns on SIGINT or SIGTERM; the lab is ended then.
    ///   - write: is given each line of the lab's output.
    package static func enter(
        arguments: [String], executable: String, interrupted: @escaping @Sendable () async -> Void,
        write: @escaping @Sendable (String) -> Void
    ) async throws -> Int32 {
        for tool in ["unshare", "ip", "mount", "setpriv"] {
            try require(tool, from: tool == "ip" ? "iproute2" : "util-linux")
        }
        var wall = ["--mount", "--net", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
        if geteuid() != 0 { wall.append("--map-root-user") }
        // Beforehand: later, a failure of unshare could not be told from one of the lab.
        let trial = try await Program(["unshare"] + wall + ["true"]).run()
        guard trial.isSuccess else {
            let reason = trial.output.trimmingCharacters(in: .whitespacesAndNewlines)
            throw Refusal(
                description: geteuid() == 0
                    ? "this machine lets not even root make namespaces (\(reason))"
                    : "this kernel lets only root make namespaces (\(reason)); run `sudo lbctl lab`")
        }
        // A proxy of the machine's own network is of no use on the lab's LAN.
        let proxies = ProcessInfo.processInfo.environment.keys.filter { $0.lowercased().hasSuffix("_proxy") }
        var changes: [Environment.Key: String?] = [Environment.Key(stringLiteral: marker): "1"]
        for name in proxies { changes.updateValue(nil, forKey: Environment.Key(stringLiteral: name)) }
        let result = try await Subprocess.run(
            .name("unshare"), arguments: Arguments(wall + [executable] + arguments),
            environment: .inherit.updating(changes), input: .inputWriter, output: .sequence,
            error: .currentStandardError
        ) { execution in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await interrupted()
                    try await execution.standardInputWriter.finish()
                }
                for try await line in execution.standardOutput.strings() { write(line) }
                group.cancelAll()
            }
        }
        return result.terminationStatus.code
    }

    /// Called first inside: ends this process, and so the lab, when the outer process is gone.
    package static func endWithOuterProcess() {
        Thread.detachNewThread {
            while let data = try? FileHandle.standardInput.read(upToCount: 1), !data.isEmpty {}
            exit(130)
        }
    }

    /// - Throws: a ``Refusal`` that names Debian's `package`, when there is no `tool`.
    package static func require(_ tool: String, from package: String) throws {
        guard path(of: tool) == nil else { return }
        throw Refusal(description: "\(tool) is not installed; install the package \(package)")
    }

    static func path(of tool: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        return path.split(separator: ":").map { "\($0)/\(tool)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

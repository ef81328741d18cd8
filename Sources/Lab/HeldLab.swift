import Foundation

/// A lab that another terminal holds, found by its first process in /proc: no file tells of it.
public struct HeldLab {
    /// The lab's PID 1, as this process sees it.
    let process: Int

    public struct NotFound: Error, CustomStringConvertible {
        public let description = "no lab is being held; run `lbctl lab --hold` in another terminal"
    }

    public static func find() throws -> HeldLab {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int.init)
        for process in names.sorted(by: >) {
            guard let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ"),
                environment.split(separator: 0).contains(where: { $0.starts(with: "\(LabIsolation.marker)=".utf8) }),
                let status = FileManager.default.contents(atPath: "/proc/\(process)/status"),
                // `NSpid: 4711 1`: PID 1 of a namespace one below ours.
                let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first(where: {
                    $0.hasPrefix("NSpid:")
                }), line.split(whereSeparator: \.isWhitespace).count == 3, line.hasSuffix("\t1")
            else { continue }
            return HeldLab(process: process)
        }
        throw NotFound()
    }

    /// Runs `command` on `node` with this terminal, and returns its exit status.
    ///
    /// - Parameter programs: is put in front of PATH, so that `lbctl` is this one.
    public func run(_ command: [String], on node: String, programs: String) async throws -> Int32 {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        return
            try await Program(
                ["nsenter", "--target", String(process), "--mount", "--net", "--pid"]
                    + [
                        "ip", "netns", "exec", node, "env", "KUBECONFIG=\(LabFiles.kubeconfig)",
                        "PATH=\(programs):\(path)",
                    ] + command
            ).runInForeground()
    }
}

import ChildProcess
import Foundation
import Testing

/// Real `lb-speaker` processes on real kernels, in namespaces of their own: three nodes and a client on a bridge.
///
/// `failover-bench check` does it, inside the wall of unshare(1): whatever happens to it, the kernel removes every
/// namespace and process, and `timeout` ends it.
@Suite struct SpeakerTests {
    @Test(
        "speakers answer arping, ping, ndisc6 and curl, keep addresses through restarts, and replace a dead node",
        .enabled(if: geteuid() == 0, "needs root for network namespaces"))
    func speakers() async throws {
        let folder = try #require(Self.programs)
        let manifests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../manifests").standardizedFileURL.path
        let result = try await Program([
            "timeout", "-s", "KILL", "400", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=SIGKILL",
            "--mount-proc", "\(folder)/failover-bench", "check", "--manifests", manifests,
        ]).run()
        let lines = result.output.split(separator: "\n")
        for line in lines where line.hasPrefix("FAILED") { Issue.record("\(line)") }
        #expect(lines.count { $0.hasPrefix("ok") } >= 10, "\(result.output)")
        #expect(result.isSuccess, "\(result.output)")
    }

    /// Where the test bundle is, all programs of the package are.
    private static var programs: String? {
        let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return program.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
    }
}

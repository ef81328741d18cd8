import EmbeddedAPIServer
import Foundation
import Testing

@testable import KubernetesClient

/// The contract once more, over URLSession.
///
/// URLSession on Linux trusts the system's bundle and nothing else, so this test runs the suites named "Client contract"
/// again in a child process, in a mount namespace of its own whose bundle is the authority of the child's servers.
@Suite("URLSession")
struct URLSessionContractTests {
    @Test(
        "the client contract holds over URLSession too",
        .enabled(if: ContractTransport.authorityFolder == nil && getuid() == 0, "mounting needs root"),
        .timeLimit(.minutes(ContractTransport.isSoak ? 300 : 8)))
    func contract() async throws {
        let folder = try TemporaryFolder()
        let authority = try TestAuthority(folder: nil)
        _ = try folder.write("ca.crt", authority.certificatePEM)
        _ = try folder.write("ca.key", authority.keyPEM)
        let output = "\(folder.path)/output"
        let bundle = TransportSelection.systemBundle
        var (status, text): (Int32, String) = (0, "")
        for _ in 1...2 {
            (status, text) = try await Self.run(folder: folder.path, bundle: bundle, output: output)
            // Hummingbird may trap when the test's server ends under live HTTP/2 connections: not what is tested here.
            guard text.contains("Deinited NIOAsyncWriter without calling finish()") else { break }
        }
        let interesting = text.split(separator: "\n").filter {
            $0.contains("✘") || $0.contains("Fatal") || $0.contains("Test run with") || $0.contains("reconnects,")
        }
        print(interesting.joined(separator: "\n"))
        #expect(status == 0, "\(interesting.joined(separator: "\n"))")
        let tests = text.firstMatch(of: /Test run with (\d+) tests/).flatMap { Int($0.1) } ?? 0
        #expect(tests >= 15, "the child ran \(tests) tests: \(text.suffix(2000))")
    }

    /// One child in a mount namespace of its own: its exit status, and what it printed.
    private static func run(folder: String, bundle: String, output: String) async throws -> (Int32, String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/unshare")
        process.arguments = [
            "--mount", "--kill-child", "--fork", "/bin/sh", "-c",
            "mount --bind '\(folder)/ca.crt' \(bundle) && exec \"$@\" > '\(output)' 2>&1", "contract",
            CommandLine.arguments[0], "--testing-library", "swift-testing", "--filter", "ClientContract",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["HERALD_CONTRACT_AUTHORITY": folder, "no_proxy": "*"]
        ) { _, new in new }
        let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { done.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { done.resume(throwing: error) }
        }
        return (status, (try? String(contentsOfFile: output, encoding: .utf8)) ?? "")
    }
}

import ContractKit
import Foundation
import Testing

@testable import KubernetesClient

/// The contract once more, in child processes: over URLSession, and against a real kube-apiserver when `KUBEBUILDER_ASSETS`
/// names a folder with `kube-apiserver` and `etcd`.
///
/// URLSession on Linux trusts the system's bundle and nothing else, so its child runs the suites named "Client contract"
/// in a mount namespace of its own, whose bundle is the authority of the child's servers.
@Suite("Client contract, in children", .serialized)
struct ContractChildTests {
    static let isChild = ContractTransport.authorityFolder != nil || ContractServer.isReal

    struct Child: Sendable, CustomTestStringConvertible {
        let transport: TransportSelection.Kind
        let isReal: Bool
        var testDescription: String { "\(transport.rawValue), \(isReal ? "real" : "embedded") API server" }
    }

    static let children: [Child] =
        [Child(transport: .urlSession, isReal: false)]
        + (RealAPIServer.assets == nil
            ? [] : [Child(transport: .asyncHTTPClient, isReal: true), Child(transport: .urlSession, isReal: true)])

    @Test(
        "the client contract holds in a child too",
        .enabled(if: !isChild && getuid() == 0, "mounting needs root"),
        .timeLimit(.minutes(ContractTransport.isSoak ? 300 : 8)), arguments: children)
    func contract(child: Child) async throws {
        let folder = try TemporaryFolder()
        let authority = try TestAuthority(folder: nil)
        _ = try folder.write("ca.crt", authority.certificatePEM)
        _ = try folder.write("ca.key", authority.keyPEM)
        let output = "\(folder.path)/output"
        let (status, text) = try await Self.run(child, folder: folder.path, output: output)
        let interesting = text.split(separator: "\n").filter {
            $0.contains("✘") || $0.contains("Fatal") || $0.contains("Test run with") || $0.hasPrefix("goal ")
                || $0.contains("skipped: \"a real")
        }
        print(interesting.joined(separator: "\n"))
        #expect(status == 0, "\(interesting.joined(separator: "\n"))")
        let tests = text.firstMatch(of: /Test run with (\d+) tests?/).flatMap { Int($0.1) } ?? 0
        #expect(tests >= (ContractTransport.isSoak ? 1 : 15), "the child ran \(tests) tests: \(text.suffix(2000))")
    }

    /// One child in a mount namespace of its own: its exit status, and what it printed.
    private static func run(_ child: Child, folder: String, output: String) async throws -> (Int32, String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/unshare")
        let bundle = TransportSelection.systemBundle
        let prepare = child.transport == .urlSession ? "mount --bind '\(folder)/ca.crt' \(bundle) && " : ""
        process.arguments = [
            "--mount", "--kill-child", "--fork", "/bin/sh", "-c", "\(prepare)exec \"$@\" > '\(output)' 2>&1",
            "contract", CommandLine.arguments[0], "--testing-library", "swift-testing", "--filter",
            ContractTransport.isSoak ? "ClientContractFaultTests/reconnects" : "ClientContract",
        ]
        var environment = ProcessInfo.processInfo.environment
        environment["no_proxy"] = "*"
        if child.transport == .urlSession { environment["HERALD_CONTRACT_AUTHORITY"] = folder }
        if child.isReal { environment["HERALD_CONTRACT_REAL"] = "1" }
        process.environment = environment
        let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { done.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { done.resume(throwing: error) }
        }
        return (status, (try? String(contentsOfFile: output, encoding: .utf8)) ?? "")
    }
}

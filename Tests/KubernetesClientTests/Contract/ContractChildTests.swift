import ChildProcess
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
        .timeLimit(.minutes(ContractTransport.isSoak ? 300 : 20)), arguments: children)
    func contract(child: Child) async throws {
        let folder = try TemporaryFolder()
        let authority = try TestAuthority(folder: nil)
        for name in ["ca.crt", "bundle.crt"] { _ = try folder.write(name, authority.certificatePEM) }
        _ = try folder.write("ca.key", authority.keyPEM)
        // Cancelled when the time is up: the child ends, and what it printed is told.
        let status = try? await Self.program(child, folder: folder.path).run(log: "\(folder.path)/output") { _ in }
        let text = (try? String(contentsOfFile: "\(folder.path)/output", encoding: .utf8)) ?? ""
        let interesting = text.split(separator: "\n").filter {
            $0.contains("✘") || $0.contains("Fatal") || $0.contains("Test run with") || $0.hasPrefix("goal ")
                || $0.contains("skipped: \"a real")
        }
        print(interesting.joined(separator: "\n"))
        #expect(status == 0, "\(interesting.joined(separator: "\n"))")
        let tests = text.firstMatch(of: /Test run with (\d+) tests?/).flatMap { Int($0.1) } ?? 0
        #expect(tests >= (ContractTransport.isSoak ? 1 : 15), "the child ran \(tests) tests: \(text.suffix(2000))")
    }

    /// One child, in a mount namespace of its own.
    private static func program(_ child: Child, folder: String) -> Program {
        let bundle = TransportSelection.systemBundle
        let prepare = child.transport == .urlSession ? "mount --bind '\(folder)/bundle.crt' \(bundle) && " : ""
        var environment = ["no_proxy": "*"]
        if child.transport == .urlSession { environment["HERALD_CONTRACT_AUTHORITY"] = folder }
        if child.isReal { environment["HERALD_CONTRACT_REAL"] = "1" }
        return Program(
            [
                "unshare", "--mount", "--kill-child", "--fork", "sh", "-c", "\(prepare)exec \"$@\"", "contract",
                CommandLine.arguments[0], "--testing-library", "swift-testing", "--filter",
                ContractTransport.isSoak ? "ClientContractFaultTests/reconnects" : "ClientContract",
            ], environment: environment)
    }
}

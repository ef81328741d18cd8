import Foundation
import KubernetesModel
import MonotonicTime
import Testing

@testable import KubernetesClient

@Suite("Client contract: credentials", .serialized, .timeLimit(.minutes(ContractServer.minutes)))
struct ClientContractCredentialTests {
    @Test("a token file is read again after a 401, by short requests and by watches")
    func tokenRotation() async throws {
        try await ContractServer.run { contract in
            let folder = try TemporaryFolder()
            let first = try await contract.issueToken(serviceAccount: "speaker")
            let second = try await contract.issueToken(serviceAccount: "successor")
            let path = try folder.write("token", first)
            try await contract.client(.tokenFile(path)).closing { client in
                _ = try await client.list(Service.self, namespace: "contract")
                try await whileReflecting(client, pace: WatchPace(seconds: 1...1)) { recorder in
                    try await recorder.wait("the list") { $0.lists == 1 }
                    _ = try folder.write("token", second + "\n")
                    // Without its account the first token is worth nothing, from one moment to the next.
                    _ = try await contract.client.raw(.delete, "/api/v1/namespaces/herald/serviceaccounts/speaker")
                    let revoked = MonotonicClock.now()
                    try await recorder.wait("watches after it") { ($0.alive.last ?? revoked) > revoked + .seconds(2) }
                    try await contract.put("a")
                    try await recorder.wait("the change") { $0.services.count == 1 }
                    _ = try await client.list(Service.self, namespace: "contract")
                    let interrupted = recorder.current.problems.filter {
                        if case .interrupted(let error, _) = $0 { error.isUnauthorized } else { false }
                    }
                    #expect(interrupted.isEmpty)
                    try await contract.client(.token(first)).closing { late in
                        // A real API server believes a token for ten more seconds.
                        var error: APIError?
                        for _ in 0..<80 where error == nil {
                            do { _ = try await late.list(Service.self, namespace: "contract") } catch let refusal {
                                error = refusal as? APIError
                            }
                            if error == nil { try await Task.sleep(for: .milliseconds(250)) }
                        }
                        #expect(error?.isUnauthorized == true)
                    }
                }
            }
        }
    }

    @Test("a token that is wrong is refused, not retried for ever")
    func wrongToken() async throws {
        try await ContractServer.run { contract in
            try await contract.client(.token("wrong")).closing { client in
                let error = await #expect(throws: APIError.self) {
                    try await client.list(Service.self, namespace: "contract")
                }
                #expect(error?.isUnauthorized == true)
            }
        }
    }

    enum Certificate: String, CaseIterable, Sendable {
        case good, wrongAuthority, expired, wrongName
    }

    @Test(
        "a server is believed only with a certificate of the authority, in time, and for its name",
        arguments: Certificate.allCases)
    func certificates(_ certificate: Certificate) async throws {
        let authority = try TestAuthority(folder: ContractTransport.authorityFolder)
        let signer = certificate == .wrongAuthority ? try TestAuthority(folder: nil) : authority
        let names = certificate == .wrongName ? ["elsewhere.example"] : ["localhost"]
        let leaf = try signer.serve(names: names, isExpired: certificate == .expired)
        try await StubServer.run(leaf) { port in
            try await ContractTransport.client(
                url: "https://localhost:\(port)", authority: authority.certificatePEM, credentials: .token("secret")
            ).closing { client in
                if certificate == .good {
                    let version = try await client.raw(.get, "/version")
                    #expect(version["gitVersion"]?.string == "stub")
                } else {
                    let error = await #expect(throws: APIError.self) { try await client.raw(.get, "/version") }
                    #expect(error?.code == .transport, "\(String(describing: error))")
                }
            }
        }
    }

    @Test("a new authority in the file is trusted without a restart, and the old one no more")
    func authorityRotation() async throws {
        let folder = try TemporaryFolder()
        let (old, new) = (try TestAuthority(folder: ContractTransport.authorityFolder), try TestAuthority(folder: nil))
        // URLSession reads the system's bundle, which is this very file in the child's mount namespace.
        let path =
            try ContractTransport.authorityFolder.map { "\($0)/bundle.crt" }
            ?? folder.write("ca.crt", old.certificatePEM)
        defer { try? Self.overwrite(path, old.certificatePEM) }
        // Other suites trust the bundle at the same time.
        let others = ContractTransport.authorityFolder == nil ? "" : old.certificatePEM + "\n"
        let trust: APIConfiguration.Trust = ContractTransport.authorityFolder == nil ? .file(path) : .system
        try await StubServer.run(try old.serve(names: ["localhost"])) { port in
            let configuration = APIConfiguration(server: ServerAddress(host: "localhost", port: port), trust: trust)
            try await APIClient(configuration, transport: ContractTransport.kind).closing { client in
                _ = try await client.raw(.get, "/version")
            }
        }
        try await StubServer.run(try new.serve(names: ["localhost"])) { port in
            let configuration = APIConfiguration(server: ServerAddress(host: "localhost", port: port), trust: trust)
            try await APIClient(configuration, transport: ContractTransport.kind).closing { client in
                await #expect(throws: APIError.self) { try await client.raw(.get, "/version") }
                try Self.overwrite(path, others + new.certificatePEM)
                var answered = false
                for _ in 0..<120 where !answered {
                    answered = (try? await client.raw(.get, "/version")) != nil
                    if !answered { try await Task.sleep(for: .milliseconds(250)) }
                }
                #expect(answered)
            }
        }
    }

    /// In place: a bind mount follows the file, not its name. What both texts begin with is never missing.
    private static func overwrite(_ path: String, _ text: String) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.write(contentsOf: Data(text.utf8))
        try handle.truncate(atOffset: UInt64(text.utf8.count))
        try handle.close()
    }
}

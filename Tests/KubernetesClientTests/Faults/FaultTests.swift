import EmbeddedAPIServer
import Foundation
import KubernetesClient
import KubernetesModel
import MonotonicTime
import Testing

/// The network between client and API server does its worst; runs over either transport, as the contract does.
@Suite("Client contract: faults", .serialized, .timeLimit(.minutes(4)))
struct ClientContractFaultTests {
    @Test(
        "whatever happens to connections, no change is lost or repeated",
        arguments: [FaultProxy.Fault.reset, .blackHole, .drip, .cut(after: 600), .cut(after: 2500), .cut(after: 9000)])
    func connections(fault: FaultProxy.Fault) async throws {
        try await ContractServer.run { contract in
            for index in 0..<20 { try contract.put("s\(index)") }
            try await FaultProxy.run(to: contract.server.port) { proxy in
                try await contract.withClient(through: proxy) { client in
                    try await whileReflecting(client) { recorder in
                        try await recorder.wait("the list") { $0.services.count == 20 }
                        for revision in 1...2 {
                            proxy.set(fault)
                            proxy.resetAll()
                            try contract.put("s0", revision: revision)
                            try await Task.sleep(for: .milliseconds(1500))
                            proxy.set(.none)
                            if fault == .blackHole { proxy.resetAll() }
                            try contract.put("s1", revision: revision)
                            try await recorder.wait("revision \(revision)", seconds: 25) { _ in
                                recorder.revision("s0") == "\(revision)" && recorder.revision("s1") == "\(revision)"
                            }
                        }
                        #expect(recorder.current.lists == 1 && recorder.current.repeated.isEmpty)
                    }
                }
            }
        }
    }

    @Test("a peer that is gone without a word is noticed within 30 s, and nothing is lost")
    func halfOpen() async throws {
        try await ContractServer.run { contract in
            try contract.put("a")
            try await FaultProxy.run(to: contract.server.port) { proxy in
                try await contract.withClient(through: proxy) { client in
                    // The pace of a daemon would take up to 17 s; this one 6 to 7.
                    try await whileReflecting(client, pace: WatchPace(seconds: 1...2)) { recorder in
                        try await recorder.wait("the list") { $0.lists == 1 && !$0.alive.isEmpty }
                        try await Task.sleep(for: .milliseconds(300))
                        proxy.freeze()
                        try contract.put("a", revision: 1)
                        try await Task.sleep(for: .milliseconds(300))
                        proxy.thaw()
                        try await recorder.wait("the change", seconds: 20) { _ in recorder.revision("a") == "1" }
                        #expect(recorder.current.lists == 1 && recorder.current.repeated.isEmpty)
                    }
                }
            }
        }
    }

    @Test("hundreds of reconnects leave no descriptor and no memory behind")
    func reconnects() async throws {
        let rounds = Int(ProcessInfo.processInfo.environment["HERALD_RECONNECTS"] ?? "") ?? 100
        try await ContractServer.run { contract in
            try contract.put("a")
            try await FaultProxy.run(to: contract.server.port) { proxy in
                try await contract.withClient(through: proxy) { client in
                    let before = proxy.accepted
                    for round in 0..<3 { try await Self.reconnect(client, proxy, contract, round) }
                    let (files, memory) = (Self.openFiles(), Self.residentMegabytes())
                    for round in 3..<rounds + 3 { try await Self.reconnect(client, proxy, contract, round) }
                    #expect(proxy.accepted - before >= rounds)
                    var left = Self.openFiles()
                    for _ in 0..<100 where left > files + 4 {
                        try await Task.sleep(for: .milliseconds(50))
                        left = Self.openFiles()
                    }
                    #expect(left <= files + 4, "\(files) descriptors before, \(left) after")
                    let grown = Self.residentMegabytes() - memory
                    // The embedded API server and the proxy live in this process too.
                    let limit = 40 + rounds / 200
                    #expect(grown <= limit, "memory grew by \(grown) MB in \(rounds) reconnects")
                    print(
                        "\(ContractTransport.kind.rawValue): \(rounds) reconnects, descriptors \(files) → \(left), memory +\(grown) MB"
                    )
                }
            }
        }
    }

    /// One watch is opened, sees a change, and is cut.
    private static func reconnect(
        _ client: APIClient, _ proxy: FaultProxy, _ contract: ContractServer, _ round: Int
    ) async throws {
        try await whileReflecting(client) { recorder in
            try await recorder.wait("the list of round \(round)") { $0.lists == 1 && $0.alive.count > 0 }
            try contract.put("a", revision: round + 1)
            try await recorder.wait("the change of round \(round)") { _ in recorder.revision("a") == "\(round + 1)" }
        }
        proxy.resetAll()
    }

    static func openFiles() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }

    static func residentMegabytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1024
    }
}

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import KubernetesClient

@Suite("Connections of async-http-client", .timeLimit(.minutes(2)))
struct ClientPoolTests {
    @Test(
        "whoever gives up a connection does not wait for the farewell of a peer that is gone",
        .enabled(if: ContractTransport.kind == .asyncHTTPClient))
    func retire() async throws {
        try await ContractServer.run { contract in
            try await FaultProxy.run(to: contract.address()) { proxy in
                let configuration = APIConfiguration(
                    server: ServerAddress(host: "127.0.0.1", port: proxy.port),
                    trust: .pem(contract.authorityPEM))
                let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
                let pool = ClientPool(TLSSource(configuration), configuration, group, .automatic)
                let request = HTTPClientRequest(url: configuration.server.url() + "/version")
                func version() async throws -> Int {
                    try await pool.with { client in
                        let response = try await client.execute(request, timeout: .seconds(10))
                        return try await AsyncHTTPClientTransport.collect(response).status
                    }
                }
                #expect(try await version() == 200)
                proxy.freeze()
                pool.retire()
                #expect(pool.closing == 1)
                proxy.thaw()
                #expect(try await version() == 200)
                await withCheckedContinuation { done in pool.shutdown { done.resume() } }
                #expect(pool.closing == 0)
                try await group.shutdownGracefully()
            }
        }
    }
}

import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// A server that answers every request with the same bytes, over TLS or in the clear.
enum StubServer {
    static let version = #"{"gitVersion":"stub"}"#

    static func run(_ leaf: TestAuthority.Leaf, _ body: (Int) async throws -> Void) async throws {
        let response =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(version.utf8.count)\r\n\r\n\(version)"
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [
                .certificate(try NIOSSLCertificate(bytes: Array(leaf.certificatePEM.utf8), format: .pem))
            ],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(leaf.keyPEM.utf8), format: .pem)))
        configuration.applicationProtocols = ["http/1.1"]
        let context = try NIOSSLContext(configuration: configuration)
        try await run(answering: { _ in [response] }, tls: context, body)
    }

    /// - Parameter answer: what to write for each request head, piece by piece; a nil piece closes the connection.
    static func run(
        answering answer: @escaping @Sendable (String) -> [String?], tls: NIOSSLContext? = nil,
        _ body: (Int) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = try await ServerBootstrap(group: group).serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(StubHandler(answer))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        do { try await body(server.localAddress?.port ?? 0) } catch {
            try? await server.close()
            try? await group.shutdownGracefully()
            throw error
        }
        try await server.close()
        try await group.shutdownGracefully()
    }
}

/// Reads to the end of each request head, and answers. Requests with a body are not understood.
private final class StubHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let answer: @Sendable (String) -> [String?]
    private var text = ""

    init(_ answer: @escaping @Sendable (String) -> [String?]) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
        while let end = text.range(of: "\r\n\r\n") {
            let head = String(text[..<end.lowerBound])
            text = String(text[end.upperBound...])
            for piece in answer(head) {
                guard let piece else {
                    context.close(promise: nil)
                    return
                }
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: piece)), promise: nil)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

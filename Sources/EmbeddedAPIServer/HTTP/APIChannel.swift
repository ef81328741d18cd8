import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOHTTPTypesHTTP1
import NIOHTTPTypesHTTP2
import NIOSSL
import NIOTLS

/// HTTPS on one connection: HTTP/2 or HTTP/1.1, as the client chooses.
///
/// NIO traps when a channel that was wrapped for `async` use is let go of without ever being used. A server that ends
/// under live connections has such channels, if it wraps them as they come: streams and connections that arrive when
/// nobody takes them any more. So here nothing is wrapped before a task holds it (``Doorkeeper``), and what nobody takes
/// is a plain channel, which ends with its connection.
struct APIChannel: HTTPChannelHandler {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let protocols: EventLoopFuture<Negotiated>
    }

    enum Negotiated: Sendable {
        case http1(Door)
        /// Streams as the client opens them.
        case http2(AsyncStream<Door>)
    }

    let responder: Responder
    private let connections: Connections
    private let context: NIOSSLContext

    init(tls: TLSConfiguration, connections: Connections, responder: @escaping Responder) throws {
        var tls = tls
        tls.applicationProtocols = NIOHTTP2SupportedALPNProtocols
        context = try NIOSSLContext(configuration: tls)
        self.connections = connections
        self.responder = { request, writer, channel in
            connections.began()
            defer { connections.ended() }
            try await responder(request, writer, channel)
        }
    }

    // MARK: On the event loop

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            connections.note(channel)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(NIOSSLServerHandler(context: context))
            let negotiation = NIOTypedApplicationProtocolNegotiationHandler<Negotiated> { result, channel in
                channel.eventLoop.makeCompletedFuture {
                    if case .negotiated("h2") = result { return try http2(channel, logger) }
                    return try http1(channel, logger)
                }
            }
            try pipeline.addHandler(negotiation)
            return Value(channel: channel, protocols: negotiation.protocolNegotiationResult)
        }
    }

    private func http1(_ channel: any Channel, _ logger: Logger) throws -> Negotiated {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false)
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: true))
        return .http1(try Door(channel, logger))
    }

    private func http2(_ channel: any Channel, _ logger: Logger) throws -> Negotiated {
        let (doors, arrivals) = AsyncStream.makeStream(of: Door.self)
        let pipeline = channel.pipeline.syncOperations
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: .init(), streamConfiguration: .init()
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTPServerCodec())
                arrivals.yield(try Door(stream, logger))
            }
        }
        try pipeline.addHandler(Farewell())
        channel.closeFuture.whenComplete { _ in arrivals.finish() }
        return .http2(doors)
    }

    // MARK: In a task of the server

    func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            switch try? await value.protocols.get() {
            case .http1(let door): await serve(door, logger)
            case .http2(let doors):
                await withDiscardingTaskGroup { group in
                    for await door in doors { group.addTask { await serve(door, logger) } }
                }
            case nil: break
            }
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }

    private func serve(_ door: Door, _ logger: Logger) async {
        // The client may have left before anybody came to serve it.
        guard let channel = try? await door.open() else { return }
        await handleHTTP(asyncChannel: channel, logger: logger)
    }
}

/// Tells an HTTP/2 client that the server is about to end, and ends the connection when the client does.
private final class Farewell: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            // Requests that are on their way in are still answered.
            let frame = HTTP2Frame(
                streamID: .rootStream, payload: .goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil))
            context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        case ChannelEvent.inputClosed: context.close(promise: nil)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
